/** The answer: Markdown, JSON that was asked for, or the text as received; and that it is a refusal where it is one. */

import { h, set } from '../dom'
import { icon } from '../icons'
import { Markdown } from '../markdown'
import type { Section } from '../store'
import { S } from '../strings'
import { Feed, type Writer } from './feed'
import { textOf } from './figures'
import { type Context, frame, isOpen, rename, type SectionView } from './section'
import { Text } from './text'
import { Tree } from './tree'

type Look = 'raw' | 'md' | 'json'

/** So much of a text tells whether it begins as JSON does. */
const HEAD = 200

export class ContentView implements SectionView {
  readonly root: HTMLElement
  private readonly refusal = h('p', { class: 'nb-note nb-refusal', hidden: true }, icon('deny'), S.refused)
  private body: HTMLElement
  private writer: Feed
  private look: Look

  constructor(
    private readonly section: Section,
    private readonly context: Context,
  ) {
    this.look = this.wanted()
    this.body = this.element()
    this.writer = new Feed(this.write())
    this.root = frame(section, S.answer, this.refusal, this.body)
  }

  append(text: string): void {
    if (this.look === this.wanted()) this.writer.append(text)
    else this.update()
  }

  update(): void {
    const refused = this.section.meta.refusal === true
    set(this.refusal, 'hidden', !refused)
    rename(this.root, this.section, refused ? S.refusal : S.answer)
    if (this.look !== this.wanted()) {
      this.look = this.wanted()
      const body = this.element()
      this.body.replaceWith(body)
      this.body = body
      this.writer = new Feed(this.write())
      this.writer.append(this.section.text())
    }
    if (!isOpen(this.section, this.context)) this.writer.close()
  }

  tick(): void {}

  work(): boolean {
    this.writer.work()
    return this.writer.busy
  }

  /** Asked-for JSON that does not begin as JSON does (a model put a fence around it) is the Markdown that it is. */
  private wanted(): Look {
    if (this.context.raw) return 'raw'
    if (textOf(this.context.store.meta, 'render') !== 'json') return 'md'
    return this.section.length === 0 || /^\s*([{["\d-]|$)/.test(this.section.text().slice(0, HEAD)) ? 'json' : 'md'
  }

  private element(): HTMLElement {
    return h('div', { class: `nb-${this.look}`, 'data-part': 'body' })
  }

  private write(): Writer {
    const open = isOpen(this.section, this.context)
    if (this.look === 'raw') return new Text(this.body, open)
    return this.look === 'json' ? new Tree(this.body, open, () => this.section.text()) : new Markdown(this.body)
  }
}
