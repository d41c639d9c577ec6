import { describe, expect, test } from 'vitest'
import { JsonReader } from '../src/jsonreader'
import { Text } from '../src/views/text'
import { TREE_LIMIT, Tree } from '../src/views/tree'
import { reveal } from '../src/visible'
import { corpus, random } from './helpers'

/** What a tree of `text` looks like when it came in `pieces`. */
function grown(pieces: readonly string[], closed = true): HTMLElement {
  const host = document.createElement('div')
  const text = pieces.join('')
  const tree = new Tree(host, !closed, () => text)
  for (const piece of pieces) tree.append(piece)
  if (closed) tree.close()
  return host
}

const laidOut = (text: string): string => grown([text]).textContent ?? ''

const LONG = 'x'.repeat(70)
const TEXTS = [
  '{}',
  '[]',
  ' { "a" : 1.0 , "b" : [ ] , "c" : { } } ',
  '{"city": "Oslo", "days": [1, 2, 3], "deep": {"er": [[[]], {"x": null}]}}',
  `{"long": ["${LONG}", 1, {"in": true}], "short": [1]}`,
  `[[${'1234567, '.repeat(9)}1], [${'1234567, '.repeat(8)}12345]]`,
  '{"a": "es\\"ca\\\\ped \\u202e", "n": -1.5e+10, "big": 12345678901234567890, "dup": 1, "dup": 2}',
  '"only a text"',
  '12',
  'true',
  '{"a": NaN, "b": -Infinity}',
  '{"hid\u200b\u202eden": "a\u202e\u2066b \u{1F3F4}\u{E0067}\u{E0062}\u{E007F} \u{E0041}\u{E0042}"}',
  '{"cut": "sho',
  '{"cut": [1, {"x',
  '{"bad": tru}',
  '{"a": 1} trailing',
  'no JSON at all\nof two lines',
  '{"raw\nline": 1}',
  '[1,]',
  '{"a" 1}',
  `${'['.repeat(120)}`,
  `[${'"0123456789", '.repeat(6000)}1]`,
]

describe('a tree of JSON', () => {
  test.each(TEXTS.map((text) => [text.slice(0, 60), text]))('looks the same however it came: %s', (_, text) => {
    const whole = grown([text]).innerHTML
    const next = random(7)
    const pieces: string[] = []
    for (let at = 0; at < text.length; ) {
      const size = 1 + Math.floor(next() * 9)
      pieces.push(text.slice(at, at + size))
      at += size
    }
    expect(grown(pieces).innerHTML).toBe(whole)
    if (text.length > 1000) return
    expect(grown([...text]).innerHTML).toBe(whole)
    for (let at = 1; at < text.length; at++) {
      const head = text.slice(0, at)
      expect(grown([...head], false).innerHTML, head).toBe(grown([head], false).innerHTML)
    }
  })

  test('has one member a line, and keeps on one line what fits', () => {
    expect(laidOut(TEXTS[2] ?? '')).toBe('{\n  "a": 1.0,\n  "b": [],\n  "c": {}\n}')
    expect(laidOut(TEXTS[3] ?? '')).toBe('{\n  "city": "Oslo",\n  "days": [1, 2, 3],\n  "deep": {"er": [[[]], {"x": null}]}\n}')
    expect(laidOut(TEXTS[4] ?? '')).toBe(`{\n  "long": [\n    "${LONG}",\n    1,\n    {"in": true}\n  ],\n  "short": [1]\n}`)
    for (const line of laidOut(TEXTS[5] ?? '').split('\n')) expect(line.length).toBeLessThanOrEqual(81)
  })

  test('never takes a line back while it grows', () => {
    let height = 0
    const text = TEXTS[4] ?? ''
    for (let at = 1; at <= text.length; at++) {
      const lines = (grown([text.slice(0, at)], false).textContent ?? '').split('\n').length
      expect(lines).toBeGreaterThanOrEqual(height)
      height = lines
    }
  })

  test('changes no digit, no escape and no repeated key', () => {
    const text = TEXTS[6] ?? ''
    expect(laidOut(text).replace(/\s+/g, '')).toBe(text.replace(/\s+/g, ''))
  })

  test('shows what is hidden', () => {
    expect(laidOut(TEXTS[11] ?? '')).toBe(
      '{\n  "hid[2 hidden characters]den": "a[2 hidden characters]b \u{1F3F4}\u{E0067}\u{E0062}\u{E007F} [2 hidden characters]"\n}',
    )
  })

  test.each(['{"bad": tru}', '{"a": 1} trailing', 'no JSON at all\nof two lines', '[1,]', '{"a" 1}', '{"raw\nline": 1}'])(
    'that is none is the text as it came: %s',
    (text) => {
      expect(laidOut(text)).toBe(text)
    },
  )

  test('goes on as text where it grows too large', () => {
    const text = TEXTS.at(-1) ?? ''
    expect(text.length).toBeGreaterThan(TREE_LIMIT)
    const host = grown([text])
    expect(host.childNodes).toHaveLength(2)
    expect(host.lastChild?.textContent).toBe(text.slice(TREE_LIMIT))
  })
})

describe('what is JSON', () => {
  const { missing, lines } = corpus('json_parsing.jsonl')
  const rows = lines as readonly { readonly id: string; readonly text?: string; readonly expect?: string }[]
  test.skipIf(missing)('is what the collection of edge cases says, but for escapes and depth', () => {
    const wrong = rows.filter(({ text, expect: expected }) => {
      if (text === undefined || expected === 'either') return false
      const reader = new JsonReader({
        open: () => undefined,
        shut: () => undefined,
        begin: () => undefined,
        grow: () => undefined,
        finish: () => undefined,
        colon: () => undefined,
        comma: () => undefined,
      })
      reader.feed(text)
      reader.end()
      return reader.complete !== (expected === 'accept')
    })
    // An escape is shown as it stands, whatever it says; NaN and its like are what Python writes.
    const strict = wrong.filter(({ text = '' }) => !/\\|NaN|Infinity/.test(text))
    expect(strict.map(({ text }) => text)).toEqual([])
  })
})

describe('what is hidden', () => {
  test.each([
    [
      'plain words, caf\u00e9 \u05e9\u05dc\u05d5\u05dd \u{1F468}\u200d\u{1F469} \u2764\ufe0f',
      'plain words, caf\u00e9 \u05e9\u05dc\u05d5\u05dd \u{1F468}\u200d\u{1F469} \u2764\ufe0f',
    ],
    ['a\u202eb', 'a[U+202E]b'],
    ['a\u200b\u200bb', 'a[2 hidden characters]b'],
    ['\u001b[31m\u007f\u0000', '\u241b[31m\u2421\u2400'],
    ['a\r\nb\rc\u2028d', 'a\nb\nc\nd'],
    ['\u{E0041}', '[U+E0041]'],
    ['\ud800 \ufffe', '\ufffd \ufffd'],
  ])('%j is shown as %j', (text, shown) => {
    expect(reveal(text)).toBe(shown)
    const host = document.createElement('div')
    const pieces = new Text(host, false, true)
    for (const sign of text) pieces.append(sign)
    pieces.close()
    expect(host.textContent).toBe(shown)
  })
})
