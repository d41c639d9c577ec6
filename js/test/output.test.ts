/** The saved form through the notebook's model: which output is written, which is restored, and which is left alone. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SavedForm } from '../src/output'

const KEY = 'cafe0123'
type Data = Record<string, unknown>

/** Outputs of a cell, as JupyterLab's model has them. */
class Outputs {
  readonly items: Data[] = []

  get length(): number {
    return this.items.length
  }
  get(index: number): { data: Data; toJSON(): Data } {
    const item = this.items[index] as Data
    return { data: item.data as Data, toJSON: () => item }
  }
  set(index: number, value: Data): void {
    this.items[index] = value
  }
  add(value: Data): void {
    this.items.push(value)
  }
}

interface Cell {
  readonly id: string
  readonly outputs?: Outputs
  executionCount: number | null
  executionState: string
}

function cell(id: string, ...data: Data[]): Cell & { readonly outputs: Outputs } {
  const outputs = new Outputs()
  for (const one of data) outputs.add({ output_type: 'display_data', metadata: { mine: 1 }, data: one })
  return { id, outputs, executionCount: null, executionState: 'idle' }
}

function island(rev: number, key = KEY): Data {
  return { 'text/html': `<div class="nbs-island nbs-${key} nbs-r${rev}">text</div>`, 'text/plain': 'text' }
}

interface Page {
  readonly saved: SavedForm
  /** The refreshes that were asked for. */
  readonly wanted: number[]
}

const made: SavedForm[] = []

function page(cells: readonly Cell[] | undefined, id = 'c1'): Page {
  const wanted: number[] = []
  const traits: Record<string, unknown> = { key: KEY, cell: id }
  const manager = cells ? { context: { model: { cells } } } : {}
  const model = { get: (name: string) => traits[name], widget_manager: manager }
  const saved = new SavedForm(model, (rev) => wanted.push(rev))
  made.push(saved)
  return { saved, wanted }
}

const shown = ({ outputs }: Cell): unknown[] => (outputs?.items ?? []).map(({ data }) => data)
const wait = (): void => void vi.advanceTimersByTime(300)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  for (const saved of made.splice(0)) saved.dispose()
  vi.useRealTimers()
})

test('an output that the kernel reaches by itself is not asked for', () => {
  const one = cell('c1', island(1))
  const { saved, wanted } = page([one])
  saved.announce({ rev: 2, ran: 3, now: 5 })
  vi.advanceTimersByTime(299)
  one.outputs.set(0, { data: island(2) })
  wait()
  expect(wanted).toEqual([])
})

test('an output that is behind is asked for, and replaced where it stands', () => {
  const one = cell('c1', { 'text/plain': 'print' }, island(1))
  const other = cell('c2', island(1))
  const stranger = cell('c3', island(1, 'beef4567'))
  const { saved, wanted } = page([one, other, stranger])
  saved.announce({ rev: 3, ran: 3, now: 5 })
  wait()
  expect(wanted).toEqual([3])
  saved.write(4, island(4))
  expect(shown(one)).toEqual([{ 'text/plain': 'print' }, island(4)])
  expect(one.outputs.items[1]).toEqual({ output_type: 'display_data', metadata: { mine: 1 }, data: island(4) })
  expect(shown(other)).toEqual([island(4)])
  expect(shown(stranger)).toEqual([island(1, 'beef4567')])
})

test('html that a file keeps as a list of lines is read as well', () => {
  const one = cell('c1', { 'text/html': [`<div class="nbs-island nbs-${KEY} `, 'nbs-r1">', 'text</div>'] })
  const { saved, wanted } = page([one])
  saved.announce({ rev: 2, ran: 3, now: 5 })
  wait()
  expect(wanted).toEqual([2])
})

test('a widget-view is replaced, for a file cannot show it', () => {
  const one = cell('c1', { ...island(2), 'application/vnd.jupyter.widget-view+json': { model_id: 'm' } })
  const { saved, wanted } = page([one])
  saved.announce({ rev: 2, ran: 3, now: 5 })
  wait()
  expect(wanted).toEqual([2])
  saved.write(2, island(2))
  expect(shown(one)).toEqual([island(2)])
})

test('a view that moves into an older output has it looked at', () => {
  const one = cell('c1', island(5))
  const cells = [one]
  const { saved, wanted } = page(cells)
  saved.check()
  saved.announce({ rev: 5, ran: 3, now: 5 })
  wait()
  expect(wanted).toEqual([])
  cells.push(cell('pasted', island(2)))
  saved.check()
  wait()
  expect(wanted).toEqual([5])
})

test('what arrives late does not replace what is newer', () => {
  const one = cell('c1', island(5))
  const { saved, wanted } = page([one])
  saved.announce({ rev: 6, ran: 3, now: 5 })
  saved.announce({ rev: 3, ran: 3, now: 5 })
  saved.write(4, island(4))
  wait()
  expect([wanted, shown(one)]).toEqual([[6], [island(5)]])
})

test('the output of a run that goes on is restored where a reload has lost it', () => {
  const one = cell('c1')
  const { saved, wanted } = page([cell('c0'), one])
  saved.inherit(true)
  saved.announce({ rev: 1, ran: 3, now: 5 })
  wait()
  expect(wanted).toEqual([1])
  saved.write(1, island(1))
  saved.write(1, island(1))
  expect(one.outputs.items).toEqual([{ output_type: 'display_data', data: island(1), metadata: {} }])
})

