/** Retry, Continue and the pager: what is offered when, what is asked, and what stands in the view then. */

import { expect, test, vi } from 'vitest'
import type { Event } from '../src/events'
import { RunStore } from '../src/runstore'
import { Transcript } from '../src/transcript'
import { mountView } from '../src/views/book'
import './mounted'
import { append, close, end, note, open } from './run'

const WAYS = ['retry', 'continue']

/** A kernel with attempts, and one view of them. */
class Stream {
  readonly asked: string[] = []
  readonly root: ShadowRoot
  readonly attempts: string[] = []
  private readonly runs = new Map<string, Transcript>()
  readonly store = new RunStore({
    stop: () => undefined,
    resync: () => undefined,
    settled: () => undefined,
    mismatch: () => undefined,
    again: (run, way) => void this.asked.push(`${way} ${run}`),
    attempt: (run) => void this.asked.push(`read ${run}`),
    chunks: (run) => void this.asked.push(`chunks ${run}`),
  })

  constructor(events: readonly Event[], ways: readonly string[] = WAYS) {
    this.ways = ways
    this.run('r1', events)
    const host = document.createElement('div')
    document.body.append(host)
    this.root = host.attachShadow({ mode: 'open' })
    mountView(this.root, this.store)
    this.settle()
  }
  readonly ways: readonly string[]

  run(id: string, events: readonly Event[]): void {
    const transcript = new Transcript()
    for (const event of events) transcript.apply(event)
    this.runs.set(id, transcript)
    this.attempts.push(id)
    this.store.receiveSnapshot(this.state(id))
    this.settle()
  }

  state(id: string): object {
    return { ...this.runs.get(id)?.snapshot(), run: id, attempts: this.attempts, ways: this.ways }
  }

  settle(): void {
    vi.advanceTimersByTime(250)
  }

  press(name: string): void {
    const found = this.buttons().find((button) => nameOf(button) === name)
    if (!found) throw new Error(`no button ${name} among ${this.buttons().map(nameOf).join(', ')}`)
    found.focus()
    found.click()
    this.settle()
  }

  /** The actions below the text that are offered. */
  offered(): (string | null)[] {
    const acts = this.root.querySelector('.nb-acts')
    if (!acts || acts.hasAttribute('hidden')) return []
    return [...acts.querySelectorAll('button')].filter((button) => !button.hidden).map(nameOf)
  }

  text(): string {
    return this.root.querySelector('.nb-body')?.textContent ?? ''
  }

  pager(): string | undefined {
    const pager = this.root.querySelector<HTMLElement>('.nb-pager')
    return pager === null || pager.hidden ? undefined : (pager.textContent ?? '')
  }

  focused(): string | null | undefined {
    return this.root.activeElement?.getAttribute('aria-label')
  }

  private buttons(): HTMLButtonElement[] {
    return [...this.root.querySelectorAll('button')]
  }
}

const nameOf = (button: Element): string | null => button.getAttribute('aria-label') ?? button.textContent

const said = (text: string): Event[] => [note({ model: 'm' }), open('content'), append(0, text)]
const stopped = (text: string): Event[] => [...said(text), end('stopped', 'user')]

test.each<[string, Event[], string[]]>([
  ['is stopped', stopped('x'), ['Continue', 'Retry']],
  ['is cut off', [...said('x'), end('truncated')], ['Continue', 'Retry']],
  ['failed', [...said('x'), end('error', undefined, { code: 'server', message: '', hint: '' })], ['Continue', 'Retry']],
  ['was cut at the limit', [...said('x'), note({ finish_reason: 'length' }), end('done', 'length')], ['Continue', 'Retry']],
  ['is stopped before its text', [open('thinking'), append(0, 'x'), end('stopped', 'user')], ['Retry']],
  ['called a tool', [open('tool'), close(0), open('content'), append(1, 'x'), end('stopped', 'user')], ['Retry']],
  ['is done', [...said('x'), end('done', 'stop')], []],
  ['goes on', said('x'), []],
])('below an answer that %s stands what can be done', (_, events, expected) => {
  expect(new Stream(events).offered()).toEqual(expected)
})

