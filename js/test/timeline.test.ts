/** The timeline: nothing is asked before it is opened, all times are asked for page by page, and each kind is one path. */

import { expect, test, vi } from 'vitest'
import { Arrivals } from '../src/arrivals'
import type { Event } from '../src/events'
import { RunStore } from '../src/runstore'
import { Transcript } from '../src/transcript'
import { mountView } from '../src/views/book'
import { csv } from '../src/views/csv'
import './mounted'
import { append, end, note, open } from './run'

const ENDED = [
  note({ ttft_us: 500_000 }),
  open('content'),
  append(0, 'x'),
  note({ duration_us: 4_000_000 }),
  end('stopped', 'user'),
]

function mount(events: readonly Event[]): { root: ShadowRoot; store: RunStore; asked: number[] } {
  const asked: number[] = []
  const nothing = (): void => undefined
  const uplink = { stop: nothing, resync: nothing, settled: nothing, mismatch: nothing }
  const store = new RunStore({ ...uplink, arrivals: (_, from) => void asked.push(from) })
  const kernel = new Transcript()
  for (const event of events) kernel.apply(event)
  store.receiveSnapshot({ ...kernel.snapshot(), run: 'r1' })
  const host = document.createElement('div')
  document.body.append(host)
  const root = host.attachShadow({ mode: 'open' })
  mountView(root, store)
  return { root, store, asked }
}

function toggle(root: ShadowRoot): void {
  root.querySelector<HTMLButtonElement>('[aria-label=Timeline]')?.click()
}

function answer(store: RunStore, from: number, next: number, kinds: string, times: readonly number[]): void {
  store.arrivals.receive({ type: 'arrivals', run: 'r1', from, next, kinds, t_us: times })
}

test('nothing is asked before it is opened, then page by page until nothing is left', () => {
  const { root, store, asked } = mount(ENDED)
  vi.advanceTimersByTime(5000)
  expect(asked).toEqual([])
  toggle(root)
  expect(asked).toEqual([0])
  answer(store, 0, 7, 'ta', [500_000, 900_000])
  vi.advanceTimersByTime(100)
  answer(store, 7, 7, '', [])
  vi.advanceTimersByTime(100)
  toggle(root)
  toggle(root)
  expect(asked).toEqual([0, 7])
  expect(root.querySelector('[role=img]')?.getAttribute('aria-label')).toBe('Arrival of 2 chunks over 4.0 s')
})

test('a thousand pieces are one path for each kind', () => {
  const { root, store } = mount(ENDED)
  toggle(root)
  const times = Array.from({ length: 1000 }, (_, i) => 500_000 + i * 3000)
  answer(store, 0, 1001, 't'.repeat(300) + 'c'.repeat(100) + 'a'.repeat(600), times)
  toggle(root)
  toggle(root)
  const paths = (name: string): string[] =>
    [...root.querySelectorAll(`.nb-plot .${name}`)].map((p) => p.getAttribute('d') ?? '')
  expect(paths('t-think').map((d) => d.split('M').length - 1)).toEqual([300])
  expect(paths('t-tool').map((d) => d.split('M').length - 1)).toEqual([100])
  expect(paths('t-answer').map((d) => d.split('M').length - 1)).toEqual([600])
  expect(root.querySelector('.nb-key')?.textContent).toContain('Thinking 300Tool arguments 100Answer 600')
  expect(root.querySelectorAll('.nb-plot *').length).toBeLessThan(30)
})

test('a gap is shaded, and a stop is marked', () => {
  const { root, store } = mount(ENDED)
  toggle(root)
  answer(store, 0, 3, 'aaa', [500_000, 600_000, 2_000_000])
  toggle(root)
  toggle(root)
  expect(root.querySelectorAll('.t-gap').length).toBe(1)
  expect(root.querySelector('.t-stop')?.getAttribute('d')).not.toBe('')
  expect([...root.querySelectorAll('.nb-m')].map((label) => label.textContent)).toEqual(['TTFT 0.50 s', 'Stop 4.00 s'])
})

test('while the answer comes it asks once a second, and again where no answer came', () => {
  const asked: number[] = []
  const arrivals = new Arrivals((from) => void asked.push(from))
  for (let now = 0; now < 5000; now += 100) arrivals.ask(now, false)
  expect(asked).toEqual([0])
  arrivals.ask(5000, false)
  arrivals.receive({ from: 0, next: 2, kinds: 'a', t_us: [1] })
  arrivals.receive({ from: 2, next: 4, kinds: 'a', t_us: [2] })
  expect(arrivals.times.length).toBe(1)
  arrivals.ask(5100, false)
  arrivals.receive({ from: 2, next: 2, kinds: '', t_us: [] })
  for (let now = 5200; now < 6100; now += 100) arrivals.ask(now, false)
  expect(asked).toEqual([0, 0, 2])
  arrivals.ask(6100, false)
  expect(asked).toEqual([0, 0, 2, 2])
})

test.each([
  { next: 2, kinds: 'a', t_us: [] },
  { next: 2, kinds: 'x', t_us: [1] },
  { next: '2', kinds: '', t_us: [] },
  { next: 2, kinds: 'a', t_us: ['1'] },
  { next: 2, kinds: 'a', t_us: [1.5] },
])('what makes no sense is not taken: %o', (page) => {
  const arrivals = new Arrivals(() => undefined)
  arrivals.ask(0, false)
  arrivals.receive({ from: 0, ...page })
  expect([arrivals.times, arrivals.kinds]).toEqual([[], ''])
})

test.each([
  ['a,b', '"a,b"'],
  ['say "x"', '"say ""x"""'],
  ['=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'],
  ['-5', '-5'],
  ['+1,5', '"+1,5"'],
  ['-cmd', "'-cmd"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['x = 1', 'x = 1'],
])('a cell %s is written %s', (text, written) => {
  const table = document.createElement('table')
  table.insertRow().insertCell().textContent = text
  expect(csv(table)).toBe(`${written}\r\n`)
})
