/** The bar: what it says of the stream. */

import { describe, expect, test, vi } from 'vitest'
import type { Event } from '../src/events'
import { button, frame, model, mount, one, status } from './mounted'
import { append, end, note, open, Run } from './run'

describe('the bar', () => {
  test.each<[string, Event[], string]>([
    ['queued', [note({ phase: 'queued' })], 'Queued'],
    ['loading', [note({ phase: 'loading' })], 'Loading…'],
    ['waiting', [note({ phase: 'waiting' })], 'Waiting for the first token 2.1 s'],
    ['thinking', [open('thinking')], 'Thinking 2.1 s'],
    ['answering', [open('content')], 'Answering 2.1 s'],
    ['a tool call', [open('tool', { name: 'get_weather' })], 'Calling get_weather 2.1 s'],
    ['a tool call without a name', [open('tool')], 'Calling a tool 2.1 s'],
    ['stopped', [open('content'), append(0, 'x'.repeat(528)), end('stopped', 'user')], 'Stopped by you after ~132 tokens'],
    ['stopped early', [end('stopped', 'user')], 'Stopped by you before the first token'],
    [
      'stopped by a limit',
      [note({ output_tokens: 400 }), end('stopped', 'max_tokens')],
      'Stopped at your token limit after 400 tokens',
    ],
    ['done', [note({ duration_us: 10_100_000 }), end('done', 'stop')], 'Done in 10.1 s'],
    ['length', [note({ finish_reason: 'length' }), end('done', 'length')], "Done: cut at the model's output limit"],
    ['filtered', [note({ finish_reason: 'content_filter' }), end('done')], "Done: cut by the provider's content filter"],
    ['truncated', [end('truncated')], 'Cut off: the provider ended without a finish reason'],
    ['error', [end('error', undefined, { code: 'auth', message: 'm', hint: 'h' })], 'Error'],
  ])('says in words what is: %s', (_name, events, words) => {
    const run = new Run(events)
    vi.advanceTimersByTime(2100)
    const mounted = mount(run)
    expect(status(mounted)).toBe(words)
    expect(mounted.view.getAttribute('data-status')).toBe(run.store.status)
  })

  test('has a clock that runs while something runs', () => {
    const mounted = mount(new Run([note({ phase: 'waiting' })]))
    vi.advanceTimersByTime(4200)
    expect(status(mounted)).toBe('Waiting for the first token 4.2 s')
    mounted.run.apply([end('done')])
    frame()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('tells the reader to reload when the kernel is newer', () => {
    const run = new Run([model])
    run.store.receiveFrame({ v: 99 })
    expect(status(mount(run))).toBe('The kernel runs a newer nbstream: reload the page')
  })

  test('says that the kernel has gone, and lets go of Stop', () => {
    const mounted = mount(new Run([model, open('content'), append(0, 'as far as it')]))
    mounted.run.store.lose()
    frame()
    expect(status(mounted)).toBe('Kernel gone: text as far as it came')
    expect(mounted.view.getAttribute('data-status')).toBe('stopped')
    expect(mounted.view.hasAttribute('data-busy')).toBe(false)
    expect(mounted.view.querySelector('.nb-caret')).toBeNull()
    expect(one(mounted.view, '.nb-stop').hidden).toBe(true)
    vi.advanceTimersByTime(300)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('says how old the text is while the line is cut, unless that was a blink, and Stop stays', () => {
    const mounted = mount(new Run([model, open('content'), append(0, 'as far as it')]))
    const { store } = mounted.run
    store.part(true)
    vi.advanceTimersByTime(900)
    expect([status(mounted).startsWith('Answering'), mounted.view.hasAttribute('data-stale')]).toEqual([true, false])
    vi.advanceTimersByTime(3200)
    expect(status(mounted)).toBe('Reconnecting: text is 4 s old')
    expect(mounted.view.hasAttribute('data-stale')).toBe(true)
    expect(mounted.view.getAttribute('data-status')).toBe('streaming')
    button(mounted.view, 'Stop').click()
    frame()
    expect(status(mounted)).toBe('Reconnecting: text is 4 s old')
    store.part(false)
    vi.advanceTimersByTime(1000)
    expect(status(mounted)).toBe('Disconnected: text is 5 s old')
    store.rejoin()
    frame()
    expect([status(mounted), mounted.view.hasAttribute('data-stale')]).toEqual(['Stopping', false])
  })

  test('what has ended is not old, whatever becomes of the line', () => {
    const mounted = mount(new Run([model, open('content'), append(0, 'all'), end('done')]))
    mounted.run.store.part(true)
    vi.advanceTimersByTime(5000)
    expect([status(mounted), mounted.view.hasAttribute('data-stale')]).toEqual(['Done', false])
  })

  test('is named after the title, else the model', () => {
    const mounted = mount(new Run([model]))
    expect(mounted.view.getAttribute('role')).toBe('region')
    expect(mounted.view.getAttribute('aria-label')).toBe('openai/gpt-5')
    mounted.run.apply([note({ title: 'My run' })])
    frame()
    expect(mounted.view.getAttribute('aria-label')).toBe('My run')
    expect(one(mounted.view, '.nb-title').textContent).toBe('My runopenai/gpt-5')
  })
})
