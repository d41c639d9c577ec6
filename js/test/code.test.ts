/** Blocks of code: lines, what is invisible in them, their buttons. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CodeBlock, codeBlockOf } from '../src/markdown/code'
import { BOUND } from '../src/markdown/height'
import { keeperOf } from '../src/markdown/kept'
import { hearCode } from '../src/views/code'
import { corpus, random } from './helpers'

afterEach(() => document.body.replaceChildren())

const lineElements = ({ root }: CodeBlock): Element[] => [...root.querySelectorAll('.nb-lines > div')]

function grown(text: string, seed: number): CodeBlock {
  const next = random(seed)
  const block = new CodeBlock('', 'py', true)
  for (let at = 0; at < text.length; ) {
    const size = 1 + Math.floor(next() * 12)
    block.append(text.slice(at, at + size))
    at += size
  }
  return block
}

const TEXTS = [
  '',
  'x',
  'x\n',
  '\n\n',
  'def f():\n    return 1\n\n\nf()\n',
  `${'a\n'.repeat(100)}b`,
  `${'a\n'.repeat(BOUND)}`,
  'if a: # \u202e } \u2066 evil\nb\u200b\u200bc\nd\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}e\n',
  'a\x1b[31m\rb\u2028c\n',
]

test.each(TEXTS)('%j stands in lines however it is cut', (text) => {
  const whole = new CodeBlock(text, 'py', true)
  expect(whole.text).toBe(text)
  expect(lineElements(whole)).toHaveLength(text.split('\n').length - Number(text === '' || text.endsWith('\n')))
  for (const seed of [1, 2, 3]) expect(grown(text, seed).root.outerHTML).toBe(whole.root.outerHTML)
})

test('what is shown is the text, where it hides nothing', () => {
  const text = 'a < b && c > "d"\n\tlone\n'
  expect(new CodeBlock(text, '', false).root.querySelector('code')?.textContent).toBe(text)
})

test('a block becomes what it is told, touching the lines that are new alone', () => {
  const block = new CodeBlock('one\ntwo\nthr', 'py', true)
  const [first, second] = lineElements(block)
  expect(block.become(new CodeBlock('one\ntwo\nthree\nfour\n', 'python', false))).toBe(true)
  expect(lineElements(block).map(({ textContent }) => textContent)).toEqual(['one\n', 'two\n', 'three\n', 'four\n'])
  expect(lineElements(block).slice(0, 2)).toEqual([first, second])
  expect(block.root.getAttribute('aria-label')).toBe('Code, python')
  expect([block.open, block.language]).toEqual([false, 'python'])
  block.become(new CodeBlock('other', 'python', false))
  expect(block.root.querySelector('code')?.textContent).toBe('other')
  expect(keeperOf(block.root)).toBe(block)
})

test.each([
  ['py', 'py'],
  ['Python', 'python'],
  ['{r}', 'r'],
  ['{.rust .numberLines}', 'rust'],
  ['c++', 'c++'],
  ['c#', 'c#'],
  ['js:app.js', 'js'],
  ['', ''],
  ['\u202e', ''],
])('the label %j names the language %j', (info, language) => {
  expect(new CodeBlock('x', info, false).language).toBe(language)
})

test('a label that hides something shows it, and has an end', () => {
  const { root } = new CodeBlock('x', `a\u202eb${'z'.repeat(100)}`, false)
  expect(root.querySelector('header span')?.textContent).toMatch(/^a\[U\+202E\]bz{37}$/)
})

const bidi = corpus('trojan_source.jsonl')

test.skipIf(bidi.missing)('no bidirectional control of the known attacks is left in a block', () => {
  for (const { text, id } of bidi.lines) {
    for (const block of [new CodeBlock(text, text, false), grown(text, 5)]) {
      expect(block.root.textContent, id).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\u2060]/)
      expect(block.text).toBe(text)
    }
  }
})

describe('its buttons', () => {
  let block: CodeBlock
  let copied: string[]
  const button = (name: string): HTMLButtonElement | undefined =>
    [...block.root.querySelectorAll('button')].find(({ ariaLabel, textContent }) => (ariaLabel ?? textContent) === name)

  beforeEach(() => {
    copied = []
    const body = document.createElement('div')
    hearCode(body, (text) => copied.push(text))
    block = new CodeBlock(`a\u202e\n${'b\n'.repeat(BOUND)}`, 'py', false)
    body.append(block.root)
    document.body.append(body)
    block.root.scrollIntoView = vi.fn()
  })

  test('copy gives the exact text', () => {
    button('Copy code')?.click()
    expect(copied).toEqual([`a\u202e\n${'b\n'.repeat(BOUND)}`.slice(0, -1)])
  })

  test('wrap is pressed and released, and outlives more text', () => {
    button('Wrap')?.click()
    expect(button('Wrap')?.getAttribute('aria-pressed')).toBe('true')
    block.become(new CodeBlock(`${block.text}more`, 'py', false))
    expect(block.root.classList.contains('nb-wrap')).toBe(true)
    button('Wrap')?.click()
    expect(block.root.classList.contains('nb-wrap')).toBe(false)
  })

  test('a long block opens and closes; a short one has no button for it', () => {
    button('Show all lines')?.click()
    expect(button('Show fewer lines')?.getAttribute('aria-expanded')).toBe('true')
    button('Show fewer lines')?.click()
    expect(button('Show all lines')?.getAttribute('aria-expanded')).toBe('false')
    expect(copied).toEqual([])
    expect(new CodeBlock('b\n'.repeat(BOUND), 'py', false).root.querySelector('.nb-more')).toBeNull()
  })

  test('whatever is pressed in it, it is found', () => {
    for (const element of block.root.querySelectorAll('*')) expect(codeBlockOf(element)).toBe(block)
  })
})
