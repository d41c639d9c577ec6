/**
 * Markdown that grows: what is final is left alone, only the open tail is read again.
 *
 * Belongs here: the tail, and bringing the elements up to date with it. Does not belong here: where the text may be cut (`cut`),
 * how a cut block is joined (`joint`), the dialect (`parser`), elements (`nodes`), guesses (`mend`).
 *
 * All of it is a function of the text: the elements do not depend on how the text came (law L8).
 */

import { h } from '../dom'
import { spot } from './caret'
import { type Cut, findCut, LEAST } from './cut'
import {
  amount,
  type Going,
  holder,
  holdsLines,
  isLoose,
  join,
  loosen,
  loosenTokens,
  renew,
  withoutStandIn,
  write,
  writeCode,
} from './joint'
import { groupsOf, Late, makeAgain } from './late'
import { mend } from './mend'
import { morph } from './morph'
import { build, buildInline } from './nodes'
import {
  blockStarts,
  isGrowing,
  lineStarts,
  noReferences,
  parseBlocks,
  parseInlines,
  plain,
  type References,
  type Token,
  watched,
  within,
} from './parser'
import { Parts } from './parts'

/** Text is read in steps of so many characters, so that a block that is too long is found at the same place however it came. */
const STEP = 4_096
/** A block of which so much cannot be cut goes on as plain text, up to the next empty line. */
const LIMIT = 32_768
const EMPTY_LINE = /\n[ \t]*\n/

export class Markdown {
  private tail = ''
  /** A CR at the end, which may be half of a line end. */
  private half = ''
  /** How many characters were read. */
  private seen = 0
  /** How many blocks are final. */
  private final = 0
  /** The block after them, if it was cut. */
  private going: Going | undefined
  private closed = false
  /** The tokens of the open tail as it is shown; undefined where that is not known. */
  private shown: readonly Token[] | undefined
  /** Lists of which final parts must become loose. */
  private readonly tight = new Set<number>()
  private readonly definitions = noReferences()
  private readonly late = new Late()
  private readonly parts: Parts
  private readonly caret = h('i', { class: 'nb-caret', 'aria-hidden': 'true' })

  /** `host` must be empty and is filled by nobody else. A block is cut for `least` characters; that changes nothing to see. */
  constructor(
    host: HTMLElement,
    private readonly least = LEAST,
  ) {
    this.parts = new Parts(host)
    host.append(this.caret)
  }

  append(text: string): void {
    const given = this.half + text
    this.half = given.endsWith('\r') ? '\r' : ''
    // As markdown-it does it, but before lines are counted.
    let rest = given.slice(0, given.length - this.half.length).replace(/\r\n?/g, '\n')
    while (rest !== '') {
      const piece = rest.slice(0, STEP - (this.seen % STEP))
      rest = rest.slice(piece.length)
      this.seen += piece.length
      this.tail += piece
      this.draw()
      if (this.seen % STEP === 0 && this.tail.length > LIMIT && this.going?.kind !== 'plain') this.giveUp()
    }
  }

  /** No more text comes: what is open is read as it stands. */
  close(): void {
    if (this.closed) return
    if (this.half) this.append('\n')
    this.closed = true
    this.shown = undefined
    this.draw()
  }

  private draw(): void {
    const { going, final } = this
    const fragment = document.createDocumentFragment()
    const pieces: (() => void)[] = []
    const defined = new Set<string>()
    const source = (): string => (this.going?.prefix ?? '') + this.tail
    let scope = within(this.definitions)
    let tokens = read(source(), scope, this.going, !this.closed)
    for (let cut = this.cut(tokens, source()); cut; cut = this.cut(tokens, source())) {
      const before = source()
      pieces.push(this.commit(before.slice(0, cut.offset), cut, fragment, defined))
      this.tail = before.slice(cut.offset)
      scope = within(this.definitions)
      tokens = read(source(), scope, this.going, !this.closed)
    }
    if (!this.closed) tokens = mend(tokens, source(), (text) => read(text, scope, this.going, true))
    this.fit(tokens, source())
    if (!this.refresh(tokens, scope)) {
      parseInlines(tokens, scope, !this.closed)
      this.join(fragment, made(tokens, this.going))
      this.place(fragment, going, final)
    }
    // What a definition in the tail makes of it depends on more than its own tokens.
    this.shown = Object.keys(scope).length > 0 ? undefined : tokens
    // It is no part of what gets wrapped.
    if (this.tight.size > 0) this.caret.remove()
    for (const index of this.tight) loosen(holder(this.parts.at(index), 'list')?.children ?? [])
    this.tight.clear()
    this.parts.divide(this.final)
    for (const remember of pieces) remember()
    for (const piece of this.late.take(defined)) makeAgain(piece, this.caret)
    this.point()
  }

