/**
 * Markdown that grows: finished blocks are left alone, only the open tail is parsed again.
 *
 * Belongs here: what is final and when. Does not belong here: the dialect (`parser`), elements (`nodes`), guesses (`mend`).
 *
 * Only the last top-level block can still change, but which one is the last is known late: an incomplete line may turn out to
 * be an underline, a table's second line or part of a list. With two complete lines after its beginning a block is there to
 * stay, and all before it are final. One thing reaches back further: a link's definition. A final piece therefore remembers the
 * labels that it asked for in vain, and is built again in place when one of them is defined.
 *
 * All of it is a function of the text: the elements do not depend on how the text was cut (law L8).
 *
 * With each frame the browser walks over all children of the element that grows, changed or not. So the first blocks stand in
 * the host itself, later ones in parts of as many, and only the last part grows.
 */

import { h } from '../dom'
import { keeperOf } from './kept'
import { complete, endsBlank, settle } from './mend'
import { morph } from './morph'
import { build } from './nodes'
import { grows, noReferences, type Parsed, parse, parseInline, type Token, watched, within } from './parser'

/** Complete lines that must follow the beginning of a block before those above it are final. */
const LOOK_AHEAD = 2
/** Elements that hold blocks; the caret goes into the last one that does not. */
const HOLDERS = new Set(['UL', 'OL', 'LI', 'BLOCKQUOTE', 'DIV', 'TABLE', 'TBODY', 'THEAD', 'TR', 'FIGURE', 'PRE'])

/** So many final blocks stand in one part. */
const PART = 64

/** Final blocks that were parsed together. `first` counts them from the beginning of the text. */
interface Piece {
  readonly source: string
  readonly first: number
  readonly count: number
}

export class Markdown {
  private tail = ''
  /** How many final blocks there are. */
  private final = 0
  private closed = false
  private readonly definitions = noReferences()
  private readonly waiting = new Map<string, Set<Piece>>()
  private readonly parts: HTMLElement[]
  /** The part in which the open tail stands. */
  private last: HTMLElement
  private readonly caret = h('i', { class: 'nb-caret', 'aria-hidden': 'true' })

  /** `host` must be empty and is filled by nobody else. */
  constructor(private readonly host: HTMLElement) {
    this.parts = [host]
    this.last = host
    host.append(this.caret)
  }

  append(text: string): void {
    // As markdown-it does it, but before lines are counted; a final CR may be half of a CRLF.
    this.tail = (this.tail + text).replace(/\r\n|\r(?!$)/g, '\n')
    const parsed = parse(this.tail, within(this.definitions), true)
    this.draw(this.boundary(parsed), parsed)
  }

  /** No more text comes: what is open is read as it stands. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.draw(this.tail.length, undefined)
  }

  /** Offset in the tail up to which its blocks are final. */
  private boundary({ blocks }: Parsed): number {
    const complete = count(this.tail)
    const last = blocks.findLast((block) => block.line + LOOK_AHEAD <= complete)
    return last === undefined || last === blocks[0] ? 0 : offsetOf(this.tail, last.line)
  }

  /** Make the text up to `boundary` final and show it and what follows. */
  private draw(boundary: number, parsed: Parsed | undefined): void {
    const fragment = document.createDocumentFragment()
    const start = this.last.childNodes[this.final - (this.parts.length - 1) * PART] ?? null
    const redo = boundary > 0 ? this.commit(this.tail.slice(0, boundary), fragment) : []
    const grown = fragment.childNodes.length
    this.tail = this.tail.slice(boundary)
    if (!this.closed) build(this.open(boundary > 0 ? undefined : parsed), fragment)
    // The caret is no part of what is compared.
    const first = start === this.caret ? null : start
    this.caret.remove()
    morph(this.last, fragment, first)
    this.final += grown
    this.divide()
    for (const piece of redo) this.rebuild(piece)
    if (!this.closed) spot(this.last).append(this.caret)
  }

