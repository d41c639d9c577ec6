/**
 * Tokens to elements.
 *
 * Belongs here: which element stands for which token. Does not belong here: the allow-list itself (`dom`) and which addresses
 * are let through (`urls`). Model text ends in text nodes and in the two attributes that take text (a label, a title).
 */

import { type HtmlName, h } from '../dom'
import { icon } from '../icons'
import { S } from '../strings'
import { safeUrl } from '../urls'
import { CodeBlock, shown } from './code'
import { appendLines } from './lines'
import { Formula } from './math'
import { isGrowing, type Token, unescaped } from './parser'
import { image } from './pictures'

/** The address that an unfinished link is given (see `mend`). */
export const PENDING = 'nbstream:pending'

const TITLE_LIMIT = 200
/** Emphasis within emphasis beyond this is dropped: thousands of levels would overflow the stack of whoever walks them. */
const DEPTH_LIMIT = 16
const TASK = /^\[([ xX])\](?=\s)/

// biome-ignore format: a table of names, not one a line
const TAGS: Readonly<Record<string, HtmlName>> = {
  p: 'p', ul: 'ul', blockquote: 'blockquote', em: 'em', strong: 'strong', s: 's', thead: 'thead', tbody: 'tbody', tr: 'tr',
  // The answer stands inside a notebook, whose outline begins at h1: a model's # is an h3.
  h1: 'h3', h2: 'h4', h3: 'h5', h4: 'h6', h5: 'h6', h6: 'h6',
}

/**
 * Top-level blocks whose direction follows their first strong character. What stands inside them turns by the stylesheet alone:
 * an attribute there would hide its text from the block's own choice.
 */
const DIRECTED: ReadonlySet<HtmlName> = new Set<HtmlName>(['p', 'ul', 'blockquote', 'h3', 'h4', 'h5', 'h6'])

/** Append the elements of `tokens` to `into`. Each top-level block becomes exactly one child. */
export function build(tokens: readonly Token[], into: Node, limit = Number.POSITIVE_INFINITY): void {
  const open: Node[] = [into]
  tokens.forEach((token, index) => {
    const parent = open[open.length - 1] ?? into
    if (token.type === 'inline') buildInline(tokens, index, parent)
    else if (token.nesting === 0) parent.appendChild(leaf(token, parent))
    else if (token.nesting < 0) open.pop()
    // A hidden paragraph is one of a tight list: its inside stands in the item itself.
    else if (token.hidden || open.length > limit) open.push(parent)
    else open.push(container(token, parent, open.length === 1 ? 'auto' : undefined))
  })
}

/** Append what stands inside of the block whose content is the token at `index`. */
export function buildInline(tokens: readonly Token[], index: number, parent: Node): void {
  const children = tokens[index]?.children ?? []
  const [first] = children
  const task = isItem(tokens, index) && first?.type === 'text' ? TASK.exec(first.content) : null
  if (task && first) {
    const done = task[1] !== ' '
    parent.appendChild(
      h('span', { class: 'nb-task', role: 'img', 'aria-label': done ? S.taskDone : S.taskOpen }, icon(done ? 'boxed' : 'box')),
    )
    first.content = first.content.slice(task[0].length)
  }
  build(children, parent, DEPTH_LIMIT)
}

function isItem(tokens: readonly Token[], index: number): boolean {
  return tokens[index - 1]?.type === 'paragraph_open' && tokens[index - 2]?.type === 'list_item_open'
}

function container(token: Token, parent: Node, dir: 'auto' | undefined): Node {
  switch (token.type) {
    case 'link_open':
      return parent.appendChild(link(attribute(token, 'href')))
    case 'table_open': {
      const table = h('table')
      const copy = h(
        'button',
        { class: 'nb-ib nb-csv', type: 'button', 'aria-label': S.copyCsv, title: S.copyCsv },
        icon('copy'),
      )
      const scroller = h('div', { class: 'nb-tbl', role: 'group', 'aria-label': S.table, tabindex: '0' }, table)
      parent.appendChild(h('div', { class: 'nb-tblbox' }, scroller, copy))
      return table
    }
    case 'th_open':
    case 'td_open':
      return parent.appendChild(h(token.tag === 'th' ? 'th' : 'td', { class: aligned(attribute(token, 'style')) }))
    case 'ordered_list_open': {
      const start = attribute(token, 'start')
      return parent.appendChild(h('ol', { dir, start: start === '' ? undefined : start }))
    }
    case 'list_item_open':
      return parent.appendChild(h('li'))
    default: {
      const name = TAGS[token.tag] ?? 'span'
      return parent.appendChild(h(name, { dir: DIRECTED.has(name) ? dir : undefined }))
    }
  }
}

function leaf(token: Token, parent: Node): Node {
  switch (token.type) {
    case 'softbreak':
      return document.createTextNode('\n')
    case 'hardbreak':
      return h('br')
    case 'hr':
      return h('hr')
    case 'code_inline':
      return h('code', {}, ...shown(token.content))
    case 'code_block':
    case 'fence':
      return new CodeBlock(token.content, languageOf(token), isGrowing(token)).root
    case 'math_inline':
    case 'math_block':
      return new Formula(token.content, token.markup, token.block, token.info).root
    case 'math_source':
      return h('div', { class: 'nb-math nb-display' }, h('code', { class: 'nb-tex' }, ...shown(token.content)))
    case 'plain': {
      const lines = h('div', { class: 'nb-plain' })
      appendLines(lines, token.content)
      return lines
    }
    case 'image':
      return image(attribute(token, 'src'), words(token.children ?? []), parent)
    default:
      return document.createTextNode(token.content)
  }
}

/** The first word of what stands behind the marks of a fence. */
function languageOf(token: Token): string {
  return unescaped(token.info).trim().split(/\s/, 1)[0] ?? ''
}

function link(raw: string): Node {
  if (raw === PENDING) return h('span', { class: 'nb-pending' })
  const href = safeUrl(raw)
  if (href === undefined) return h('span', { title: S.linkRefused(clip(raw)) })
  return h('a', { href, target: '_blank', rel: 'noopener noreferrer' })
}

/** The plain text of an image's description. */
function words(tokens: readonly Token[]): string {
  return tokens
    .map((token) => (token.children ? words(token.children) : token.type.endsWith('break') ? ' ' : token.content))
    .join('')
}

function aligned(style: string): string | undefined {
  if (style === 'text-align:right') return 'nb-right'
  return style === 'text-align:center' ? 'nb-center' : undefined
}

function attribute(token: Token, name: string): string {
  return String(token.attrGet(name) ?? '')
}

function clip(text: string): string {
  return text.length > TITLE_LIMIT ? `${text.slice(0, TITLE_LIMIT)}…` : text
}
