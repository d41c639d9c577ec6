/** The comm: what is heard of the model, the page and the kernel, and what is acknowledged. */

import { expect, test, vi } from 'vitest'
import { checks, connect, FrontEnd, frame, kinds, leave, settle, state } from './frontend'

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
  leave()
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
  leave()
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
