/**
 * What can be done about an answer that is not whole: Continue and Retry, in one line below it.
 *
 * Belongs here: when which of them is offered. Does not belong here: what comes of it (`attempts`). The line is the only one that
 * an end adds, below everything that was read.
 */

import { h, set, setText } from '../dom'
import type { Store } from '../store'
import { S } from '../strings'
import { textOf } from './figures'
import { hasFocus } from './focus'

const UNFINISHED: ReadonlySet<string> = new Set(['stopped', 'truncated', 'error'])

export class Acts {
  private readonly note = h('span')
  private readonly goOn = h('button', { class: 'nb-btn', type: 'button' }, S.goOn)
  private readonly retry = h('button', { class: 'nb-btn', type: 'button' }, S.retry)
  readonly root = h('div', { class: 'nb-acts', hidden: true }, this.note, this.goOn, this.retry)

  /** `orphan` is called when the buttons go while the focus is on one of them. */
  constructor(
    private readonly store: Store,
    private readonly orphan: () => void,
  ) {
    this.goOn.addEventListener('click', () => store.again('continue'))
    this.retry.addEventListener('click', () => store.again('retry'))
  }

  update(): void {
    const { store } = this
    const ways = store.gone || store.renewing ? [] : store.attempts.ways
    const unfinished = UNFINISHED.has(store.status) || textOf(store.meta, 'finish_reason') === 'length'
    const offered = store.end !== undefined && unfinished
    const goOn = offered && ways.includes('continue') && continuable(store)
    const retry = offered && ways.includes('retry')
    const gone = !(goOn || retry) && hasFocus(this.root)
    const kept = store.status === 'stopped' && hasText(store)
    setText(this.note, kept ? S.kept : '')
    set(this.note, 'hidden', !kept)
    set(this.goOn, 'hidden', !goOn)
    set(this.retry, 'hidden', !retry)
    set(this.root, 'hidden', !(goOn || retry))
    if (gone) this.orphan()
  }
}

function hasText({ sections }: Store): boolean {
  return sections.some(({ kind, length }) => kind === 'content' && length > 0)
}

/** The kernel has the same rule: one answer, and no call that waits for its result. */
function continuable(store: Store): boolean {
  return hasText(store) && !store.sections.some(({ kind, meta }) => kind === 'tool' || kind === 'result' || meta.choice)
}