test('a stream that cannot be asked again offers nothing', () => {
  const stream = new Stream(stopped('x'), [])
  expect(stream.offered()).toEqual([])
  expect(stream.root.querySelector<HTMLElement>('[aria-label=Retry]')?.hidden).toBe(true)
  expect(new Stream(stopped('x'), ['retry']).offered()).toEqual(['Retry'])
})

test('a press asks once, and the view says that it starts', () => {
  const stream = new Stream(stopped('x'))
  stream.press('Continue')
  stream.store.again('continue')
  expect(stream.asked).toEqual(['continue r1'])
  expect(stream.offered()).toEqual([])
  expect(stream.root.querySelector('[role=status]')?.textContent).toBe('Starting')
  vi.advanceTimersByTime(10_000)
  expect(stream.offered()).toEqual(['Continue', 'Retry']) // the kernel has not heard it
})

test('another attempt takes the place of the one before, which the pager finds again', () => {
  const stream = new Stream(stopped('the first'))
  expect(stream.pager()).toBeUndefined()
  stream.press('Retry')
  stream.run('r2', said('the second'))
  expect(stream.text()).toContain('the second')
  expect(stream.text()).not.toContain('the first')
  expect(stream.pager()).toBe('attempt 2 of 2')
  stream.press('Previous attempt')
  expect(stream.text()).toContain('the first')
  expect(stream.focused()).toBe('Previous attempt')
  expect(stream.root.querySelector('[aria-live=polite]')?.textContent).toBe('Attempt 1 of 2')
  expect(stream.asked).toEqual(['retry r1']) // it was known
  stream.press('Next attempt')
  expect(stream.text()).toContain('the second')
})

test('an attempt that the page has not seen is asked of the kernel', () => {
  const stream = new Stream(stopped('the first'))
  stream.run('r2', stopped('the second'))
  const late = new Stream([])
  late.store.receiveSnapshot(stream.state('r2'))
  late.settle()
  late.press('Previous attempt')
  expect(late.asked).toEqual(['read r1'])
  expect(late.text()).toContain('the second')
  late.store.attempts.receive(stream.state('r1'))
  late.settle()
  expect(late.text()).toContain('the first')
})

test('a new attempt is shown whatever the reader looks at', () => {
  const stream = new Stream(stopped('the first'))
  stream.run('r2', stopped('the second'))
  stream.press('Previous attempt')
  stream.run('r3', said('the third'))
  expect(stream.text()).toContain('the third')
  expect(stream.pager()).toBe('attempt 3 of 3')
})

test('what the reader chose holds for every attempt, and the focus stays in the view', () => {
  const stream = new Stream(stopped('**x**'))
  stream.press('Raw text')
  stream.press('Retry')
  stream.run('r2', said('**y**'))
  expect(stream.text()).toContain('**y**')
  expect(stream.root.activeElement?.getAttribute('role')).toBe('region')
})

test('text that was carried over counts for no figure', () => {
  const stream = new Stream([open('content', { carried: 400 }), append(0, 'x'.repeat(440))])
  expect(stream.root.querySelector('.nb-figs')?.textContent).toContain('~10 out')
})

test('what the kernel says of attempts may be anything', () => {
  const stream = new Stream(stopped('x'))
  stream.store.attempts.learn({ attempts: [1, 'r1', null], ways: ['destroy', {}, 'retry'] })
  stream.store.attempts.learn({ attempts: 'r1', ways: 7 })
  for (const wire of [null, 'x', {}, { run: 'r1' }]) stream.store.attempts.receive(wire)
  stream.settle()
  expect(stream.store.attempts.runs).toEqual(['r1'])
  expect(stream.store.attempts.ways).toEqual(['retry'])
})
