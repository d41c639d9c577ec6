/**
 * The blocks of a long text, in parts.
 *
 * With each frame the browser walks over all children of the element that grows, changed or not. So the first blocks stand in
 * the host itself, later ones in parts of as many, and only the last part grows.
 */

import { h } from '../dom'

/** So many final blocks stand in one part. */
const SIZE = 16

export class Parts {
  /** The part in which the open tail stands. */
  last: HTMLElement
  private readonly all: HTMLElement[]

  constructor(private readonly host: HTMLElement) {
    this.last = host
    this.all = [host]
  }

  /** The block at `index`, final or the first of those that are not. */
  at(index: number): ChildNode | null {
    const number = Math.min(Math.floor(index / SIZE), this.all.length - 1)
    return this.all[number]?.childNodes[index - number * SIZE] ?? null
  }

  /** Move what is too much for the last part into new ones; `final` blocks are final, and the rest follows them. */
  divide(final: number): void {
    const more = Math.ceil(final / SIZE) - this.all.length
    if (more <= 0) return
    const rest = [...this.last.childNodes].slice(SIZE)
    for (let left = more; left > 0; left--) {
      this.last = h('div', { class: 'nb-part' })
      this.last.append(...(left > 1 ? rest.splice(0, SIZE) : rest))
      this.all.push(this.last)
      this.host.append(this.last)
    }
  }
}
