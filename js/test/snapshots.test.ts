/** Snapshots: what a store makes of one, and what its views are told then. */

import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Event } from '../src/events'
import { page } from '../src/page'
import type { Snapshot } from '../src/transcript'
import { append, END, KernelLine, OPEN } from './kernelline'

let line: KernelLine
beforeEach(() => {
  line = new KernelLine()
})

describe('snapshots', () => {
  test('one that says what is known already is told to nobody', () => {
    line.says([OPEN, append('a'), { op: 'note', meta: { model: 'm' } }])
    const { length } = line.told
    line.snapshot()
    expect(line.told).toHaveLength(length)
    line.says([END])
    line.snapshot()
    expect(line.told).toHaveLength(length + 1)
  })

  test('one that only adds is told as the events that are missing, in the order of the sections', () => {
    line.says([OPEN, append('a')])
    const lost: Event[] = [
      append('b'),
      { op: 'close', at: 0 },
      { op: 'amend', at: 0, meta: { duration_us: 5 } },
      { op: 'open', kind: 'tool', meta: { name: 'f' } },
      append('{}', 1),
      { op: 'note', meta: { cost_nanousd: 3 } },
      END,
    ]
    line.says(lost, 'is lost')
    line.snapshot()
    expect(line.told.slice(2).map((event) => event?.op)).toEqual([
      'amend',
      'append',
      'close',
      'open',
      'append',
      'close',
      'note',
      'end',
    ])
    expect([line.text(0), line.text(1)]).toEqual(['ab', '{}'])
    expect(line.store.status).toBe('done')
    expect(line.store.seq).toBe(9)
  })

  test.each<[string, Partial<Snapshot>]>([
    ['other text', { sections: [{ kind: 'content', text: 'xyz', meta: {}, closed: false }] }],
    ['less text', { sections: [{ kind: 'content', text: '', meta: {}, closed: false }] }],
    ['another kind', { sections: [{ kind: 'tool', text: 'a', meta: {}, closed: false }] }],
    ['no section', { sections: [] }],
    ['less meta', { meta: {} }],
  ])('one with %s than what is known is told as null', (_, change) => {
    line.says([OPEN, append('a'), { op: 'note', meta: { model: 'm' } }])
    line.snapshot({ seq: 9, ...change })
    expect(line.told.at(-1)).toBeNull()
  })

  test.each<[string, Partial<Snapshot>]>([
    ['more text', { sections: [{ kind: 'content', text: 'ab', meta: {}, closed: true }] }],
    ['an open section', { sections: [{ kind: 'content', text: 'a', meta: {}, closed: false }] }],
  ])('one with %s where the known section is closed is told as null, and is no fault of the protocol', (_, change) => {
    const { illegal } = page().counts
    line.says([OPEN, append('a'), { op: 'close', at: 0 }])
    line.snapshot({ seq: 9, ...change })
    expect(line.told.slice(3)).toEqual([null])
    expect(line.text()).toBe(change.sections?.[0]?.text)
    expect(page().counts.illegal).toBe(illegal)
  })

  test.each<[string, Partial<Snapshot>]>([
    ['another end', { end: { status: 'error', error: { code: 'server', message: '', hint: '' } } }],
    ['more meta', { meta: { model: 'm' } }],
  ])('one with %s than the known one is told as null, for nothing may follow an end', (_, change) => {
    line.says([OPEN, append('a'), END])
    line.snapshot(change)
    expect(line.told.slice(3)).toEqual([null])
  })

  test('one that frames have overtaken is left alone', () => {
    line.says([OPEN, append('a')])
    const state = { v: 1, run: 'r', seq: 1, sections: [{ kind: 'content', text: '', meta: {}, closed: false }], meta: {} }
    line.store.receiveSnapshot(state)
    expect(line.text()).toBe('a')
    expect(line.asked).toEqual([])
  })

  test.each([null, undefined, {}, [], 'x', { v: 1, run: 'r', seq: 9 }, { v: 1, run: 'r', seq: 9, meta: {}, sections: [null] }])(
    'what is none is left alone: %j',
    (wire) => {
      line.says([OPEN, append('a')])
      line.store.receiveSnapshot(wire)
      expect(line.text()).toBe('a')
      expect(line.told).toHaveLength(2)
    },
  )

  test('another run replaces the old one, also after its end', () => {
    line.says([OPEN, append('old'), END])
    line.restarts('s')
    line.says([OPEN])
    expect(line.asked.at(-1)).toBe('resync r 3')
    line.snapshot()
    expect(line.told.at(-1)).toBeNull()
    expect([line.store.run, line.store.status, line.text()]).toEqual(['s', 'streaming', ''])
  })
})

describe('the clock of the request', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 })
    line = new KernelLine()
    return () => vi.useRealTimers()
  })

  test('it starts when the request is handed over', () => {
    vi.advanceTimersByTime(700)
    line.says([{ op: 'note', meta: { phase: 'loading' } }])
    vi.advanceTimersByTime(300)
    line.says([{ op: 'note', meta: { phase: 'waiting' } }])
    expect(performance.now() - line.store.startedAt).toBe(0)
  })

  test('a late view is told how long ago that was', () => {
    line.says([{ op: 'note', meta: { phase: 'waiting' } }], 'is lost')
    line.snapshot({ elapsed_ms: 4200 })
    expect(performance.now() - line.store.startedAt).toBe(4200)
  })

  test('a snapshot that does not say so leaves it alone', () => {
    line.says([{ op: 'note', meta: { phase: 'waiting' } }])
    vi.advanceTimersByTime(500)
    line.says([OPEN], 'is lost')
    line.snapshot()
    expect(performance.now() - line.store.startedAt).toBe(500)
  })
})
