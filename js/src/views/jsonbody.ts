/** The body of a section whose text is JSON: a tree that grows, or the text as it came where it is shown raw. */

import { h } from '../dom'
import type { Section } from '../store'
import { type Context, isOpen } from './section'
import { Text } from './text'
import { Tree } from './tree'

export class JsonBody {
  readonly root = h('div', { class: 'nb-json', 'data-part': 'body' })
  private raw: boolean
  private writer: Text | Tree

  constructor(
    private readonly section: Section,
    private readonly context: Context,
  ) {
    this.raw = context.raw
    this.writer = this.write()
  }

  append(text: string): void {
    this.writer.append(text)
  }

  update(): void {
    if (this.raw !== this.context.raw) {
      this.raw = this.context.raw
      this.root.replaceChildren()
      this.writer = this.write()
      this.writer.append(this.section.text())
    }
    if (!isOpen(this.section, this.context)) this.writer.close()
  }

  private write(): Text | Tree {
    const open = isOpen(this.section, this.context)
    return this.raw ? new Text(this.root, open) : new Tree(this.root, open, () => this.section.text())
  }
}
