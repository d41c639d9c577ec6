/**
 * Plain text that grows.
 *
 * Belongs here: an element whose `textContent` is exactly the text that was appended, or, where its reader must see what is
 * hidden in it, the same with those characters made visible. The text stands in blocks of some lines, each with its own line
 * ends, so that an append lays out one block and not the whole text. Where the blocks are cut depends on the text alone.
 */

import { h } from '../dom'
import { Revealer } from '../visible'

const LINES_PER_BLOCK = 64

export class Text {
  private lines = 0
  private last: globalThis.Text | undefined
  private readonly caret = h('i', { class: 'nb-caret', 'aria-hidden': 'true' })
  private readonly revealer: Revealer | undefined

  /** `host` must be empty and preserve white space (`pre` or `pre-wrap`). */
  constructor(
    private readonly host: HTMLElement,
    private live: boolean,
    visible = false,
  ) {
    if (live) host.append(this.caret)
    if (visible) this.revealer = new Revealer()
  }

  append(text: string): void {
    this.add(this.revealer?.feed(text) ?? text)
  }

  close(): void {
    this.live = false
    this.add(this.revealer?.flush() ?? '')
    this.caret.remove()
  }

  private add(text: string): void {
    let rest = text
    while (rest !== '') {
      if (this.last === undefined || this.lines >= LINES_PER_BLOCK) this.block()
      const cut = this.cut(rest)
      this.last?.appendData(rest.slice(0, cut))
      rest = rest.slice(cut)
    }
    // Only where it must: a move is dear.
    if (this.live && this.caret.previousSibling !== this.last) this.last?.after(this.caret)
  }

  private block(): void {
    this.last = document.createTextNode('')
    this.lines = 0
    this.host.append(h('div', { class: 'nb-piece' }, this.last))
  }

  /** How much of `text` goes into the open block. */
  private cut(text: string): number {
    let at = 0
    while (this.lines < LINES_PER_BLOCK) {
      const end = text.indexOf('\n', at)
      if (end < 0) return text.length
      this.lines++
      at = end + 1
    }
    return at
  }
}
