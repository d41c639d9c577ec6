/**
 * The body's own scroller: it follows the end while the reader is at the end, and never moves under a reader who is elsewhere.
 *
 * Belongs here: following, and the one button over the lower edge. A notebook's output area has an overflow of its own, in which
 * nothing sticks; so the height is bounded here, and bar and foot stand outside.
 */

import { h, set, setText } from '../dom'
import { icon } from '../icons'
import { S } from '../strings'

/** This near to the end counts as the end, in px. */
const NEAR = 24

export class Scroller {
  readonly body = h('div', { class: 'nb-body' })
  readonly root = h('div', { class: 'nb-scroll' }, this.body)
  private readonly label = h('span')
  private readonly button = h('button', { type: 'button' }, icon('down'), this.label)
  readonly jump = h('div', { class: 'nb-jump', hidden: true }, this.button)
  private following = true
  /** Where it stood when last looked at. */
  private top = 0
  private ended = false

  /** `orphan` is called when the button goes while the reader's focus is on it. */
  constructor(private readonly orphan: () => void) {
    this.root.addEventListener('scroll', () => this.look(), { passive: true })
    this.button.addEventListener('click', () => this.press())
  }

  /** New text was painted, or the run has ended; what is to be done about it is returned, because the page is laid out already. */
  update(ended: boolean): () => void {
    this.ended = ended
    const { scrollHeight, clientHeight } = this.root
    return () => {
      if (this.following && !ended) this.end(scrollHeight, clientHeight)
      this.offer(scrollHeight > clientHeight + 1)
    }
  }

  private look(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.root
    // What was laid out only now may have made the text longer; then it is not the reader who left the end.
    const left = scrollTop < this.top - 1
    this.top = scrollTop
    if (left || !this.following) this.following = scrollTop + clientHeight >= scrollHeight - NEAR
    this.offer(scrollHeight > clientHeight + 1)
  }

  private end(scrollHeight: number, clientHeight: number): void {
    this.root.scrollTop = scrollHeight
    this.top = Math.max(0, scrollHeight - clientHeight)
  }

  /** `longer`: there is more than is seen at once. */
  private offer(longer: boolean): void {
    setText(this.label, this.ended ? S.showAll : S.jump)
    set(this.button, 'aria-label', this.ended ? undefined : S.jumpName)
    set(this.jump, 'hidden', !(longer && (this.ended || !this.following)))
    // A region that scrolls must be reachable by keys.
    set(this.root, 'tabindex', longer ? '0' : undefined)
  }

  private press(): void {
    if (this.ended) {
      set(this.root, 'class', 'nb-scroll nb-all')
      this.offer(false)
      this.orphan()
    } else {
      const { scrollHeight, clientHeight } = this.root
      this.end(scrollHeight, clientHeight)
      this.following = true
      this.root.focus({ preventScroll: true })
      this.offer(true)
    }
  }
}
