import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Event } from '../src/events'
import { mountView } from '../src/views/book'
import { ThinkingView } from '../src/views/thinking'
import { random } from './helpers'
import { amend, append, close, end, note, open, Run } from './run'
import { SNIPPETS } from './snippets'

// Whole runs, event by event; a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 })

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  // What is queued must not stay queued for the next test.
  vi.runOnlyPendingTimers()
  vi.useRealTimers()
  document.body.replaceChildren()
  document.body.removeAttribute('data-jp-theme-light')
})

interface Mounted {
  readonly run: Run
  readonly root: ShadowRoot
  readonly view: HTMLElement
  readonly unmount: () => void
}

function mount(run: Run): Mounted {
  const host = document.createElement('div')
  document.body.append(host)
  const root = host.attachShadow({ mode: 'open' })
  const unmount = mountView(root, run.store)
  return { run, root, view: one(root, '.nb'), unmount }
}

function one(root: ParentNode, selector: string): HTMLElement {
  const found = root.querySelector(selector)
  if (!(found instanceof HTMLElement)) throw new Error(`no ${selector}`)
  return found
}

function button(root: ParentNode, name: string): HTMLButtonElement {
  const found = [...root.querySelectorAll('button')].find((b) => nameOf(b) === name && !b.hidden)
  if (!found) throw new Error(`no button ${name}`)
  return found
}

/** A button's accessible name: its label, else what it says without what is for eyes alone. */
function nameOf(element: HTMLButtonElement): string | null {
  const copy = element.cloneNode(true) as HTMLButtonElement
  for (const quiet of copy.querySelectorAll('[aria-hidden=true]')) quiet.remove()
  return element.getAttribute('aria-label') ?? copy.textContent
}

function frame(): void {
  vi.advanceTimersByTime(20)
}

/** Until the figures, which change ten times a second, have caught up with the text. */
function settle(): void {
  vi.advanceTimersByTime(220)
}

/** What a view looks like, without what depends on the time or tells of the past. */
function looks({ view }: Mounted): string {
  const copy = view.cloneNode(true) as HTMLElement
  for (const clock of copy.querySelectorAll('.nb-clock, .nb-figs > :nth-child(2) dd, [aria-live="polite"]'))
    clock.textContent = ''
  return copy.innerHTML + JSON.stringify(view.getAttributeNames().map((name) => view.getAttribute(name)))
}

const status = ({ view }: Mounted): string => one(view, '[role=status]').textContent ?? ''
const announced = ({ view }: Mounted): string => one(view, '[aria-live=polite]').textContent ?? ''
const body = ({ view }: Mounted, at: number): string => one(view, `[data-at="${at}"] [data-part=body]`).textContent ?? ''
const group = ({ view }: Mounted, at: number): HTMLElement => one(view, `[data-at="${at}"]`)

const model = note({ model: 'openai/gpt-5', prompt: 'Why?', phase: 'waiting' })

