/** The line: which way a message goes, and what is said when it is back. */

import { expect, test, vi } from 'vitest'
import type { Wire } from '../src/events'
import { checks, connect, FrontEnd, frame, kinds, questions, settle } from './frontend'

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