  private cut(tokens: readonly Token[], source: string): Cut | undefined {
    const all = { offset: source.length, kind: undefined, prefix: '' }
    return findCut(tokens, source, this.going, this.least) ?? (this.closed && this.tail !== '' ? all : undefined)
  }

  /** Read `source` for good and append its blocks to `into`. Returns what remembers it, once it stands, for late definitions. */
  private commit(source: string, cut: Cut, into: DocumentFragment, defined: Set<string>): () => void {
    const { going, final } = this
    const { references, defined: named, missed } = watched(this.definitions)
    const tokens = read(source, references, going)
    this.fit(tokens, source)
    parseInlines(tokens, references)
    const own = made(tokens, going)
    const blocks = [...own.childNodes]
    const sizes = groupsOf(blocks, going?.kind, cut.kind).map(({ length }) => length)
    const held = cut.kind === undefined ? 0 : amount(own.lastChild, cut.kind)
    this.join(into, own)
    this.final += blocks.length - (cut.kind === undefined ? 0 : 1)
    this.shown = undefined
    for (const label of named) defined.add(label)
    const same = blocks.length === 1 ? this.going : undefined
    const loose =
      cut.kind === 'list' &&
      (same?.loose || isLoose(tokens.slice(blockStarts(tokens).at(-1)), source) || /\n[ \t]*\n$/.test(source))
    if (loose && !same?.loose) this.tight.add(this.final)
    this.going = cut.kind && { kind: cut.kind, prefix: cut.prefix, kept: (same?.kept ?? 0) + held, loose }
    if (missed.size === 0) return () => undefined
    return () => {
      const groups = sizes.map((size, index) => {
        const block = this.parts.at(final + index)
        const kind = index === 0 && going ? going.kind : index === sizes.length - 1 ? cut.kind : undefined
        if (kind === undefined) return block ? [block] : []
        const skipped = index === 0 && going ? going.kept : 0
        return [...(holder(block, kind)?.childNodes ?? [])].slice(skipped, skipped + size)
      })
      const make = (): DocumentFragment => {
        const scope = within(this.definitions)
        const again = read(source, scope, going)
        parseInlines(again, scope)
        return made(again, going)
      }
      this.late.wait(missed, { make, head: going?.kind, tail: cut.kind, groups })
    }
  }

  /** See to it that the list that goes on with `tokens`, read from `source`, is loose as a whole if any of it is. */
  private fit(tokens: readonly Token[], source: string): void {
    if (this.going?.kind !== 'list' || !(this.going.loose || isLoose(tokens, source))) return
    loosenTokens(tokens)
    if (this.going.loose) return
    this.going = { ...this.going, loose: true }
    this.tight.add(this.final)
  }

  /** Append the blocks of `more`, whose first one goes on with the last of `into`, if there is one that goes on. */
  private join(into: DocumentFragment, more: DocumentFragment): void {
    if (this.going && into.lastChild && more.firstChild) {
      join(into.lastChild, more.firstChild, this.going.kind)
      more.firstChild.remove()
    }
    into.append(more)
  }

