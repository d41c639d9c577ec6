/** The answer: Markdown, or the text as received. */

import { h } from '../dom'
import { Markdown } from '../markdown'
import type { Section } from '../store'
import { S } from '../strings'
import { type Context, frame, isOpen, type SectionView } from './section'
import { Text } from './text'

interface Writer {
  append(text: string): void
  close(): void
}

export class ContentView implements SectionView {
  readonly root: HTMLElement
  private body: HTMLElement
  private writer: Writer
  private raw: boolean

  constructor(
    private readonly section: Section,
    private readonly context: Context,
  ) {
    this.raw = context.raw
    this.body = this.element()
    this.writer = this.write()
    this.root = frame(section, S.answer, this.body)
  }

  append(text: string): void {
    this.writer.append(text)
  }

  update(): void {
    if (this.raw !== this.context.raw) {
      this.raw = this.context.raw
      const body = this.element()
      this.body.replaceWith(body)
      this.body = body
      this.writer = this.write()
      this.writer.append(this.section.text())
    }
    if (!isOpen(this.section, this.context)) this.writer.close()
  }

  tick(): void {}

  private element(): HTMLElement {
    return h('div', { class: this.raw ? 'nb-raw' : 'nb-md', 'data-part': 'body' })
  }

  private write(): Writer {
    return this.raw ? new Text(this.body, isOpen(this.section, this.context)) : new Markdown(this.body)
  }
}
