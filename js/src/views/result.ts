/** A tool's result, and every kind of section that this bundle does not know: text, bounded in height, closed at first. */

import { h, setText } from '../dom'
import type { Section } from '../store'
import { bytes, S } from '../strings'
import { textOf } from './figures'
import { preview } from './json'
import { type Context, Disclosure, frame, isOpen, type SectionView } from './section'
import { Text } from './text'

const encoder = new TextEncoder()

export class ResultView implements SectionView {
  readonly root: HTMLElement
  private readonly preview = h('span', { class: 'nb-preview', 'aria-hidden': 'true' })
  private readonly size = h('span', { class: 'nb-state' })
  private readonly disclosure: Disclosure
  private readonly text: Text
  private readonly known: boolean
  private summary = ''
  private sealed = false

  constructor(
    private readonly section: Section,
    private readonly context: Context,
  ) {
    this.known = section.kind === 'result'
    const body = h('div', { class: 'nb-json', 'data-part': 'body' })
    const scroller = h('div', { class: 'nb-result', tabindex: '0' }, body)
    const outer = h('div', { class: 'nb-sbody' }, scroller)
    const label = h('span', { class: 'nb-label' }, this.known ? S.result : section.kind)
    this.text = new Text(body, isOpen(section, context))
    this.disclosure = new Disclosure(outer, [label, this.preview, this.size], () => this.update())
    this.root = frame(
      section,
      this.known ? S.resultOf(textOf(section.meta, 'name')) : section.kind,
      this.disclosure.head,
      outer,
    )
  }

  append(text: string): void {
    this.text.append(text)
  }

  update(): void {
    if (!isOpen(this.section, this.context) && !this.sealed) this.seal()
    // What nobody taught this view to fold away is shown.
    this.disclosure.suggest(!this.known)
    setText(this.preview, this.disclosure.expanded ? '' : this.summary)
  }

  tick(): void {}

  private seal(): void {
    const text = this.section.text()
    this.sealed = true
    this.text.close()
    this.summary = preview(text)
    setText(this.size, bytes(encoder.encode(text).length))
  }
}