  /** Bring the tail up to date where only the end of its last block has changed; returns false where more has to be done. */
  private refresh(tokens: readonly Token[], scope: References): boolean {
    if (!this.shown || Object.keys(scope).length > 0) return false
    const at = changed(this.shown, tokens)
    if (at === undefined) return true
    const [only] = tokens
    if (this.going && holdsLines(this.going.kind) && only && tokens.length === 1) {
      const block = this.parts.at(this.final)
      if (this.going.kind === 'code') writeCode(block, only.content, this.going.kept, isGrowing(only))
      else if (block instanceof Element) write(block, only.content, this.going.kept)
      return true
    }
    // Not the formula that may be the last thing in it.
    const inside = spot(this.parts.last, this.caret).closest('p, li, h3, h4, h5, h6')
    if (inside === null || !this.isInside(tokens, at)) return false
    parseInlines(tokens.slice(at, at + 1), scope, !this.closed)
    const fragment = document.createDocumentFragment()
    buildInline(tokens, at, fragment)
    morph(inside, fragment, this.caret)
    return true
  }

  /** Whether the token at `index` is all that stands in the element in which the caret is. */
  private isInside(tokens: readonly Token[], index: number): boolean {
    const opening = tokens[index - 1]
    if (tokens[index]?.type !== 'inline' || tokens.slice(index + 1).some(({ nesting }) => nesting >= 0)) return false
    if (opening?.type !== 'paragraph_open' && opening?.type !== 'heading_open') return false
    // The beginning of a paragraph that goes on stands already.
    if (index === 1 && this.going?.kind === 'paragraph') return false
    return !opening.hidden || tokens[index - 2]?.type === 'list_item_open'
  }

  /** Make what stands from block `first` on equal to `fragment`, whose first block goes on with the one there, if that does. */
  private place(fragment: DocumentFragment, going: Going | undefined, first: number): void {
    let start = this.parts.at(first)
    if (going && start instanceof Element) {
      const rest = fragment.firstChild
      const block = renew(start, rest, going, this.caret)
      if (rest?.parentNode === fragment) rest.remove()
      start = block.nextSibling
    }
    morph(this.parts.last, fragment, this.caret, start === this.caret ? null : start)
  }

  /** Show the open block as text from here. */
  private giveUp(): void {
    const start = this.parts.at(this.final)
    if (this.going && start instanceof Element) {
      renew(start, null, this.going, this.caret)
      this.final += 1
    }
    this.going = { kind: 'plain', prefix: '', kept: 0, loose: false }
    const fragment = document.createDocumentFragment()
    fragment.append(h('div', { class: 'nb-plain' }))
    this.place(fragment, undefined, this.final)
    this.shown = undefined
    this.parts.divide(this.final)
    this.draw()
  }

  /** Put the caret where the next character will stand; one that stands there already is left alone, for a move is dear. */
  private point(): void {
    if (this.closed) this.caret.remove()
    else {
      const at = spot(this.parts.last, this.caret)
      if (at.lastChild !== this.caret) at.append(this.caret)
    }
  }
}

/** The blocks of `source`; text that is no Markdown any more is so up to the next empty line. */
function read(source: string, references: References, going: Going | undefined, growing = false): Token[] {
  if (going?.kind !== 'plain') return parseBlocks(source, references, growing)
  const end = EMPTY_LINE.exec(source)
  const text = end ? source.slice(0, end.index + 1) : source
  const lines = lineStarts(text).length - 1
  const after = end ? parseBlocks(source.slice(text.length), references, growing) : []
  for (const token of after) if (token.map) token.map = [token.map[0] + lines, token.map[1] + lines]
  return [plain(text, [0, lines]), ...after]
}

function made(tokens: readonly Token[], going: Going | undefined): DocumentFragment {
  const fragment = document.createDocumentFragment()
  build(tokens, fragment)
  if (going?.kind === 'paragraph') withoutStandIn(fragment.firstChild)
  return fragment
}

/** The index of the first token that is not as it was; undefined where none is. */
function changed(old: readonly Token[], tokens: readonly Token[]): number | undefined {
  const at = tokens.findIndex((token, index) => !alike(token, old[index]))
  if (at >= 0) return tokens.length === old.length ? at : -1
  return tokens.length === old.length ? undefined : -1
}

function alike(token: Token, old: Token | undefined): boolean {
  return (
    token.type === old?.type &&
    token.tag === old.tag &&
    token.hidden === old.hidden &&
    token.content === old.content &&
    token.info === old.info &&
    String(token.attrs) === String(old.attrs)
  )
}
