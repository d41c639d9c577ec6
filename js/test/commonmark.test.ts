/**
 * The examples of the CommonMark specification, streamed by character and held to the HTML that the specification says.
 *
 * Both sides are brought to one spelling of what is our stated policy (`docs/markdown.md`): headings two levels down, images
 * and links that are no absolute http, https or mailto address as words. What differs beyond that must stand in the table of
 * deviations there, and nothing may stand there that does not differ.
 */

import { readFileSync } from 'node:fs'
import { tests } from 'commonmark-spec'
import { expect, test, vi } from 'vitest'
import { Markdown } from '../src/markdown'
import { safeUrl } from '../src/urls'

// Half a million characters, one at a time; a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 })

// The specification writes tabs as arrows.
const examples = tests.map(({ markdown, html, number }) => ({
  number,
  markdown: markdown.replaceAll('→', '\t'),
  html: html.replaceAll('→', '\t'),
}))

const BLOCKS = /^(?:blockquote|h\d|hr|li|ol|p|pre|table|tbody|td|th|thead|tr|ul)$/
const DOWN = new Map([1, 2, 3, 4, 5, 6].map((level) => [`h${level}`, `h${Math.min(level + 2, 6)}`]))
/** What stands for an image: its description, in a frame. */
const image = (alt: string): string => `{image ${alt}}`

function streamed(text: string): HTMLElement {
  const host = document.createElement('div')
  const markdown = new Markdown(host)
  for (const character of text) markdown.append(character)
  markdown.close()
  return host
}

/** The specification's HTML in the spelling that both sides are compared in. */
function theirs(html: string): string {
  const template = document.createElement('template')
  template.innerHTML = html
  const special = (element: Element): string | undefined => {
    const name = element.localName
    if (name === 'img') return image(element.getAttribute('alt') ?? '')
    if (name === 'a') return anchor(element.getAttribute('href') ?? '', element, special)
    if (name === 'pre') return pre(element, element.firstElementChild?.className.replace('language-', '') ?? '')
    return DOWN.has(name) ? tag(DOWN.get(name) ?? '', element, special) : undefined
  }
  return trimmed(write(template.content, special))
}

function ours(host: Element): string {
  const own = (element: Element): string | undefined => {
    if (element.matches('.nb-part')) return write(element, own)
    if (element.matches('.nb-figure')) return image(described(element.querySelector('.nb-img > span')))
    if (element.matches('figure'))
      return pre(element.querySelector('pre'), element.querySelector('header span')?.textContent ?? '')
    if (element.localName === 'a') return anchor(element.getAttribute('href') ?? '', element, own)
    if (element.localName === 'span' && element.hasAttribute('title')) return tag('span', element, own)
    return undefined
  }
  return trimmed(write(host, own))
}

function described(element: Element | null): string {
  return /: (.*)$/s.exec(element?.textContent ?? '')?.[1] ?? ''
}

function anchor(href: string, element: Element, other: Special): string {
  const safe = safeUrl(href)
  return safe === undefined ? tag('span', element, other) : `<a ${safe}>${write(element, other)}</a>`
}

type Special = (element: Element) => string | undefined

function tag(name: string, element: Element, other: Special): string {
  const start = element.localName === 'ol' ? (element.getAttribute('start') ?? '1') : ''
  return `<${name}${start && ` ${start}`}>${write(element, other)}</${name}>`
}

/** Code, its white space made visible, because it counts. */
function pre(element: Element | null, language: string): string {
  const text = escaped(element?.textContent ?? '')
  return `<pre ${language}>${text.replaceAll('\n', '\u21b5').replaceAll(' ', '\u00b7')}</pre>`
}

/** The content of `root`, `special` elements written by that. */
function write(root: ParentNode & Node, special: Special): string {
  let out = ''
  for (const node of root.childNodes) {
    if (node instanceof Text) out += escaped(node.data)
    else if (node instanceof Element) {
      const own = special(node)
      if (own !== undefined) out += own
      else if (node.localName === 'br' || node.localName === 'hr') out += `<${node.localName}>`
      else out += tag(node.localName, node, special)
    }
  }
  return out
}

/** White space at the edges of blocks is not seen. */
function trimmed(out: string): string {
  return out
    .replace(/\s*(<\/?([a-z0-9]+)(?: [^<>]*)?>)\s*/g, (all, mark: string, name: string) => (BLOCKS.test(name) ? mark : all))
    .replace(/<br>\s*/g, '<br>')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** The numbers of the examples in the table of deviations. */
function stated(): Set<number> {
  const page = readFileSync('../docs/markdown.md', 'utf8')
  const rows = page.slice(page.indexOf('## Deviations')).matchAll(/^\| ([\d, ]+) \|/gm)
  return new Set([...rows].flatMap(([, numbers = '']) => numbers.split(', ').map(Number)))
}

test('every example of the specification, streamed by character, becomes what the specification says, but for what the docs list', () => {
  expect(examples).toHaveLength(652)
  const differing = examples.filter(({ markdown, html }) => ours(streamed(markdown)) !== theirs(html))
  expect(differing.map(({ number }) => number)).toEqual([...stated()].sort((a, b) => a - b))
})

test('the comparison tells apart what differs', () => {
  const same = (html: string, markdown: string): boolean => ours(streamed(markdown)) === theirs(html)
  expect(same('<p>a <em>b</em></p>', 'a *b*')).toBe(true)
  expect(same('<p>a <em>b</em></p>', 'a **b**')).toBe(false)
  expect(same('<ul>\n<li>a</li>\n</ul>', '- a')).toBe(true)
  expect(same('<ul>\n<li><p>a</p></li>\n</ul>', '- a')).toBe(false)
  expect(same('<pre><code>a\n</code></pre>', '```\na\n```')).toBe(true)
  expect(same('<pre><code>a\n\n</code></pre>', '```\na\n```')).toBe(false)
  expect(same('<p><a href="https://a.example/">b</a></p>', '[b](https://b.example/)')).toBe(false)
  expect(same('<ol start="3"><li>a</li></ol>', '4. a')).toBe(false)
})