/** A run with every kind of section, its text cut by chance. */
function story(seed: number): Event[] {
  const next = random(seed)
  const cut = (at: number, text: string): Event[] => {
    const out: Event[] = []
    // By code point: half of a pair cannot be on the wire.
    const signs = [...text]
    for (let from = 0; from < signs.length; ) {
      const size = 1 + Math.floor(next() * 12)
      out.push(append(at, signs.slice(from, from + size).join('')))
      from += size
    }
    return out
  }
  return [
    model,
    note({ phase: 'waiting', ttft_us: 480_000 }),
    open('thinking'),
    ...cut(0, 'First this.\n\nThen that, at some length, over\nlines.'),
    close(0),
    amend(0, { duration_us: 3_200_000 }),
    open('content'),
    ...cut(1, SNIPPETS.slice(0, 20).join('\n\n')),
    close(1),
    open('tool', { state: 'input' }),
    amend(2, { name: 'get_weather', id: 'c1' }),
    ...cut(2, '{"city": "Oslo", "days": [1, 2.0, 12345678901234567890]}'),
    close(2),
    amend(2, { state: 'ready' }),
    open('result', { name: 'get_weather' }),
    ...cut(3, 'cold\nand wet'),
    close(3),
    open('hologram'),
    ...cut(4, 'a kind of the future'),
    close(4),
    open('content', { choice: 1 }),
    ...cut(5, SNIPPETS.slice(20).join('\n\n')),
    note({ output_tokens: 300, input_tokens: 20, cost_nanousd: 12_000_000, duration_us: 10_100_000, finish_reason: 'stop' }),
    open('error', { code: 'rate_limit', hint: 'Wait a little.' }),
    ...cut(6, 'Too many requests'),
    end('error', undefined, { code: 'rate_limit', message: 'Too many requests', hint: 'Wait a little.' }),
  ]
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

describe('sections', () => {
  test('are groups with a name, a kind and a place, in order', () => {
    const mounted = mount(new Run(story(1)))
    const groups = [...mounted.view.querySelectorAll('[data-at]')]
    expect(groups.map((g) => [g.getAttribute('role'), g.getAttribute('aria-label'), g.getAttribute('data-kind')])).toEqual([
      ['group', 'Thinking', 'thinking'],
      ['group', 'Answer', 'content'],
      ['group', 'Tool call get_weather', 'tool'],
      ['group', 'Result get_weather', 'result'],
      ['group', 'hologram', 'hologram'],
      ['group', 'Answer, choice 2', 'content'],
      ['group', 'Error', 'error'],
    ])
    expect(group(mounted, 5).textContent).toMatch(/^Choice 2/)
  })

  test('raw text shows each section exactly as it was received', () => {
    const mounted = mount(new Run(story(2)))
    const { store } = mounted.run
    button(mounted.view, 'Raw text').click()
    for (const section of store.sections) expect(body(mounted, section.at)).toBe(section.text())
    button(mounted.view, 'Raw text').click()
    expect(one(group(mounted, 1), '[data-part=body]').className).toBe('nb-md')
  })

  test('render="text" is raw from the first character on, also line by line', () => {
    const mounted = mount(new Run([note({ render: 'text' }), open('content')]))
    let text = ''
    for (const line of ['# a\r\n', '**b', '** <i>\n\n\n', 'x\n'.repeat(200), ' end \u0000\u2028']) {
      text += line
      mounted.run.apply([append(0, line)])
      frame()
      expect(body(mounted, 0)).toBe(text)
    }
    expect(button(mounted.view, 'Raw text').getAttribute('aria-pressed')).toBe('true')
  })

  test('thinking is open while it grows and closes with the first text of the answer', () => {
    const mounted = mount(new Run([model, open('thinking'), append(0, 'hm'.repeat(40))]))
    const toggle = one(group(mounted, 0), 'button')
    expect(toggle.getAttribute('aria-expanded')).toBe('true')
    expect(group(mounted, 0).hasAttribute('data-live')).toBe(true)
    mounted.run.apply([close(0), open('content')])
    frame()
    expect(toggle.getAttribute('aria-expanded')).toBe('true')
    mounted.run.apply([append(1, 'A'), amend(0, { duration_us: 3_200_000 })])
    frame()
    expect(toggle.getAttribute('aria-expanded')).toBe('false')
    expect(toggle.textContent).toBe('Thought for 3.2 s · ~20 tokens')
    toggle.click()
    mounted.run.apply([append(1, 'B'), note({ reasoning_tokens: 412 }), end('done')])
    frame()
    expect(toggle.getAttribute('aria-expanded')).toBe('true')
    expect(toggle.textContent).toBe('Thought for 3.2 s · 412 tokens')
  })

  test('thinking that holds the focus does not close under the reader', () => {
    const mounted = mount(new Run([model, open('thinking'), append(0, 'hm')]))
    const toggle = one(group(mounted, 0), 'button')
    toggle.focus()
    mounted.run.apply([close(0), open('content'), append(1, 'A')])
    frame()
    expect(toggle.getAttribute('aria-expanded')).toBe('true')
  })

  test('a tool call shows its name at once, its arguments laid out as they come, without changing a digit', () => {
    const mounted = mount(new Run([model, open('tool', { name: 'f', state: 'input' }), append(0, '{"n": 12345678901')]))
    expect(one(group(mounted, 0), '.nb-name').textContent).toBe('f')
    expect(body(mounted, 0)).toBe('{\n  "n": 12345678901')
    expect(one(group(mounted, 0), '.nb-open').textContent).toBe('12345678901')
    expect(group(mounted, 0).getAttribute('data-state')).toBe('input')
    mounted.run.apply([append(0, '234567890.0, "m": []}'), close(0), amend(0, { state: 'ready' })])
    frame()
    expect(body(mounted, 0)).toBe('{\n  "n": 12345678901234567890.0,\n  "m": []\n}')
    expect(mounted.view.querySelector('.nb-open, .nb-caret')).toBeNull()
    mounted.run.apply([amend(0, { state: 'ok', duration_us: 410_000 })])
    frame()
    expect(one(group(mounted, 0), 'button').textContent).toBe('fn: 12345678901234567890.0, m: []0.41 s')
  })

  test('arguments that were cut short stay as far as they came, and say so; what is no JSON stays as it came', () => {
    const cut = [open('tool', { name: 'f', state: 'input' }), append(0, '{"n": "a')]
    const other = [open('tool', { name: 'f' }), append(1, '{"n": x')]
    const mounted = mount(new Run([model, ...cut, ...other, end('stopped', 'user')]))
    expect(body(mounted, 0)).toBe('{\n  "n": "a')
    expect(one(group(mounted, 0), '.nb-open').textContent).toBe('"a')
    expect(one(group(mounted, 0), '.nb-state').textContent).toBe('arguments incomplete')
    expect(body(mounted, 1)).toBe('{"n": x')
  })

  test('an error says what failed and what to do, also without a section of its own', () => {
    const mounted = mount(new Run([model, end('error', undefined, { code: 'auth', message: 'No key', hint: 'Set it' })]))
    const error = one(mounted.view, '[data-kind=error]')
    expect(error.getAttribute('aria-label')).toBe('Error')
    expect(error.textContent).toBe('No access to the modelNo keySet it')
  })
})

describe('the question whether a tool may run', () => {
  const asked = { state: 'ask', approval: 'approval-1', asked: '{"path":"a.txt"}' }
  const call = [model, open('tool', { name: 'delete', state: 'input' }), append(0, '{"path": "a.txt"}'), close(0)]
  const question = (mounted: Mounted): HTMLElement => one(group(mounted, 0), '[role=group]')

  test.each([
    ['Approve', true],
    ['Deny', false],
  ])('%s answers it, once', (name, approved) => {
    const mounted = mount(new Run([...call, amend(0, asked)]))
    expect(question(mounted).textContent).toBe('Run delete with exactly these arguments?DenyApprove')
    expect(status(mounted)).toBe('Waiting for your approval')
    button(mounted.view, name).click()
    button(mounted.view, 'Approve').click()
    button(mounted.view, 'Deny').click()
    expect(mounted.run.answers).toEqual([['approval-1', approved]])
    expect(button(mounted.view, 'Deny').getAttribute('aria-disabled')).toBe('true')
  })

  test('takes no focus, and gives it to the heading when it goes', () => {
    const mounted = mount(new Run(call))
    expect(question(mounted).hidden).toBe(true)
    mounted.run.apply([amend(0, asked)])
    frame()
    expect(announced(mounted)).toBe('delete asks for approval')
    expect(mounted.root.activeElement).toBeNull()
    button(mounted.view, 'Deny').focus()
    mounted.run.apply([amend(0, { state: 'denied' })])
    frame()
    expect(question(mounted).hidden).toBe(true)
    expect(mounted.root.activeElement).toBe(one(group(mounted, 0), '.nb-toggle'))
    expect(one(group(mounted, 0), '.nb-toggle').textContent).toContain('denied by you')
  })

  test('is not asked about half of the arguments, and shows those that are asked about where others were streamed', () => {
    const half = call.slice(0, 3)
    expect(question(mount(new Run([...half, amend(0, { state: 'ask', approval: 'approval-1' })]))).hidden).toBe(true)
    const other = mount(new Run([...half, amend(0, { ...asked, asked: '{"path": "b.txt"}' })]))
    expect(question(other).textContent).toContain('"path": "b.txt"')
    expect(question(mount(new Run([...call, amend(0, asked)]))).textContent).not.toContain('a.txt')
  })

  test('is over with the run', () => {
    const mounted = mount(new Run([...call, amend(0, asked), end('stopped', 'user')]))
    expect(question(mounted).hidden).toBe(true)
    expect(status(mounted)).toContain('Stopped by you')
  })

  test('of a stream that came from elsewhere has no buttons, for nobody would hear them', () => {
    expect(question(mount(new Run([...call, amend(0, { state: 'ask' })]))).hidden).toBe(true)
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

describe('foot', () => {
  const figures = ({ view }: Mounted): string[] => [...view.querySelectorAll('dd')].map((dd) => dd.textContent ?? '')

  test('a figure is a dash before it is known, has a tilde while it is estimated, and none when the provider sent it', () => {
    const mounted = mount(new Run([model]))
    const { run } = mounted
    expect(figures(mounted)).toEqual(['–', '– tok/s', '– in', '– out', '$ –'])
    run.apply([note({ ttft_us: 480_000 }), open('content'), append(0, 'x'.repeat(4000))])
    vi.advanceTimersByTime(10_500)
    expect(figures(mounted)).toEqual(['0.48 s', '~100 tok/s', '– in', '~1,000 out', '$ –'])
    run.apply([
      note({ output_tokens: 1236, input_tokens: 1204, cost_nanousd: 22_200_000, duration_us: 10_480_000 }),
      end('done'),
    ])
    frame()
    expect(figures(mounted)).toEqual(['0.48 s', '124 tok/s', '1,204 in', '1,236 out', '$0.0222'])
  })

  test('Copy copies the answer of the first choice and nothing else', async () => {
    const written: string[] = []
    Object.defineProperty(navigator, 'clipboard', {
      configurable: true,
      value: { writeText: async (text: string) => void written.push(text) },
    })
    const mounted = mount(new Run(story(3)))
    button(mounted.view, 'Copy').click()
    await vi.advanceTimersByTimeAsync(0)
    expect(written).toEqual([mounted.run.store.sections[1]?.text()])
    expect(announced(mounted)).toBe('Copied')
    button(mounted.view, 'Copy code').click()
    await vi.advanceTimersByTimeAsync(0)
    expect(written[1]).toBe('print("hi")')
    Reflect.deleteProperty(navigator, 'clipboard')
  })

  test('the prompt is one line that opens, and can be hidden', () => {
    const mounted = mount(new Run([model]))
    const prompt = one(mounted.view, '.nb-prompt')
    expect(prompt.hidden).toBe(false)
    one(prompt, 'button').click()
    expect(one(prompt, 'button').getAttribute('aria-expanded')).toBe('true')
    button(mounted.view, 'Hide prompt').click()
    expect(prompt.hidden).toBe(true)
  })

  test('a scripted answer says so, and how to get a real one', () => {
    const mounted = mount(new Run([model]))
    expect(one(mounted.view, '.nb-note').hidden).toBe(true)
    mounted.run.apply([note({ demo: true })])
    frame()
    expect(one(mounted.view, '.nb-note').textContent).toContain('scripted')
    expect(one(mounted.view, '.nb-note').textContent).toContain('model="openai/gpt-5"')
  })
})

describe('the announcer', () => {
  test('tells the start and the end, never the text', () => {
    const mounted = mount(new Run([model]))
    expect(announced(mounted)).toBe('')
    mounted.run.apply([open('content'), append(0, 'secret words')])
    frame()
    expect(announced(mounted)).toBe('openai/gpt-5 has begun to answer')
    mounted.run.apply([append(0, 'more words')])
    frame()
    expect(announced(mounted)).toBe('openai/gpt-5 has begun to answer')
    mounted.run.apply([end('stopped', 'user')])
    frame()
    expect(announced(mounted)).toBe('Stopped by you after ~6 tokens')
  })

  test('tells what failed', () => {
    const mounted = mount(new Run([model]))
    mounted.run.apply([open('error', { code: 'rate_limit' }), append(0, 'wait 20 s'), end('error')])
    frame()
    expect(announced(mounted)).toBe('Rate limit reached: wait 20 s')
  })

  test('has nothing to say about a run that was over before the view was made', () => {
    expect(announced(mount(new Run(story(1))))).toBe('')
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
