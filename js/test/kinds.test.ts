/** The kinds of sections beside thinking, text and tools: results, sources, files, objects, refusals. */

import { describe, expect, test, vi } from 'vitest'
import type { Event } from '../src/events'
import { inlineImage } from '../src/urls'
import { frame, mount, one } from './mounted'
import { amend, append, close, end, note, open, Run } from './run'

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

function shown(...events: Event[]): { run: Run; view: HTMLElement } {
  return mount(new Run([note({ model: 'openai/gpt-5' }), ...events]))
}

const section = (view: HTMLElement, at: number): HTMLElement => one(view, `[data-at="${at}"]`)
const body = (view: HTMLElement, at: number): HTMLElement => one(section(view, at), '[data-part=body]')
const toggle = (view: HTMLElement, at: number): HTMLElement => one(section(view, at), '.nb-toggle')
const press = (view: HTMLElement, name: string): void =>
  [...view.querySelectorAll('button')].find((b) => (b.getAttribute('aria-label') ?? b.textContent) === name)?.click()

function whole(at: number, kind: string, text: string, meta: Record<string, string | boolean> = {}): Event[] {
  return [open(kind, meta), append(at, text), close(at)]
}

describe('a result', () => {
  const opened = (text: string, meta = {}): HTMLElement => {
    const { view } = shown(...whole(0, 'result', text, { name: 'f', ...meta }))
    expect(body(view, 0).childNodes).toHaveLength(0)
    toggle(view, 0).click()
    return view
  }

  test('is one line until it is opened, and laid out then', () => {
    const view = opened('{"a": [1.0, 2], "b": null}')
    expect(body(view, 0).textContent).toBe('{\n  "a": [1.0, 2],\n  "b": null\n}')
    toggle(view, 0).click()
    expect(toggle(view, 0).textContent).toBe('Resulta: […], b: null26 B')
  })

  test('has the colours of a terminal as classes of the view, and nothing else that a terminal can be told', () => {
    const coloured = '\x1b[1;31mred\x1b[0m \x1b[38;5;46mgreen\x1b[39m \x1b[38;2;10;20;250mblue\x1b[0m'
    const view = opened(
      `${coloured} \x1b]0;title\x07\x1b[2J\x1b[8mnot hidden\x1b[0m \x1b]8;;https://e.org\x1b\\link\x1b]8;;\x1b\\ a\u202eb`,
    )
    expect(body(view, 0).textContent).toBe('red green blue not hidden link a[U+202E]b')
    const spans = [...body(view, 0).querySelectorAll('span')].map((span) => [span.textContent, span.className])
    expect(spans).toEqual([
      ['red', 'nb-a-error nb-a-bold'],
      ['green', 'nb-a-ok'],
      ['blue', 'nb-a-accent'],
    ])
  })

  test('is shown in part where it is long, and copied whole', async () => {
    const written: string[] = []
    const clipboard = { writeText: async (text: string) => void written.push(text) }
    Object.defineProperty(navigator, 'clipboard', { configurable: true, value: clipboard })
    const long = `[${`"${'row '.repeat(250)}", `.repeat(70)}1]`
    const view = opened(long)
    expect(body(view, 0).textContent?.length).toBeLessThan(21_000)
    expect(one(section(view, 0), '.nb-more').textContent).toBe('The first 20,000 of 70,283 characters. Copy full value')
    press(view, 'Copy full value')
    await vi.advanceTimersByTimeAsync(0)
    expect(written).toEqual([long])
    Reflect.deleteProperty(navigator, 'clipboard')
  })

  test.each([
    [`data:image/png;base64,${PIXEL}`, {}],
    ['an image', { data: PIXEL }],
  ])('may be an image that is in it', (text, meta) => {
    const view = opened(text, meta)
    expect(one(body(view, 0), 'img').getAttribute('src')).toBe(`data:image/png;base64,${PIXEL}`)
  })

  test('is raw text exactly as it came', () => {
    const text = '\x1b[31m{"a":\r\n 1}\u202e'
    const { view } = shown(...whole(0, 'result', text))
    press(view, 'Raw text')
    expect(body(view, 0).textContent).toBe(text)
    press(view, 'Raw text')
    expect(body(view, 0).textContent).toBe('')
  })
})

