/**
 * The height of a block of code: a long one is bounded until the reader wants all of it, and shows its end while it grows.
 *
 * Belongs here: the bound, the button under it, and following the end until the reader goes back. Does not belong here: the lines
 * (`code`), what the button does (`views/code`), how high the bound is (`css`).
 */

import { h } from '../dom'
import { measure } from '../schedule'
import { S } from '../strings'

/** Blocks with more lines are bounded. */
export const BOUND = 24

export class Height {
  private more: HTMLElement | undefined
  private follows = true
  /** How far it was moved to show the end. */
  private moved = 0
  private readonly follow = (): (() => void) | undefined => this.showEnd()

  constructor(
    private readonly root: HTMLElement,
    private readonly pre: HTMLElement,
  ) {}

  /** The block has `lines` lines now, and may get more if it is `open`. */
  fit(lines: number, open: boolean): void {
    const long = lines > BOUND
    if (long && open) measure(this.follow)
    if (long === (this.more !== undefined)) return
    this.root.classList.toggle('nb-long', long)
    this.more?.remove()
    this.more = long ? h('button', { class: 'nb-more', type: 'button', 'aria-expanded': 'false' }, S.allLines) : undefined
    if (this.more) {
      this.root.append(this.more)
      this.pre.addEventListener('scroll', this.scrolled)
    }
  }

  private showEnd(): (() => void) | undefined {
    if (!this.follows || !this.root.isConnected) return undefined
    const { scrollHeight, clientHeight } = this.pre
    return () => {
      this.pre.scrollTop = scrollHeight
      this.moved = scrollHeight - clientHeight
    }
  }

  /** The reader who goes back stays there; who comes to the end again follows. */
  private readonly scrolled = (): void => {
    const { scrollTop, clientHeight, scrollHeight } = this.pre
    if (scrollTop < this.moved - 1) this.follows = false
    else if (scrollTop + clientHeight >= scrollHeight - 1) this.follows = true
  }
}