  /** Move what is too much for the last part into new ones. */
  private divide(): void {
    const more = Math.ceil(this.final / PART) - this.parts.length
    if (more <= 0) return
    // The open tail follows the final blocks wherever they go.
    const rest = [...this.last.childNodes].slice(PART)
    for (let left = more; left > 0; left--) {
      this.last = h('div', { class: 'nb-part' })
      this.last.append(...(left > 1 ? rest.splice(0, PART) : rest))
      this.parts.push(this.last)
      this.host.append(this.last)
    }
  }

  /** Parse `source` for good; returns the older pieces that its definitions concern. */
  private commit(source: string, into: DocumentFragment): Iterable<Piece> {
    const { references, defined, missed } = watched(this.definitions)
    build(parse(source, references).tokens, into)
    const redo = new Set<Piece>()
    for (const label of defined) {
      for (const piece of this.waiting.get(label) ?? []) redo.add(piece)
      this.waiting.delete(label)
    }
    if (missed.size > 0) {
      const piece = { source, first: this.final, count: into.childNodes.length }
      for (const label of missed) this.waiting.set(label, (this.waiting.get(label) ?? new Set()).add(piece))
    }
    return redo
  }

  private rebuild({ source, first, count }: Piece): void {
    const fragment = document.createDocumentFragment()
    build(parse(source, within(this.definitions)).tokens, fragment)
    // Each block by itself: they may stand in several parts.
    for (let at = first; at < first + count; at++) {
      const part = this.parts[Math.floor(at / PART)]
      const block = part?.childNodes[at % PART]
      const next = fragment.firstChild
      if (part === undefined || block === undefined || next === null) return
      const single = document.createDocumentFragment()
      single.append(next)
      morph(part, single, block, block.nextSibling)
    }
  }

  /** The tokens of the open tail, its last block mended. */
  private open(parsed: Parsed = parse(this.tail, within(this.definitions), true)): Token[] {
    const last = parsed.tokens.findLast((token) => token.nesting === 0)
    if (last?.type === 'fence' || last?.type === 'code_block') return withoutHalfFence(parsed.tokens, grows(last))
    if (endsBlank(this.tail)) return parsed.tokens
    const settled = settle(this.tail)
    const references = within(this.definitions)
    const tokens = settled === this.tail ? parsed.tokens : parse(settled, references, true).tokens
    const inline = tokens.findLast((token) => token.nesting === 0)
    if (inline?.type === 'inline') {
      const completed = complete(inline.content)
      if (completed !== inline.content) inline.children = parseInline(completed, references)
    }
    return tokens
  }
}

/** The last line of an open fence may be the first marks of its end. */
function withoutHalfFence(tokens: Token[], fence: Token): Token[] {
  const cut = fence.content.lastIndexOf('\n') + 1
  const last = fence.content.slice(cut).trim()
  if (last !== '' && last.length < fence.markup.length && fence.markup.startsWith(last))
    fence.content = fence.content.slice(0, cut)
  return tokens
}

/** The element in which the next character will stand. */
function spot(host: Element): Element {
  let element = host
  for (;;) {
    const last = element.tagName === 'TR' ? lastFilled(element) : element.lastChild
    const keeper = last ? keeperOf(last) : undefined
    if (keeper) return keeper.spot
    if (!(last instanceof HTMLElement) || !(element === host || HOLDERS.has(element.tagName))) return element
    if (!HOLDERS.has(last.tagName) && !/^(P|H\d|T[HD]|CODE)$/.test(last.tagName)) return element
    if (last.tagName === 'CODE' && element.tagName !== 'PRE') return element
    element = last
  }
}

/** The cells that a row still lacks are there already, empty. */
function lastFilled(row: Element): Element | null {
  let cell = row.lastElementChild
  while (cell?.previousElementSibling && !cell.hasChildNodes()) cell = cell.previousElementSibling
  return cell
}

function count(text: string): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++
  return lines
}

function offsetOf(text: string, line: number): number {
  let at = 0
  for (let left = line; left > 0; left--) at = text.indexOf('\n', at) + 1
  return at
}
