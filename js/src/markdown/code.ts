/**
 * A block of code: its label, its tools, its lines.
 *
 * Belongs here: the elements, and keeping them equal to a text that grows. Does not belong here: which colour a line gets
 * (`parts/colours`), how high the block is (`height`), what the
 * buttons do (`views/code`).
 *
 * Each line is an element, so that an append lays out one line and a colour changes one line; lines stand in groups, so that the
 * browser can pass over what is out of sight. All but the colours is a function of the text (law L8). A line that holds
 * something invisible shows it, and gets no colours.
 */

import { h, set, setText } from '../dom'
import { icon } from '../icons'
import { parts, type Taker } from '../parts'
import type { Coloured, Run } from '../parts/colours'
import type { HighlightPart } from '../parts/highlight'
import { paint } from '../schedule'
import { S } from '../strings'
import { pieces, reveal } from '../visible'
import { Height } from './height'
import { type Keeper, keep, keeperOf } from './kept'

const LANGUAGE_LIMIT = 40
/** So many lines stand in one group. */
const GROUP = 32

export class CodeBlock implements Keeper, Coloured, Taker<'highlight'> {
  readonly root: HTMLElement
  language = ''
  /** The lines of the text, each with its line end. */
  readonly texts: string[] = []
  /** Where each line begins in the text. */
  readonly starts: number[] = []
  /** Changes when the text did not grow but become another. */
  version = 0
  length = 0
  private readonly label = h('span')
  private readonly code = h('code')
  private readonly lines: HTMLElement[] = []
  private asked = false
  private recolour: (() => void) | undefined
  private readonly look = (): void => this.dress()
  private readonly height: Height

  constructor(
    text: string,
    public info: string,
    public open: boolean,
  ) {
    const wrap = h(
      'button',
      { class: 'nb-ib nb-wraps', type: 'button', 'aria-label': S.wrap, 'aria-pressed': 'false', title: S.wrapLines },
      icon('wrap'),
    )
    const copy = h(
      'button',
      { class: 'nb-ib nb-copies', type: 'button', 'aria-label': S.copyCode, title: S.copyCode },
      icon('copy'),
    )
    const pre = h('pre', { tabindex: '0' }, this.code)
    this.root = h('figure', { class: 'nb-code', role: 'group' }, h('header', {}, this.label, h('span', {}, wrap, copy)), pre)
    this.height = new Height(this.root, pre)
    this.name(info)
    this.append(text)
    keep(this)
  }

  /** The text exactly as it came. */
  get text(): string {
    return this.texts.join('')
  }

  get spot(): Element {
    return this.lines[this.lines.length - 1] ?? this.code
  }

  become(next: Keeper): boolean {
    if (!(next instanceof CodeBlock)) return false
    if (next.info !== this.info) this.name(next.info)
    this.open = next.open
    const { text } = next
    if (!text.startsWith(this.text)) this.clear()
    this.append(text.slice(this.length))
    this.changed()
    return true
  }

  /** More text, at the end. */
  append(text: string): void {
    let at = 0
    const last = this.texts.length - 1
    if (text !== '' && this.texts[last]?.endsWith('\n') === false) {
      at = text.indexOf('\n') + 1 || text.length
      this.texts[last] += text.slice(0, at)
      this.length += at
      this.lengthen(last, text.slice(0, at))
    }
    while (at < text.length) {
      const end = text.indexOf('\n', at) + 1 || text.length
      this.starts.push(this.length)
      this.texts.push(text.slice(at, end))
      this.length += end - at
      this.addLine()
      at = end
    }
    this.height.fit(this.starts.length, this.open)
    this.changed()
  }

  /** The text of line `at`, with its line end. */
  line(at: number): string {
    return this.texts[at] ?? ''
  }

  /** Show line `at` in colours, if they are not those that it has. */
  paint(at: number, runs: readonly Run[]): void {
    const text = this.line(at)
    const nodes = pieces(text) === undefined ? coloured(text, runs) : undefined
    if (nodes !== undefined) this.fill(at, nodes)
  }

  take(part: HighlightPart): void {
    this.recolour = part.colour(this, paint)
    this.recolour()
  }

  private changed(): void {
    if (this.language !== '') paint(this.look)
  }

  private dress(): void {
    // A block that was only compared with another never stands in the page.
    if (!this.root.isConnected) return
    if (this.asked) this.recolour?.()
    else {
      this.asked = true
      parts().need('highlight', this)
    }
  }

  /** Line `at` has grown by `text`. What has colours keeps them; what is new has none yet. */
  private lengthen(at: number, text: string): void {
    const line = this.lines[at]
    if (line === undefined) return
    if (pieces(this.line(at)) !== undefined || line.querySelector('.nb-hid') !== null) {
      this.fill(at, shown(this.line(at)))
      return
    }
    const caret = line.lastElementChild?.localName === 'i' ? line.lastElementChild : null
    const last = caret ? caret.previousSibling : line.lastChild
    if (last instanceof Text) last.appendData(text)
    else line.insertBefore(document.createTextNode(text), caret)
  }

  private addLine(): void {
    const at = this.starts.length - 1
    const group = at % GROUP === 0 ? this.code.appendChild(h('div', { class: 'nb-lines' })) : this.code.lastElementChild
    const line = h('div')
    line.append(...shown(this.line(at)))
    this.lines.push(line)
    group?.append(line)
  }

  /** Put `nodes` into line `at`, before the caret if it stands there. */
  private fill(at: number, nodes: readonly (Node | string)[]): void {
    const line = this.lines[at]
    const last = line?.lastChild
    line?.replaceChildren(...nodes, ...(last?.nodeName === 'I' ? [last] : []))
  }

  private clear(): void {
    this.version++
    this.length = 0
    this.texts.length = 0
    this.starts.length = 0
    this.lines.length = 0
    this.code.replaceChildren()
  }

  private name(info: string): void {
    this.info = info
    const label = reveal(info.slice(0, LANGUAGE_LIMIT))
    this.language = (/[\w#+-]+/.exec(info)?.[0] ?? '').toLowerCase()
    setText(this.label, label)
    set(this.root, 'aria-label', S.codeIn(label))
  }
}

/** The block that `element` stands in. */
export function codeBlockOf(element: Element): CodeBlock | undefined {
  const figure = element.closest('.nb-code')
  const keeper = figure ? keeperOf(figure) : undefined
  return keeper instanceof CodeBlock ? keeper : undefined
}

/** `text` with what it hides made visible. */
export function shown(text: string): (Node | string)[] {
  const found = pieces(text)
  if (found === undefined) return text === '' ? [] : [text]
  return found.map((piece) => (piece.stands ? h('span', { class: 'nb-hid' }, piece.text) : piece.text))
}

function coloured(text: string, runs: readonly Run[]): (Node | string)[] {
  const nodes: (Node | string)[] = []
  let at = 0
  for (const { length, kind } of runs) {
    const piece = text.slice(at, at + length)
    at += length
    if (piece !== '') nodes.push(kind === '' ? piece : h('span', { class: kind }, piece))
  }
  // It may have grown since the colours were asked for.
  if (at < text.length) nodes.push(text.slice(at))
  return nodes
}
