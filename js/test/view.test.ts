/** The view as a whole: what it is a function of, Stop, its faults, its host. */

import { describe, expect, test, vi } from 'vitest'
import { ThinkingView } from '../src/views/thinking'
import { random } from './helpers'
import { body, button, frame, group, type Mounted, model, mount, one, settle, status } from './mounted'
import { append, close, end, note, open, Run } from './run'
import { story } from './story'

// Whole runs, event by event; a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 })

/** What a view looks like, without what depends on the time or tells of the past. */
function looks({ view }: Mounted): string {
  const copy = view.cloneNode(true) as HTMLElement
  for (const clock of copy.querySelectorAll('.nb-clock, .nb-figs > :nth-child(2) dd, [aria-live="polite"]'))
    clock.textContent = ''
  return copy.innerHTML + JSON.stringify(view.getAttributeNames().map((name) => view.getAttribute(name)))
}

describe('the view is a function of the transcript', () => {
  test.each([1, 2, 3])(
    'at every step it equals one that is built from a snapshot (seed %i)',
    (seed) => {
      const events = story(seed)
      const grown = mount(new Run())
      const next = random(seed)
      events.forEach((event, index) => {
        grown.run.apply([event])
        if (next() < 0.5) frame()
        // Each comparison builds a whole view: often enough is enough.
        if (index % 23 !== 0 && index < events.length - 3) return
        settle()
        const late = new Run()
        late.receive(grown.run.state())
        const built = mount(late)
        frame()
        expect(looks(built), `after event ${index}`).toBe(looks(grown))
        built.unmount()
      })
    },
    60_000,
  )

  test('a resync keeps the elements of what has not changed and shows what was missed', () => {
    const early = [model, open('content'), append(0, 'one **two**\n\nthree\nfour\n\nfive')]
    const mounted = mount(new Run(early))
    frame()
    const paragraph = one(group(mounted, 0), 'p')
    const ahead = new Run(early).apply([append(0, ' six'), close(0), open('content'), append(1, 'seven')])
    mounted.run.apply([append(0, ' si')])
    mounted.run.receive(ahead.state())
    frame()
    expect(one(group(mounted, 0), 'p')).toBe(paragraph)
    expect(body(mounted, 0)).toBe('one twothree\nfourfive six')
    expect(body(mounted, 1)).toBe('seven')
    mounted.run.store.receiveFrame({ v: 1, run: 'r1', from: 8, to: 8, events: [append(1, ' eight')] })
    frame()
    expect(body(mounted, 1)).toBe('seven eight')
  })

  test('a section that turns out to be another one is built anew', () => {
    const mounted = mount(new Run([model, open('content'), append(0, 'wrong words')]))
    frame()
    mounted.run.receive(new Run([model, open('content'), append(0, 'right words, more'), note({})]).state())
    frame()
    expect(body(mounted, 0)).toBe('right words, more')
    mounted.run.receive(new Run([model]).state(), 'r2')
    frame()
    expect(mounted.view.querySelector('[data-at]')).toBeNull()
  })
})

describe('Stop', () => {
  test('one click stops, says so, and keeps the box', () => {
    const mounted = mount(new Run([model, open('content'), append(0, 'x')]))
    const stop = button(mounted.view, 'Stop')
    stop.focus()
    stop.click()
    frame()
    expect(mounted.run.stops).toBe(1)
    expect(mounted.view.getAttribute('data-status')).toBe('stopping')
    expect(status(mounted)).toBe('Stopping')
    expect(button(mounted.view, 'Stopping')).toBe(stop)
    expect(stop.getAttribute('aria-disabled')).toBe('true')
    expect(mounted.root.activeElement).toBe(stop)
  })

  test('its place stays empty after the end, and the focus stays in the view', () => {
    const mounted = mount(new Run([model, open('content')]))
    const stop = button(mounted.view, 'Stop')
    stop.focus()
    mounted.run.apply([end('stopped', 'user')])
    frame()
    expect(stop.hidden).toBe(true)
    expect(mounted.root.activeElement).toBe(mounted.view)
  })

  test('Escape anywhere inside the view is Stop, after the end it is nothing', () => {
    const mounted = mount(new Run([model, open('content')]))
    const press = (): boolean =>
      button(mounted.view, 'Copy').dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }),
      )
    expect(press()).toBe(false)
    expect(mounted.run.stops).toBe(1)
    mounted.run.apply([end('stopped', 'user')])
    expect(press()).toBe(true)
  })
})

describe('a view that fails', () => {
  test('shows its section as text and is reported once, and the rest goes on', () => {
    const reported = vi.fn()
    vi.stubGlobal('reportError', reported)
    const broken = vi.spyOn(ThinkingView.prototype, 'append').mockImplementation(() => {
      throw new Error('of its own')
    })
    const mounted = mount(new Run([model, open('thinking'), append(0, 'one ')]))
    mounted.run.apply([append(0, 'two'), close(0), open('content'), append(1, '**three**')])
    frame()
    expect(body(mounted, 0)).toBe('one two')
    expect(body(mounted, 1)).toBe('three')
    expect(reported).toHaveBeenCalledTimes(1)
    broken.mockRestore()
    vi.unstubAllGlobals()
  })
})

describe('the host', () => {
  test('tells light or dark, and may change its mind', async () => {
    document.body.setAttribute('data-jp-theme-light', 'false')
    const { view } = mount(new Run([model]))
    expect(view.getAttribute('data-theme')).toBe('dark')
    document.body.setAttribute('data-jp-theme-light', 'true')
    await vi.advanceTimersByTimeAsync(0)
    expect(view.getAttribute('data-theme')).toBe('light')
  })

  test('gets everything back when the view goes', () => {
    const mounted = mount(new Run([model, open('content'), append(0, 'x')]))
    mounted.unmount()
    expect(mounted.root.childNodes).toHaveLength(0)
    expect(vi.getTimerCount()).toBe(0)
    mounted.run.apply([append(0, 'y')])
    expect(vi.getTimerCount()).toBe(0)
  })
})