test('what was restored and is cleared then stays away', () => {
  const one = cell('c1')
  const { saved, wanted } = page([one])
  saved.inherit(true)
  saved.announce({ rev: 1, ran: 3, now: 5 })
  wait()
  saved.write(1, island(1))
  one.outputs.items.length = 0
  saved.announce({ rev: 2, ran: 3, now: 5 })
  wait()
  expect(wanted).toEqual([1])
})

test('above the streams that were made later, below all others', () => {
  const [early, late, later] = [island(1, 'aa00'), island(1, 'ff00'), island(1, 'ff01')]
  const one = Object.assign(cell('c1', { 'text/plain': 'print' }, early, late, later), { executionCount: 1 })
  const { saved } = page([one])
  saved.inherit(true)
  saved.announce({ rev: 1, ran: 3, now: 5 })
  wait()
  saved.write(1, island(1))
  expect(shown(one)).toEqual([{ 'text/plain': 'print' }, early, island(1), late, later])
})

test('beside other streams of the cell, too', () => {
  const one = cell('c1', island(1, 'beef4567'))
  const { saved } = page([one])
  saved.inherit(true)
  saved.announce({ rev: 1, ran: 3, now: 5 })
  wait()
  saved.write(1, island(1))
  expect(shown(one)).toEqual([island(1, 'beef4567'), island(1)])
})

test.each([
  ['is restored where nobody was there to see the end', true, true, 1],
  ['is left alone where somebody was: they may have cleared it', true, false, 0],
  ['is left alone where this page has shown it', false, true, 0],
])('the output of a run that has ended %s', (_, inherited, unseen, count) => {
  const one = cell('c1')
  const { saved, wanted } = page([one])
  if (inherited) saved.inherit(false)
  saved.announce({ rev: 1, unseen })
  wait()
  if (wanted.length > 0) saved.write(1, island(1))
  expect([wanted.length, one.outputs.length]).toEqual([count, count])
})

test.each([
  [2, 'an earlier execution', 1],
  [3, 'this execution: it was cleared', 0],
  [4, 'a later execution', 0],
  [6, 'an execution in an earlier kernel', 1],
])('a cell whose file has number %d, of %s, gets it back %d times, below what it has', (executionCount, _, count) => {
  const one = Object.assign(cell('c1', { 'text/plain': 'earlier' }), { executionCount })
  const { saved, wanted } = page([one])
  saved.inherit(true)
  saved.announce({ rev: 1, ran: 3, now: 5 })
  wait()
  if (wanted.length > 0) saved.write(1, island(1))
  expect(shown(one)).toEqual([{ 'text/plain': 'earlier' }, ...Array<Data>(count).fill(island(1))])
})

test.each<[string, (cells: Cell[]) => void]>([
  ['the model was made with this page', () => undefined],
  ['the cell was run since', ([one]) => Object.assign(one ?? {}, { executionCount: 3 })],
  ['the cell runs', ([one]) => Object.assign(one ?? {}, { executionState: 'running' })],
  ['the cell shows something else', ([one]) => one?.outputs?.add({ data: { 'text/plain': '3' } })],
  ['the cell is not there', (cells) => void cells.pop()],
  ['its output is in another cell', (cells) => void cells.push(cell('pasted', island(1)))],
])('nothing is restored where %s', (why, change) => {
  const cells: Cell[] = [cell('c1')]
  const { saved, wanted } = page(cells)
  if (!why.includes('made with')) saved.inherit(true)
  change(cells)
  const before = JSON.stringify(cells.map(shown))
  saved.announce({ rev: 1, ran: 3, now: 5 })
  wait()
  saved.write(1, island(1))
  expect([wanted, JSON.stringify(cells.map(shown))]).toEqual([[], before])
})

test('an output that is taken away after it was seen does not come back', () => {
  const one = cell('c1', island(1))
  const { saved, wanted } = page([one])
  saved.inherit(true)
  saved.announce({ rev: 1, ran: 3, now: 5 })
  wait()
  one.outputs.items.length = 0
  saved.announce({ rev: 2, ran: 3, now: 5 })
  wait()
  saved.write(2, island(2))
  expect([wanted, shown(one)]).toEqual([[], []])
})

test('without a notebook there is nothing to do, and hello says so', () => {
  const { saved, wanted } = page(undefined)
  expect(saved.able).toBe(false)
  expect(page([]).saved.able).toBe(true)
  saved.inherit(true)
  saved.announce({ rev: 1, ran: 3, now: 5 })
  wait()
  saved.write(1, island(1))
  expect(wanted).toEqual([])
})

test('cells without outputs and messages without sense do no harm', () => {
  const text: Cell = { id: 'c0', executionCount: null, executionState: 'idle' }
  const one = cell('c1', {}, island(1))
  const { saved, wanted } = page([text, one])
  for (const rev of [undefined, null, '2', Number.NaN, -1]) saved.announce({ rev })
  for (const data of [undefined, null, 'text']) saved.write(9, data)
  saved.write('9', island(9))
  wait()
  expect([wanted, shown(one)]).toEqual([[], [{}, island(1)]])
})