describe('sources', () => {
  const three = [
    ...whole(0, 'source', 'https://docs.example.org/a', { title: 'First of all', quote: 'words' }),
    ...whole(1, 'source', 'report.pdf'),
    ...whole(2, 'source', 'javascript:alert(1)', { title: 'Third' }),
  ]

  test('that follow one another are one numbered list, whose addresses are links only where they may be', () => {
    const { view } = shown(...three, ...whole(3, 'content', 'x'), ...whole(4, 'source', 'https://b\u00fccher.example/'))
    expect(toggle(view, 0).textContent).toBe('Sources · 3')
    expect([...section(view, 0).querySelectorAll('li')].map((li) => li.textContent)).toEqual([
      '1First of alldocs.example.org',
      '2report.pdf',
      '3Thirdjavascript:alert(1)',
    ])
    const links = [...view.querySelectorAll('a')].map((a) => [a.getAttribute('href'), a.rel, a.target])
    expect(links).toEqual([
      ['https://docs.example.org/a', 'noopener noreferrer', '_blank'],
      ['https://xn--bcher-kva.example/', 'noopener noreferrer', '_blank'],
    ])
    expect([1, 2].map((at) => section(view, at).hidden)).toEqual([true, true])
    expect(section(view, 4).textContent).toContain('xn--bcher-kva.example')
  })

  test('are listed as they become whole', () => {
    const { run, view } = shown(open('source'), append(0, 'https://one.example/'))
    expect(section(view, 0).querySelectorAll('li')).toHaveLength(0)
    run.apply([close(0), ...whole(1, 'source', 'https://two.example/')])
    frame()
    expect(section(view, 0).querySelectorAll('li')).toHaveLength(2)
  })

  test('show what is hidden in them, and each its own text when text is raw', () => {
    const { view } = shown(...whole(0, 'source', 'https://e.org/', { title: 'gnp\u202exe.e' }), ...whole(1, 'source', 'b'))
    expect(one(view, 'li').textContent).toContain('gnp[U+202E]xe.e')
    press(view, 'Raw text')
    expect([0, 1].map((at) => [section(view, at).hidden, body(view, at).hidden, body(view, at).textContent])).toEqual([
      [false, false, 'https://e.org/'],
      [false, false, 'b'],
    ])
  })
})

describe('a file', () => {
  test('whose bytes are here and a picture is shown', () => {
    const { view } = shown(...whole(0, 'file', 'a.png', { name: 'a.png', media_type: 'text/html', data: PIXEL }))
    expect(one(view, 'img').getAttribute('alt')).toBe('a.png')
  })

  test.each(['image/png', ''])(
    'that is a picture elsewhere is fetched when the reader has been told from where (%j)',
    (type) => {
      const url = 'https://images.example.org/i.png?x=SECRET'
      const { view } = shown(...whole(0, 'file', url, { url, ...(type !== '' && { media_type: type }) }))
      expect(view.querySelector('img, a[href]')).toBeNull()
      press(view, 'Show image from images.example.org')
      expect(one(view, 'img').getAttribute('src')).toBe(url)
      expect(one(view, 'img').getAttribute('referrerpolicy')).toBe('no-referrer')
    },
  )

  test.each(['/api/contents', 'javascript:alert(1)', 'data:image/svg+xml,<svg/>', 'mailto:a@b.c', '//e.org/x'])(
    'is not offered from %s',
    (url) => {
      const { view } = shown(...whole(0, 'file', 'x', { url, media_type: 'image/png', data: 'PHN2Zz4=' }))
      expect(view.querySelector('img, [href]')).toBeNull()
      expect(section(view, 0).textContent).not.toContain('Show')
    },
  )

  test('of another kind is saved as bytes of no type, or opened by a link that names the host', () => {
    const made: Blob[] = []
    vi.stubGlobal(
      'URL',
      Object.assign(URL, { createObjectURL: (blob: Blob) => made.push(blob) && 'blob:x', revokeObjectURL: () => undefined }),
    )
    const { view } = shown(
      ...whole(0, 'file', 'x', { name: '../a.html', media_type: 'text/html', data: 'PGI+' }),
      ...whole(1, 'file', 'y', { name: 'r.pdf', media_type: 'application/pdf', url: 'https://e.org/r.pdf' }),
    )
    press(section(view, 0), 'Save')
    expect(made.map(({ type, size }) => [type, size])).toEqual([['application/octet-stream', 3]])
    expect(section(view, 0).textContent).toContain('../a.html · text/html · 3 B')
    expect(one(section(view, 1), 'a').textContent).toBe('Open at e.org')
    vi.unstubAllGlobals()
  })
})

