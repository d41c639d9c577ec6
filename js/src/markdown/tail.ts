/**
 * Markdown that grows: what is final is left alone, only the open tail is read again.
 *
 * Belongs here: the tail, and bringing the elements up to date with it. Does not belong here: where the text may be cut (`cut`),
 * how a cut block is joined (`joint`), the quick way for a small change (`refresh`), the dialect (`parser`), guesses (`mend`).
 *
 * All of it is a function of the text: the elements do not depend on how the text came (law L8).
 */

import { h } from '../dom'
import { made, read } from './blocks'
import { spot } from './caret'
import { type Cut, findCut, LEAST } from './cut'
import { divide, itemsOf, longKind } from './groups'
import { amount, type Going, join, renew } from './joint'
import { groupsOf, Late, makeAgain, standing } from './late'
import { isLoose, loosen, loosenTokens } from './loose'
import { mend } from './mend'
import { morph } from './morph'
import { blockStarts, noReferences, parseInlines, type References, type Token, watched, within } from './parser'
import { Parts } from './parts'
import { refresh } from './refresh'

/** Text is read in steps of so many characters, so that a block that is too long is found at the same place however it came. */
const STEP = 4_096
/** A block of which so much cannot be cut goes on as plain text, up to the next empty line. */
const LIMIT = 32_768

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
    for (const index of this.tight) {
      const list = this.parts.at(index)
      if (list instanceof Element) loosen(itemsOf(list))
    }
    this.tight.clear()
    for (const remember of pieces) remember()
    if (pieces.length > 0) this.divide(final)
    for (const piece of this.late.take(defined)) makeAgain(piece, this.caret)
    this.point()
  }

  /** Divide what is long: the blocks from `first` on, and their sequence. */
  private divide(first: number): void {
    for (let index = first; index <= this.final; index++) {
      const block = this.parts.at(index)
      const kind = longKind(block)
      if (!(block instanceof Element) || kind === undefined) continue
      if (index < this.final) divide(block, kind)
      else if (this.going?.kind === kind) this.going = { ...this.going, kept: divide(block, kind, this.going.kept) }
    }
    this.parts.divide(this.final)
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
    this.going = this.goingOn(tokens, source, cut, held, blocks.length === 1)
    if (missed.size === 0) return () => undefined
    return () => {
      const make = (): DocumentFragment => {
        const scope = within(this.definitions)
        const again = read(source, scope, going)
        parseInlines(again, scope)
        return made(again, going)
      }
      const groups = standing(sizes, (index) => this.parts.at(final + index), going, cut.kind)
      this.late.wait(missed, { make, head: going?.kind, tail: cut.kind, groups })
    }
  }

  /** What goes on behind `cut`, of which `held` stands for good; `same` if it is what went on before. */
  private goingOn(tokens: readonly Token[], source: string, cut: Cut, held: number, same: boolean): Going | undefined {
    if (cut.kind === undefined) return undefined
    const before = same ? this.going : undefined
    const loose =
      cut.kind === 'list' &&
      (before?.loose || isLoose(tokens.slice(blockStarts(tokens).at(-1)), source) || /\n[ \t]*\n$/.test(source))
    if (loose && !before?.loose) this.tight.add(this.final)
    return { kind: cut.kind, prefix: cut.prefix, kept: (before?.kept ?? 0) + held, loose }
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
    const { going, caret } = this
    return refresh(this.shown, tokens, {
      going,
      caret,
      block: this.parts.at(this.final),
      host: this.parts.last,
      parseInlines: (some) => parseInlines(some, scope, !this.closed),
    })
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
