/**
 * A tool's result, and every kind of section that this bundle does not know.
 *
 * Belongs here: one line while closed, a bounded height when opened, and how a whole value is best read: as an image, a tree, with
 * a terminal's colours, as text. What is longer than the limit is shown in part; the whole can be copied. Nothing is laid out
 * before somebody opens it.
 */

import { h, picture, set, setText } from '../dom'
import type { Section } from '../store'
import { bytes, S, whole } from '../strings'
import { inlineImage } from '../urls'
import { reveal } from '../visible'
import { coloured, isColoured } from './ansi'
import { copyText } from './clipboard'
import { textOf } from './figures'
import { preview } from './json'
import { type Context, Disclosure, frame, isOpen, type SectionView } from './section'
import { Text } from './text'
import { Tree } from './tree'

/** So many characters are shown. */
const LIMIT = 20_000
const DATA = /^\s*data:image\/\w+;base64,([A-Za-z0-9+/=]+)\s*$/
const encoder = new TextEncoder()

export class ResultView implements SectionView {
  readonly root: HTMLElement
  private readonly preview = h('span', { class: 'nb-preview', 'aria-hidden': 'true' })
  private readonly size = h('span', { class: 'nb-state' })
  private readonly disclosure: Disclosure
  private readonly body = h('div', { class: 'nb-json', 'data-part': 'body' })
  private readonly told = h('span')
  private readonly copy = h('button', { class: 'nb-link', type: 'button' }, S.copyWhole)
  private readonly more = h('p', { class: 'nb-more', hidden: true }, this.told, this.copy)
  /** What stands in the body now. */
  private shown: 'live' | 'nothing' | 'raw' | 'laid out' = 'nothing'
  private text: Text | undefined
  private summary: string | undefined

  constructor(
    private readonly section: Section,
    private readonly context: Context,
  ) {
    const known = section.kind === 'result'
    const kind = reveal(section.kind)
    const label = h('span', { class: 'nb-label' }, known ? S.result : kind)
    const name = known ? S.resultOf(reveal(textOf(section.meta, 'name'))) : kind
    const scroller = h('div', { class: 'nb-result', tabindex: '0', role: 'group', 'aria-label': name }, this.body)
    const outer = h('div', { class: 'nb-sbody' }, scroller, this.more)
    this.disclosure = new Disclosure(outer, [label, this.preview, this.size], () => this.update())
    this.root = frame(section, name, this.disclosure.head, outer)
    this.copy.addEventListener('click', () => void this.copyWhole())
  }

  append(text: string): void {
    if (this.shown === 'live' || isOpen(this.section, this.context)) this.live().append(text)
  }

  update(): void {
    const open = isOpen(this.section, this.context)
    // What nobody taught this view to fold away is shown.
    this.disclosure.suggest(this.section.kind !== 'result')
    if (open) this.live()
    else this.settle()
    setText(this.preview, open || this.disclosure.expanded ? '' : this.inShort())
  }

  tick(): void {}

  /** Text that grows, as it is. */
  private live(): Text {
    if (this.shown !== 'live' || !this.text) {
      this.shown = 'live'
      this.body.replaceChildren()
      this.text = new Text(this.body, true)
    }
    return this.text
  }

  private settle(): void {
    const text = this.section.text()
    this.text?.close()
    if (this.summary === undefined) setText(this.size, bytes(encoder.encode(text).length))
    this.inShort()
    const wanted = this.context.raw ? 'raw' : this.disclosure.expanded ? 'laid out' : 'nothing'
    if (this.shown === wanted) return
    this.shown = wanted
    this.text = undefined
    this.body.replaceChildren()
    if (wanted === 'raw') this.plain(text, false)
    else if (wanted === 'laid out') this.layOut(text)
    const cut = wanted === 'laid out' && text.length > LIMIT && !this.body.querySelector('img')
    set(this.more, 'hidden', !cut)
    if (cut) setText(this.told, `${S.firstOf(whole(LIMIT), whole(text.length))} `)
  }

  private layOut(text: string): void {
    const image = inlineImage(DATA.exec(text)?.[1] ?? textOf(this.section.meta, 'data'))
    const part = text.slice(0, LIMIT)
    if (image) this.body.append(picture(image, this.root.getAttribute('aria-label') ?? ''))
    else if (/^\s*[{[]/.test(text)) {
      // Built apart: the page is told once.
      const apart = h('div')
      const tree = new Tree(apart, false, () => part)
      tree.append(part)
      tree.close()
      this.body.append(apart)
    } else if (isColoured(text)) this.body.append(h('div', {}, ...coloured(part)))
    else this.plain(part, true)
  }

  private plain(text: string, visible: boolean): void {
    const plain = new Text(this.body, false, visible)
    plain.append(text)
    plain.close()
  }

  private inShort(): string {
    this.summary ??= preview(this.section.text())
    return this.summary
  }

  private async copyWhole(): Promise<void> {
    if (await copyText(this.section.text(), this.root)) setText(this.copy, S.copied)
  }
}