describe('what is an image', () => {
  test.each(['/9j/4AAQSkZJRg==', 'R0lGODlhAQABAAAAACw=', 'UklGRiQAAABXRUJQVlA4', PIXEL])('%s', (data) => {
    expect(inlineImage(data)).toMatch(/^data:image\/(png|jpeg|gif|webp);base64,/)
  })
  test.each(['', 'PHN2ZyB4bWxucz0', 'iVBORw0KGgo"onerror=', 'iVBORw0KGgo,', 'iVBORw0KGgo=\n', 'https://e.org/iVBORw0KGgo'])(
    '%j is none',
    (data) => {
      expect(inlineImage(data)).toBeUndefined()
    },
  )
})

describe('JSON that was asked for', () => {
  const asked = note({ render: 'json' })

  test('grows as a tree, raw text at the press of a button', () => {
    const { run, view } = shown(asked, open('content'))
    run.apply([append(0, '{"title": "So')])
    frame()
    expect(body(view, 0).textContent).toBe('{\n  "title": "So')
    expect(one(body(view, 0), '.nb-open').textContent).toBe('"So')
    run.apply([append(0, 'up", "minutes": 125}'), close(0), end('done', 'stop')])
    frame()
    expect(body(view, 0).textContent).toBe('{\n  "title": "Soup",\n  "minutes": 125\n}')
    press(view, 'Raw text')
    expect(body(view, 0).textContent).toBe('{"title": "Soup", "minutes": 125}')
  })

  test('with a fence around it is the Markdown that it is, also when the fence comes late', () => {
    const { run, view } = shown(asked, open('content'))
    run.apply([append(0, ' \n')])
    frame()
    run.apply([append(0, '```json\n{"a": 1}\n```'), close(0)])
    frame()
    expect(one(body(view, 0), 'code').textContent).toContain('{"a": 1}')
  })

  test('as a part of an answer is a tree with its name', () => {
    const { view } = shown(...whole(0, 'object', '{"a":1}', { name: 'weather' }))
    expect(section(view, 0).getAttribute('aria-label')).toBe('Object weather')
    expect(body(view, 0).textContent).toBe('{\n  "a": 1\n}')
  })
})

describe('a refusal', () => {
  test('is said to be one', () => {
    const { run, view } = shown(open('content'), append(0, 'I cannot'))
    expect(one(view, '.nb-refusal').hidden).toBe(true)
    run.apply([amend(0, { refusal: true })])
    frame()
    expect(one(view, '.nb-refusal').textContent).toBe('The model refused to answer')
    expect(section(view, 0).getAttribute('aria-label')).toBe('Refusal')
    expect(body(view, 0).textContent).toBe('I cannot')
    run.apply([end('done', 'content_filter')])
    frame()
    expect(one(view, '[role=status]').textContent).toBe('Done: the model refused')
  })

  test('without a text is told by its reason', () => {
    const { view } = shown(note({ refusal: 'It would help with harm.' }), end('done', 'content_filter'))
    expect(one(view, '[role=status]').textContent).toBe('Done: the model refused')
    expect(view.textContent).toContain('It would help with harm.')
  })
})
