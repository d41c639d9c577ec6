/** The requests: what is asked, which way, and when it is asked again. */

import { expect, test, vi } from 'vitest'
import { checks, connect, FrontEnd, frame, kinds, settle, state } from './frontend'

test('hello goes both ways at once, and again until the welcome, with growing pauses', () => {
  const { front } = connect(new FrontEnd(true))
  const times = [0]
  for (let t = 50; t <= 20_000; t += 50) {
    const before = kinds(front.comm, 'hello').length
    vi.advanceTimersByTime(50)
    if (kinds(front.comm, 'hello').length > before) times.push(t)
  }
  expect(times).toEqual([0, 250, 750, 1750, 3750, 7750, 15750])
  expect(kinds(front.control, 'hello')).toEqual(kinds(front.comm, 'hello'))
})

test('after the welcome there are no more hellos', () => {
  const { front } = connect(new FrontEnd(true))
  vi.advanceTimersByTime(300)
  front.hears({ type: 'welcome', run: 'r' })
  vi.advanceTimersByTime(60_000)
  expect(kinds(front.comm, 'hello')).toHaveLength(2)
})

test('hello says who asks, for which run, and what the front-end can do', () => {
  const rich = connect(new FrontEnd(true))
  const poor = connect(new FrontEnd(false), false)
  const [first] = kinds(rich.front.comm, 'hello')
  const [second] = kinds(poor.front.comm, 'hello')
  const view: unknown = expect.stringMatching(/^[0-9a-f]{8}$/)
  expect(first).toEqual({ type: 'hello', view, run: 'r', have: 0, n: 1, adopt: true, fallback: true })
  expect(second).toMatchObject({ adopt: false, fallback: false })
  expect(second?.view).not.toBe(first?.view)
})

test('stop goes both ways at once and again while no end comes', () => {
  const { front, store } = connect(new FrontEnd(true))
  settle(front)
  store.stop()
  expect(kinds(front.comm, 'stop')).toEqual([{ type: 'stop', run: 'r' }])
  expect(kinds(front.control, 'stop')).toEqual([{ type: 'stop', run: 'r' }])
  vi.advanceTimersByTime(1000)
  expect(kinds(front.comm, 'stop')).toHaveLength(2)
  front.hears(frame(1, 1, { op: 'end', status: 'stopped', reason: 'user' }))
  vi.advanceTimersByTime(60_000)
  expect(kinds(front.comm, 'stop')).toHaveLength(2)
  expect(store.status).toBe('stopped')
})

test('a hello says what the model came with, because what was sent since has reached nobody', () => {
  const { front, store } = connect(new FrontEnd(true, { snapshot: { ...state(2), meta: { model: 'm' } } }))
  expect(kinds(front.comm, 'hello')[0]).toMatchObject({ have: 2, n: 1 })
  front.hears({ type: 'snapshot', state: { ...state(3), sections: [{ kind: 'content', text: 'a', meta: {}, closed: false }] } })
  expect(store.sections[0]?.text()).toBe('a')
  vi.advanceTimersByTime(300)
  expect(kinds(front.comm, 'hello')[1]).toMatchObject({ have: 3, n: 2 })
})

test('a view of an ended run asks for nothing', () => {
  const end = { status: 'done', sections: 0, digest: 2166136261 }
  const { front } = connect(new FrontEnd(true, { snapshot: { ...state(1), end } }))
  vi.advanceTimersByTime(60_000)
  expect([...front.control, ...front.comm].filter(({ type }) => type === 'resync' || type === 'check')).toEqual([])
})

test('one resync is outstanding at a time; it is said again by both ways until a snapshot comes', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  for (let i = 0; i < 5; i++) front.hears(frame(3 + i, 3 + i, { op: 'note', meta: {} }))
  expect(kinds(front.control, 'resync')).toEqual([
    { type: 'resync', view: expect.stringMatching(/^[0-9a-f]{8}$/) as unknown, run: 'r', have: 0, n: 2 },
  ])
  expect(kinds(front.comm, 'resync')).toHaveLength(0)
  vi.advanceTimersByTime(250)
  expect(kinds(front.control, 'resync')).toHaveLength(2)
  expect(kinds(front.comm, 'resync')).toEqual(kinds(front.control, 'resync').slice(1))
  settle(front, 7)
  vi.advanceTimersByTime(4000)
  expect(kinds(front.control, 'resync')).toHaveLength(2)
})

test('a resync is said again when messages still do not fit a second later, whatever pause it was at', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  front.hears(frame(3, 3, { op: 'note', meta: {} }))
  vi.advanceTimersByTime(20_000)
  const before = kinds(front.control, 'resync').length
  front.hears(frame(4, 4, { op: 'note', meta: {} }))
  expect(kinds(front.control, 'resync')).toHaveLength(before + 1)
})

test('a run that is silent for five seconds is checked, one that has ended is not', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  vi.advanceTimersByTime(4999)
  expect(checks(front)).toHaveLength(0)
  vi.advanceTimersByTime(1)
  expect(checks(front)).toEqual([
    { type: 'check', view: expect.any(String) as unknown, run: 'r', have: 0, n: expect.any(Number) as unknown },
  ])
  front.hears({ type: 'snapshot', state: { ...state(1), end: { status: 'done' } } })
  vi.advanceTimersByTime(120_000)
  expect(checks(front)).toHaveLength(1)
})

test('a check is said again by both ways until anything comes', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  window.dispatchEvent(new Event('online'))
  vi.advanceTimersByTime(500)
  expect(checks(front)).toHaveLength(3)
  expect(kinds(front.comm, 'check')).toHaveLength(2)
  front.hears({ type: 'current', run: 'r', seq: 0 })
  vi.advanceTimersByTime(3000)
  expect(checks(front)).toHaveLength(3)
})

test('a view that waits for a snapshot checks nothing besides', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  vi.advanceTimersByTime(5000)
  expect(checks(front)).toHaveLength(1)
  front.hears(frame(3, 3, { op: 'note', meta: {} }))
  vi.advanceTimersByTime(9000)
  window.dispatchEvent(new Event('online'))
  expect(checks(front)).toHaveLength(1)
})

test('a view that has everything hears so and asks for no snapshot; one that has not does', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front, 4)
  front.hears({ type: 'current', run: 'r', seq: 4 })
  expect(kinds(front.control, 'resync')).toHaveLength(0)
  front.hears({ type: 'current', run: 'r', seq: 5 })
  expect(kinds(front.control, 'resync')).toHaveLength(1)
})

test('pages of chunks are asked for quietly, and only those of this run are taken', () => {
  const { front, store } = connect(new FrontEnd(true))
  settle(front)
  const pages: number[] = []
  store.chunks.ask(3, 100, ({ total }) => pages.push(total))
  expect(kinds(front.control, 'chunks')).toEqual([{ type: 'chunks', run: 'r', from: 3, count: 100 }])
  expect(kinds(front.comm, 'chunks')).toEqual([])
  for (const run of ['other', 'r', 'r']) front.hears({ type: 'chunks', run, from: 3, total: run === 'r' ? 4 : 9, rows: [] })
  front.hears({ type: 'chunks', run: 'r', from: '3', total: null, rows: {} })
  expect(pages).toEqual([4])
})
