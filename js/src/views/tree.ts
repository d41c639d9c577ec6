/**
 * JSON laid out while it arrives.
 *
 * Belongs here: lines, indentation, colours by kind, the mark under a value that is not whole. Every token stands as it was
 * received, for what is shown may be what a reader approves. Does not belong here: the grammar (`jsonreader`).
 *
 * A container stands on one line while that fits, else one member a line. A line only grows, so a container that was broken over
 * lines stays so, and the layout is that of the whole text, however it was cut. Each piece costs what it is long: breaking
 * touches the separators of containers that were on one line until then.
 *
 * What is no JSON is shown as it came, and so is what goes beyond the limit.
 */

import { h, set } from '../dom'
import { JsonReader, type Sink, type TokenKind } from '../jsonreader'
import { Revealer } from '../visible'
import { Text } from './text'

const INDENT = '  '
/** What fits stays on one line. */
const WIDTH = 80
/** So many characters are laid out. */
export const TREE_LIMIT = 60_000

const CLASSES: Readonly<Record<TokenKind, string>> = { key: 'p', string: 's', number: 'n', word: 'k' }

interface Level {
  readonly indent: string
  /** Characters on its one line, without those of the open level inside. */
  length: number
  broken: boolean
  /** The gaps after its bracket and its commas, which become line ends when it breaks. */
  gaps: globalThis.Text[]
}

export class Tree implements Sink {
  /** Whether it turned out to be no JSON. */
  bad = false
  private reader = new JsonReader(this)
  private readonly levels: Level[] = []
  private readonly caret = h('i', { class: 'nb-caret', 'aria-hidden': 'true' })
  private readonly laidOut = h('div')
  private token: { readonly element: HTMLElement; readonly text: globalThis.Text; readonly revealer: Revealer } | undefined
  private length = 0
  private rest: Text | undefined

  /** `host` must be empty and preserve white space; `whole` gives all text that was appended. */
  constructor(
    private readonly host: HTMLElement,
    private live: boolean,
    private readonly whole: () => string,
  ) {
    if (live) this.laidOut.append(this.caret)
    host.append(this.laidOut)
  }

  append(text: string): void {
    const room = TREE_LIMIT - this.length
    this.length += text.length
    if (!this.bad && room > 0) {
      this.reader.feed(text.slice(0, room))
      if (this.reader.bad) {
        this.giveUp(this.whole().slice(0, this.length))
        return
      }
    }
    if (this.bad) this.rest?.append(text)
    else if (text.length > room) this.overflow(text.slice(Math.max(0, room)))
  }

  close(): void {
    if (!this.bad && this.length <= TREE_LIMIT) {
      this.reader.end()
      if (this.reader.bad) this.giveUp(this.whole())
    }
    // What is not whole keeps its mark.
    if (this.token) this.token.text.appendData(this.token.revealer.flush())
    this.live = false
    this.caret.remove()
    this.rest?.close()
  }

  open(bracket: string): void {
    this.enter()
    this.write(bracket)
    const indent = INDENT.repeat(this.levels.length + 1)
    this.levels.push({ indent, length: 1, broken: false, gaps: [] })
    this.gap('')
    this.measure()
  }

  shut(bracket: string): void {
    const level = this.levels.pop()
    if (!level) return
    level.length += 1
    if (!level.broken && level.indent.length - INDENT.length + level.length > WIDTH) this.breakUp(level)
    if (level.broken) this.write(`\n${level.indent.slice(INDENT.length)}`)
    this.write(bracket)
    const outer = this.levels.at(-1)
    if (outer) outer.length += level.length
    this.measure()
  }

  begin(kind: TokenKind): void {
    this.enter()
    const text = document.createTextNode('')
    const element = h('span', { class: `${CLASSES[kind]} nb-open` }, text)
    this.token = { element, text, revealer: new Revealer() }
    this.put(element)
  }

  grow(text: string): void {
    this.lengthen(text.length)
    if (this.token) this.token.text.appendData(this.token.revealer.feed(text))
  }

  finish(): void {
    const { token } = this
    if (!token) return
    token.text.appendData(token.revealer.flush())
    set(token.element, 'class', token.element.className.replace(' nb-open', ''))
    this.token = undefined
  }

  colon(): void {
    this.write(': ')
    this.lengthen(2)
  }

  comma(): void {
    this.write(',')
    this.gap(' ')
    this.lengthen(2)
  }

  /** The value itself has a line for each member from the first one on. */
  private enter(): void {
    const [outermost] = this.levels
    if (outermost && this.levels.length === 1) this.breakUp(outermost)
  }

  private write(text: string): void {
    const before = this.live ? this.caret.previousSibling : this.laidOut.lastChild
    if (before instanceof globalThis.Text && !this.isGap(before)) before.appendData(text)
    else this.put(document.createTextNode(text))
  }

  private isGap(node: globalThis.Text): boolean {
    return this.levels.at(-1)?.gaps.at(-1) === node
  }

  /** A place where the line ends if the innermost level is, or will be, broken. */
  private gap(inline: string): void {
    const level = this.levels.at(-1)
    if (level?.broken) {
      this.write(`\n${level.indent}`)
      return
    }
    const node = document.createTextNode(inline)
    this.put(node)
    level?.gaps.push(node)
  }

  private put(node: Node): void {
    this.laidOut.insertBefore(node, this.live ? this.caret : null)
  }

  private lengthen(by: number): void {
    const level = this.levels.at(-1)
    if (level) level.length += by
    this.measure()
  }

  /** Break what does not fit any more. */
  private measure(): void {
    let sum = 0
    for (let depth = this.levels.length - 1; depth >= 0; depth--) {
      const level = this.levels[depth]
      if (!level || level.broken) return
      sum += level.length
      if (level.indent.length - INDENT.length + sum > WIDTH) {
        for (const outer of this.levels.slice(0, depth + 1)) this.breakUp(outer)
        return
      }
    }
  }

  private breakUp(level: Level): void {
    if (level.broken) return
    level.broken = true
    for (const gap of level.gaps) gap.data = `\n${level.indent}`
    level.gaps = []
    // Whatever is around it has more than one line now.
    for (const outer of this.levels) if (outer !== level && outer.indent.length < level.indent.length) this.breakUp(outer)
  }

  private overflow(text: string): void {
    this.finish()
    this.rest ??= new Text(this.host, this.live, true)
    this.caret.remove()
    this.rest.append(text)
  }

  private giveUp(text: string): void {
    this.bad = true
    this.host.replaceChildren()
    this.rest = new Text(this.host, this.live, true)
    this.rest.append(text)
  }
}
