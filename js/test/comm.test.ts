/** The comm: which message goes which way, and when it is said again. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Comm, type Model } from '../src/comm'
import type { Wire } from '../src/events'
import { RunStore } from '../src/store'

/** How a front-end tells that something changed. */
class Signal {
  readonly slots = new Set<(sender: unknown, value?: unknown) => void>()

  connect(slot: (sender: unknown, value?: unknown) => void): void {
    this.slots.add(slot)
  }
  disconnect(slot: (sender: unknown, value?: unknown) => void): void {
    this.slots.delete(slot)
  }
  emit(value: unknown): void {
    for (const slot of this.slots) slot(this, value)
  }
}

/** What a front-end gives: traits, a comm, and a kernel connection where it shows one. */
class FrontEnd implements Model {
  readonly comm: Wire[] = []
  readonly control: Wire[] = []
  readonly envelopes: Wire[] = []
  readonly traits: Record<string, unknown>
  refuses = false
  readonly status = new Signal()
  readonly widget_manager: unknown
  private readonly listeners = new Map<string, Set<(message: unknown) => void>>()

  constructor(hasKernel: boolean, traits: Record<string, unknown> = {}) {
    this.traits = { key: 'cafe0123', snapshot: { v: 1, run: 'r', seq: 0, sections: [], meta: {} }, ...traits }
    const sendControlMessage = (message: Wire): void => this.takeControl(message)
    const kernel = { clientId: 'client', username: 'me', statusChanged: this.status, sendControlMessage }
    this.widget_manager = hasKernel ? { kernel, context: { model: {} } } : { kernel: null }
  }

  get(name: string): unknown {
    return this.traits[name]
  }
  on(name: string, callback: (message: unknown) => void): void {
    this.listeners.set(name, (this.listeners.get(name) ?? new Set()).add(callback))
  }
  off(name: string, callback: (message: unknown) => void): void {
    this.listeners.get(name)?.delete(callback)
  }
  send(message: Wire): void {
    this.comm.push(message)
  }
  hears(message: unknown, name = 'msg:custom'): void {
    for (const callback of this.listeners.get(name) ?? []) callback(message)
  }

  private takeControl(envelope: Wire): void {
    if (this.refuses) throw new Error('Kernel is dead')
    this.envelopes.push(envelope)
    this.control.push((envelope.content as { message: Wire }).message)
  }
}

interface Connection {
  readonly front: FrontEnd
  readonly comm: Comm
  readonly store: RunStore
}

let controller: AbortController

function connect(front: FrontEnd, adopts = true): Connection {
  const comm = new Comm(front)
  const store = new RunStore(comm)
  comm.connect(store, () => adopts, controller.signal)
  return { front, comm, store }
}

const kinds = (messages: readonly Wire[], type: string): Wire[] => messages.filter((message) => message.type === type)
const frame = (from: number, to: number, ...events: Wire[]): Wire => ({ type: 'frame', v: 1, run: 'r', from, to, events })
const state = (seq: number): Wire => ({ v: 1, run: 'r', seq, sections: [], meta: {} })
const settle = (front: FrontEnd, seq = 0): void => front.hears({ type: 'snapshot', state: state(seq) })

beforeEach(() => {
  vi.useFakeTimers()
  controller = new AbortController()
})
afterEach(() => {
  controller.abort()
  vi.useRealTimers()
})

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
  expect(first).toEqual({ type: 'hello', view: expect.stringMatching(/^[0-9a-f]{8}$/), run: 'r', adopt: true, fallback: true })
  expect(second).toMatchObject({ adopt: false, fallback: false })
  expect(second?.view).not.toBe(first?.view)
})

