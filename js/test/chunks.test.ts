/** The raw-chunk inspector: nothing is asked before it is opened, everything is shown once, as text. */

import { expect, test, vi } from 'vitest'
import { mountView } from '../src/views/book'
import './mounted'
import { append, end, open, Run } from './run'

const LIVE = [open('content'), append(0, 'Hello')]

function mount(run: Run): ShadowRoot {
  const host = document.createElement('div')
  document.body.append(host)
  const root = host.attachShadow({ mode: 'open' })
  mountView(root, run.store)
  return root
}

function button(root: ShadowRoot, name: string): HTMLButtonElement {
  const found = [...root.querySelectorAll('button')].find((b) => (b.getAttribute('aria-label') ?? b.textContent) === name)
  if (!found) throw new Error(`no button ${name}`)
  return found
}

function answer(run: Run, from: number, count: number, total: number, extra = {}): void {
  const rows = Array.from({ length: count }, (_, i) => ({
    n: from + i,
    t_us: 1500 * (from + i),
    delta: '{"content":"x"}',
    ...extra,
  }))
  run.store.chunks.receive({ type: 'chunks', run: 'r1', from, total, rows })
}

function cells(root: ShadowRoot): string[][] {
  return [...root.querySelectorAll('.nb-chunks tbody tr')].map((row) => [...row.children].map((td) => td.textContent ?? ''))
}

test('nothing is asked before the panel is opened', () => {
  const run = new Run(LIVE)
  const root = mount(run)
  vi.advanceTimersByTime(5000)
  expect(run.asked).toEqual([])
  button(root, 'Chunks').click()
  expect(run.asked).toEqual([[0, 100]])
  expect(button(root, 'Chunks').getAttribute('aria-pressed')).toBe('true')
  expect(root.querySelector('.nb-drawer:has(.nb-chunks)')?.textContent).toContain('No chunks yet')
})

test('a row shows every field as text, whatever it holds', () => {
  const run = new Run([...LIVE, end('done', 'stop')])
  const root = mount(run)
  button(root, 'Chunks').click()
  const row = {
    ...{ n: 0, t_us: 12_345, kind: 'content', index: 1, delta: '<img src=x onerror=alert(1)>', finish_reason: 'stop' },
    ...{ usage: '{"total_tokens":3}', model: 'm', created: 1_700_000_000, id: 'chatcmpl-1', length: 3 },
  }
  run.store.chunks.receive({ type: 'chunks', run: 'r1', from: 0, total: 1, rows: [row, null, 'x'] as unknown as [] })
  expect(cells(root)).toEqual([
    ['0', '0.012', '', 'content', row.delta, 'stop', row.usage, '1', 'm', '1700000000', 'chatcmpl-1'],
  ])
  expect(root.querySelector('img')).toBeNull()
  expect([...root.querySelectorAll('.nb-chunks th')].map((th) => th.textContent)).toEqual([
    '#',
    't, s',
    'Δ, ms',
    'kind',
    'delta',
    'finish_reason',
    'usage',
    'index',
    'model',
    'created',
    'id',
  ])
  expect(root.querySelector('.nb-drawer:has(.nb-chunks)')?.textContent).toContain('1 of 1 chunks')
})

test('while the answer comes it asks for what is new, at most once a second', () => {
  const run = new Run(LIVE)
  const root = mount(run)
  button(root, 'Chunks').click()
  answer(run, 0, 3, 3)
  vi.advanceTimersByTime(900)
  expect(run.asked.length).toBe(1)
  vi.advanceTimersByTime(200)
  expect(run.asked).toEqual([
    [0, 100],
    [3, 100],
  ])
  answer(run, 3, 2, 5)
  expect(cells(root).map(([n]) => n)).toEqual(['0', '1', '2', '3', '4'])
})

test('after the end it asks once more and then never again', () => {
  const run = new Run(LIVE)
  const root = mount(run)
  button(root, 'Chunks').click()
  answer(run, 0, 3, 3)
  run.apply([end('done', 'stop')])
  vi.advanceTimersByTime(100)
  expect(run.asked.at(-1)).toEqual([3, 100])
  answer(run, 3, 1, 4)
  const asked = run.asked.length
  vi.advanceTimersByTime(10_000)
  button(root, 'Chunks').click()
  button(root, 'Chunks').click()
  expect(run.asked.length).toBe(asked)
  expect(cells(root).length).toBe(4)
})

test('what does not fit a page comes when the reader asks for more', () => {
  const run = new Run([...LIVE, end('done', 'stop')])
  const root = mount(run)
  button(root, 'Chunks').click()
  answer(run, 0, 100, 150)
  vi.advanceTimersByTime(5000)
  expect(run.asked.length).toBe(1)
  expect(button(root, 'More chunks').hidden).toBe(false)
  button(root, 'More chunks').click()
  answer(run, 100, 50, 150)
  expect(cells(root).length).toBe(150)
  expect(button(root, 'More chunks').hidden).toBe(true)
})

test('an answer to another question, or one that comes twice, changes nothing', () => {
  const run = new Run(LIVE)
  const root = mount(run)
  button(root, 'Chunks').click()
  answer(run, 7, 3, 10)
  expect(cells(root)).toEqual([])
  answer(run, 0, 3, 3)
  answer(run, 0, 3, 3)
  expect(cells(root).length).toBe(3)
})

test('a question that got no answer is asked again after a while', () => {
  const run = new Run(LIVE)
  const root = mount(run)
  button(root, 'Chunks').click()
  vi.advanceTimersByTime(4900)
  expect(run.asked.length).toBe(1)
  vi.advanceTimersByTime(300)
  expect(run.asked).toEqual([
    [0, 100],
    [0, 100],
  ])
  answer(run, 0, 2, 2)
  expect(cells(root).length).toBe(2)
})

test('another run begins anew, and a kernel that has gone is asked nothing', () => {
  const run = new Run(LIVE)
  const root = mount(run)
  button(root, 'Chunks').click()
  answer(run, 0, 2, 2)
  run.receive({ v: 1, seq: 0, sections: [], meta: {} }, 'r2')
  vi.advanceTimersByTime(200)
  expect(cells(root)).toEqual([])
  const asked = run.asked.length
  run.store.lose()
  vi.advanceTimersByTime(10_000)
  expect(run.asked.length).toBe(asked)
  expect(root.querySelector('.nb-drawer:has(.nb-chunks)')?.textContent).toContain('Kernel gone')
})
