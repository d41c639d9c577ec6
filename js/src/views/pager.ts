/** The pager of attempts: which one is shown, and the ones beside it. It is there from the second attempt on. */

import { h, set, setText } from '../dom'
import { icon } from '../icons'
import type { Store } from '../store'
import { S } from '../strings'
import { hasFocus } from './focus'

export class Pager {
  readonly root: HTMLElement
  private readonly previous = arrow(S.previousAttempt)
  private readonly next = arrow(S.nextAttempt)
  private readonly word = h('span', { class: 'nb-wide' })
  private readonly place = h('span')

  /** `live` is the store of the latest attempt, `shown` the one of this view; `turn` is told which one the reader wants. */
  constructor(
    private readonly live: Store,
    private readonly shown: Store,
    turn: (run: string) => void,
  ) {
    const words = h('span', {}, this.word, this.place)
    this.root = h('span', { class: 'nb-pager', role: 'group', 'aria-label': S.attempts }, this.previous, words, this.next)
    const step = (by: number): void => {
      const run = this.runs[this.at + by]
      if (run !== undefined) turn(run)
    }
    this.previous.addEventListener('click', () => step(-1))
    this.next.addEventListener('click', () => step(1))
  }

  /** Which attempt is shown, of how many, counted from 1. */
  get words(): string {
    return S.attemptShown(this.at + 1, this.runs.length)
  }

  update(): void {
    const { at, runs } = this
    const [word, place] = S.attempt(at + 1, runs.length)
    set(this.root, 'hidden', runs.length < 2)
    setText(this.word, word)
    setText(this.place, place)
    set(this.previous, 'aria-disabled', at === 0 ? 'true' : undefined)
    set(this.next, 'aria-disabled', at === runs.length - 1 ? 'true' : undefined)
  }

  /** Which of its buttons has the focus. */
  get focused(): 'previous' | 'next' | undefined {
    if (hasFocus(this.previous)) return 'previous'
    return hasFocus(this.next) ? 'next' : undefined
  }

  focus(which: 'previous' | 'next'): void {
    this[which].focus({ preventScroll: true })
  }

  private get runs(): readonly string[] {
    return this.live.attempts.runs
  }

  private get at(): number {
    return Math.max(0, this.runs.indexOf(this.shown.run))
  }
}

function arrow(name: string): HTMLButtonElement {
  return h('button', { class: 'nb-ib', type: 'button', 'aria-label': name, title: name }, icon('chevron'))
}