test('a control message names its model and has its own id', () => {
  const { front } = connect(new FrontEnd(true))
  const [one, two] = front.envelopes
  expect(one).toMatchObject({
    header: { msg_type: 'nbstream', session: 'client', username: 'me', version: '5.3' },
    content: { key: 'cafe0123', message: { type: 'hello' } },
    channel: 'control',
    parent_header: {},
    metadata: {},
  })
  expect(two?.header).not.toHaveProperty('msg_id', (one?.header as Wire | undefined)?.msg_id)
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

test('where there is no kernel connection all goes by the comm', () => {
  const { front, store } = connect(new FrontEnd(false))
  settle(front)
  store.stop()
  expect(front.control).toEqual([])
  expect(front.comm.map(({ type }) => type)).toEqual(['hello', 'resync', 'stop'])
})

test('where the kernel connection refuses, the comm is used', () => {
  const front = new FrontEnd(true)
  front.refuses = true
  connect(front)
  expect(front.comm.map(({ type }) => type)).toEqual(['hello', 'resync'])
})

test('a live view asks for the state at the start, because what came before it listened has reached nobody', () => {
  const { front, store } = connect(new FrontEnd(true))
  expect(kinds(front.control, 'resync')).toEqual([{ type: 'resync', run: 'r', have: 0 }])
  expect(kinds(front.comm, 'resync')).toEqual([])
  front.hears({ type: 'snapshot', state: { ...state(3), sections: [{ kind: 'content', text: 'a', meta: {}, closed: false }] } })
  expect(store.sections[0]?.text()).toBe('a')
})

test('a view of an ended run asks for nothing', () => {
  const end = { status: 'done', sections: 0, digest: 2166136261 }
  const { front } = connect(new FrontEnd(true, { snapshot: { ...state(1), end } }))
  vi.advanceTimersByTime(60_000)
  expect(kinds([...front.control, ...front.comm], 'resync')).toEqual([])
})

test('one resync is outstanding at a time; it is said again by both ways until a snapshot comes', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  const before = kinds(front.control, 'resync').length
  for (let i = 0; i < 5; i++) front.hears(frame(3 + i, 3 + i, { op: 'note', meta: {} }))
  expect(kinds(front.control, 'resync')).toHaveLength(before + 1)
  expect(kinds(front.comm, 'resync')).toHaveLength(0)
  vi.advanceTimersByTime(2000)
  expect(kinds(front.control, 'resync')).toHaveLength(before + 2)
  expect(kinds(front.comm, 'resync')).toHaveLength(1)
  settle(front, 7)
  vi.advanceTimersByTime(10_000)
  expect(kinds(front.control, 'resync')).toHaveLength(before + 2)
})

test('acks are said at most once a second, over control, and only when something came', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  for (let seq = 1; seq <= 100; seq++) {
    front.hears(frame(seq, seq, { op: 'note', meta: {} }))
    vi.advanceTimersByTime(25)
  }
  vi.advanceTimersByTime(10_000)
  const acks = kinds(front.control, 'ack')
  expect(acks.length).toBeGreaterThanOrEqual(2)
  expect(acks.length).toBeLessThanOrEqual(3)
  expect(acks.at(-1)).toEqual({ type: 'ack', run: 'r', seq: 100 })
  expect(kinds(front.comm, 'ack')).toEqual([])
})

test('a run that is silent for long is asked about, one that has ended is not', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  const before = kinds(front.control, 'resync').length
  vi.advanceTimersByTime(15_000)
  expect(kinds(front.control, 'resync').length).toBe(before + 1)
  front.hears({ type: 'snapshot', state: { ...state(1), end: { status: 'done' } } })
  const after = kinds(front.control, 'resync').length
  vi.advanceTimersByTime(120_000)
  expect(kinds(front.control, 'resync')).toHaveLength(after)
})

test.each<[string, () => EventTarget]>([
  ['visibilitychange', () => document],
  ['resume', () => document],
  ['pageshow', () => window],
  ['online', () => window],
])('a page that comes back (%s) checks what it has', (name, target) => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  const before = kinds(front.control, 'resync').length
  target().dispatchEvent(new Event(name))
  expect(kinds(front.control, 'resync')).toHaveLength(before + 1)
})

test('a snapshot that is pushed as a trait is taken', () => {
  const { front, store } = connect(new FrontEnd(true))
  front.traits.snapshot = { ...state(2), end: { status: 'truncated' } }
  front.hears(undefined, 'change:snapshot')
  expect(store.status).toBe('truncated')
})

test('after a bye the kernel hears of the next view by a new hello', () => {
  const { front, comm } = connect(new FrontEnd(true))
  front.hears({ type: 'welcome', run: 'r' })
  comm.back()
  expect(kinds(front.comm, 'hello')).toHaveLength(1)
  comm.bye()
  comm.back()
  expect(kinds(front.comm, 'hello')).toHaveLength(2)
  const [hello] = kinds(front.comm, 'hello')
  expect(kinds(front.control, 'bye')).toEqual([{ type: 'bye', view: hello?.view }])
})

test('when the model goes nothing more is said, and the store knows', () => {
  const { front, store } = connect(new FrontEnd(true))
  const said = front.comm.length + front.control.length
  controller.abort()
  vi.advanceTimersByTime(120_000)
  front.hears(frame(1, 1, { op: 'open', kind: 'content' }))
  store.resync()
  expect(front.comm.length + front.control.length).toBe(said)
  expect(store.gone).toBe(true)
  expect(store.sections).toHaveLength(0)
})

test.each(['restarting', 'autorestarting', 'terminating', 'dead'])('a kernel that is %s has lost its runs', (status) => {
  const { front, store } = connect(new FrontEnd(true))
  front.status.emit('busy')
  front.status.emit('idle')
  expect(store.gone).toBe(false)
  front.status.emit(status)
  expect(store.gone).toBe(true)
  const said = front.comm.length + front.control.length
  vi.advanceTimersByTime(60_000)
  window.dispatchEvent(new Event('online'))
  expect(front.comm.length + front.control.length).toBe(said)
})

test('a model that has gone listens to its kernel no more', () => {
  const { front } = connect(new FrontEnd(true))
  controller.abort()
  expect(front.status.slots.size).toBe(0)
})

test.each([null, 3, 'frame', [], {}, { type: 'frame' }, { type: 'snapshot' }, { type: 'dance' }])(
  'a message that is none does no harm: %j',
  (message) => {
    const { front, store } = connect(new FrontEnd(true))
    front.hears(message)
    expect(store.seq).toBe(0)
    front.hears({ type: 'snapshot', state: { ...state(1), meta: { model: 'm' } } })
    expect(store.meta).toEqual({ model: 'm' })
  },
)

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
