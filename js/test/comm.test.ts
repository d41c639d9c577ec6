/** The comm: which message goes which way, and when it is said again. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Comm } from '../src/comm'
import type { Wire } from '../src/events'
import type { Model } from '../src/line'
import { RunStore } from '../src/runstore'

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
  readonly connection = new Signal()
  readonly iopub = new Signal()
  readonly widget_manager: unknown
  private readonly listeners = new Map<string, Set<(message: unknown) => void>>()

  constructor(hasKernel: boolean, traits: Record<string, unknown> = {}) {
    this.traits = { key: 'cafe0123', snapshot: { v: 1, run: 'r', seq: 0, sections: [], meta: {} }, ...traits }
    const sendControlMessage = (message: Wire): void => this.takeControl(message)
    const signals = { statusChanged: this.status, connectionStatusChanged: this.connection, iopubMessage: this.iopub }
    const kernel = { clientId: 'client', username: 'me', connectionStatus: 'connected', ...signals, sendControlMessage }
    this.connection.connect((_, status) => {
      kernel.connectionStatus = String(status)
    })
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
  const store = new RunStore(comm.requests)
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
  const view: unknown = expect.stringMatching(/^[0-9a-f]{8}$/)
  expect(first).toEqual({ type: 'hello', view, run: 'r', have: 0, n: 1, adopt: true, fallback: true })
  expect(second).toMatchObject({ adopt: false, fallback: false })
  expect(second?.view).not.toBe(first?.view)
})

test('a control message names its model and has its own id', () => {
  const { front } = connect(new FrontEnd(true))
  vi.advanceTimersByTime(300)
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
  expect(front.comm.map(({ type }) => type)).toEqual(['hello', 'stop'])
})

test('where the kernel connection refuses, the comm is used', () => {
  const front = new FrontEnd(true)
  front.refuses = true
  connect(front)
  expect(front.comm.map(({ type }) => type)).toEqual(['hello'])
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

const questions = (front: FrontEnd): string[] =>
  front.control.map(({ type }) => String(type)).filter((type) => type === 'resync' || type === 'check')

test('what was asked just before the line was cut is asked again as soon as it is back', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  front.hears(frame(3, 3, { op: 'note', meta: {} }))
  expect(questions(front)).toEqual(['resync'])
  vi.advanceTimersByTime(20)
  front.connection.emit('connecting')
  vi.advanceTimersByTime(20)
  front.connection.emit('connected')
  expect(questions(front)).toEqual(['resync', 'resync'])
  vi.advanceTimersByTime(250)
  expect(questions(front)).toEqual(['resync', 'resync', 'resync'])
})

test('a check that was asked just before the line was cut is asked again, too', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  window.dispatchEvent(new Event('online'))
  vi.advanceTimersByTime(20)
  front.connection.emit('connecting')
  front.connection.emit('connected')
  expect(questions(front)).toEqual(['check', 'check'])
})

test('while the line is cut nothing is said; when it is back, what is still to be said goes out at once', () => {
  const { front, store } = connect(new FrontEnd(true))
  front.hears({ type: 'welcome', run: 'r' })
  settle(front)
  front.hears(frame(1, 1, { op: 'note', meta: {} }))
  front.connection.emit('connecting')
  const said = front.comm.length + front.control.length
  front.hears(frame(2, 2, { op: 'note', meta: {} })) // was on its way
  store.stop()
  vi.advanceTimersByTime(20_000)
  expect(front.comm.length + front.control.length).toBe(said)
  front.connection.emit('connected')
  expect(kinds(front.comm, 'stop')).toHaveLength(1)
  expect(checks(front).at(-1)).toMatchObject({ have: 2 })
})

test('a hello that the line kept from the kernel is said when it is there', () => {
  const front = new FrontEnd(true)
  front.connection.emit('connecting')
  connect(front)
  expect(front.comm).toEqual([])
  front.connection.emit('connected')
  expect(kinds(front.comm, 'hello')).toHaveLength(1)
})

test('a bye that the line kept from the kernel is said when it is back', () => {
  const { front, comm } = connect(new FrontEnd(true))
  front.connection.emit('connecting')
  comm.bye()
  expect(kinds(front.control, 'bye')).toEqual([])
  front.connection.emit('connected')
  expect(kinds(front.control, 'bye')).toHaveLength(1)
  expect(checks(front)).toEqual([])
})

test('a line that is back is asked often at first, because the server may not have joined it to the kernel yet', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  vi.advanceTimersByTime(1000)
  front.connection.emit('connecting')
  front.connection.emit('connected')
  const times = [0]
  for (let t = 50; t <= 4000; t += 50) {
    const before = checks(front).length
    vi.advanceTimersByTime(50)
    if (checks(front).length > before) times.push(t)
  }
  expect(times).toEqual([0, 250, 500, 1000, 2000, 3000, 4000])
})

test('acks are said at most once a second, over control, and only when something came', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  const times: number[] = []
  for (let seq = 1; seq <= 100; seq++) {
    const before = kinds(front.control, 'ack').length
    front.hears(frame(seq, seq, { op: 'note', meta: {} }))
    vi.advanceTimersByTime(25)
    if (kinds(front.control, 'ack').length > before) times.push(seq * 25)
  }
  expect(times).toEqual([25, 1000, 2000])
  vi.advanceTimersByTime(4000)
  const acks = kinds(front.control, 'ack')
  expect(acks).toHaveLength(4)
  expect(acks.at(-1)).toEqual({ type: 'ack', view: expect.any(String) as unknown, run: 'r', seq: 100 })
  expect(kinds(front.comm, 'ack')).toEqual([])
})

test('a hidden page acknowledges with the message that it takes, without a timer, and rarely', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  const visibility = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
  let said = 0
  for (let seq = 1; seq <= 10; seq++) {
    front.hears(frame(seq, seq, { op: 'note', meta: {} }))
    said = kinds(front.control, 'ack').length // time passes below, but no timer rings
    vi.spyOn(performance, 'now').mockReturnValue(seq * 1000)
  }
  expect(said).toBeGreaterThanOrEqual(1)
  expect(said).toBeLessThanOrEqual(4)
  visibility.mockRestore()
  vi.restoreAllMocks()
})

const checks = (front: FrontEnd): Wire[] => kinds(front.control, 'check')

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

test('a kernel that asks what was received is told again, though nothing is new', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front, 4)
  expect(kinds(front.control, 'ack')).toHaveLength(1)
  vi.advanceTimersByTime(2000)
  front.hears({ type: 'current', run: 'r', seq: 4 })
  expect(kinds(front.control, 'ack')).toHaveLength(2)
})

test.each<[string, (front: FrontEnd) => void]>([
  ['visibilitychange', () => document.dispatchEvent(new Event('visibilitychange'))],
  ['resume', () => document.dispatchEvent(new Event('resume'))],
  ['pageshow', () => window.dispatchEvent(new Event('pageshow'))],
  ['online', () => window.dispatchEvent(new Event('online'))],
  ['a line that was cut', (front) => front.connection.emit('connected')],
])('a page that comes back (%s) checks what it has, once', (_, comeBack) => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  comeBack(front)
  comeBack(front)
  expect(checks(front)).toHaveLength(1)
})

test('a page that goes checks nothing, and neither does a line that is cut', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
  document.dispatchEvent(new Event('visibilitychange'))
  vi.restoreAllMocks()
  front.connection.emit('disconnected')
  expect(checks(front)).toHaveLength(0)
})

test('without a view in the page nothing is asked and nothing acknowledged', () => {
  const { front, comm } = connect(new FrontEnd(true))
  settle(front)
  comm.bye()
  const said = front.comm.length + front.control.length
  front.hears(frame(1, 1, { op: 'note', meta: {} }))
  front.hears(frame(9, 9, { op: 'note', meta: {} }))
  window.dispatchEvent(new Event('online'))
  vi.advanceTimersByTime(60_000)
  expect(front.comm.length + front.control.length).toBe(said)
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

test('the store knows when the line is cut, whether it is tried again, and when it is back', () => {
  const { front, store } = connect(new FrontEnd(true))
  vi.advanceTimersByTime(1000)
  const at = performance.now()
  front.connection.emit('connecting')
  vi.advanceTimersByTime(500)
  front.connection.emit('connecting')
  expect(store.cut).toEqual({ at, retried: true })
  front.connection.emit('disconnected')
  expect(store.cut).toEqual({ at, retried: false })
  front.connection.emit('connected')
  expect(store.cut).toBeUndefined()
})

test('a kernel that speaks in another session is another one, whoever has restarted it', () => {
  const { front, store } = connect(new FrontEnd(true))
  const hear = (session: string, msg_type: string, execution_state?: string): void =>
    front.iopub.emit({ header: { msg_type, session }, content: { execution_state } })
  hear('server', 'stream') // a warning about the rate of output
  hear('first', 'status', 'busy')
  hear('first', 'status', 'idle')
  hear('server', 'status', 'starting')
  hear('server', 'stream')
  expect(store.gone).toBe(false)
  hear('second', 'status', 'busy')
  expect(store.gone).toBe(true)
})

test('a model that has gone listens to its kernel no more', () => {
  const { front } = connect(new FrontEnd(true))
  controller.abort()
  expect([front.status, front.connection, front.iopub].map(({ slots }) => slots.size)).toEqual([0, 1, 0]) // the fake's own
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

test('a view that has come back watches the silence again', () => {
  const { front, comm } = connect(new FrontEnd(true))
  settle(front)
  comm.bye()
  comm.back()
  vi.advanceTimersByTime(5000)
  expect(checks(front)).toHaveLength(1)
})

test('a page that is woken though nobody looks at it checks too', () => {
  const { front } = connect(new FrontEnd(true))
  settle(front)
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
  document.dispatchEvent(new Event('resume'))
  vi.restoreAllMocks()
  expect(checks(front)).toHaveLength(1)
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
