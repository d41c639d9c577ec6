/** The one voice of a view for screen readers: the start, the end, errors, approval asked. Never the text that grows. */

import { h, setText } from '../dom'
import type { Store } from '../store'
import { S } from '../strings'
import { titleOf as errorTitle } from './error'
import { asking, stateOf, textOf, titleOf } from './figures'

export class Announcer {
  readonly root = h('div', { class: 'nb-vh', 'aria-live': 'polite', 'aria-atomic': 'true' })
  private begun: boolean
  private ended: boolean
  private asked: string

  /** What has happened before the view was made is not news. */
  constructor(private readonly store: Store) {
    this.begun = store.sections.length > 0
    this.ended = store.end !== undefined
    this.asked = ''
  }

  say(text: string): void {
    setText(this.root, text)
  }

  update(): void {
    const { store } = this
    const question = asking(store)
    const asked = question ? textOf(question.meta, 'approval') : ''
    if (store.end && !this.ended) {
      this.ended = this.begun = true
      this.say(store.end.status === 'error' ? this.failure() : stateOf(store, 0).words)
    } else if (!this.begun && store.sections.length > 0) {
      this.begun = true
      this.say(S.started(titleOf(store)))
    }
    if (question && asked !== this.asked) this.say(S.approvalAsked(textOf(question.meta, 'name') || S.aTool))
    this.asked = asked
  }

  private failure(): string {
    const section = this.store.sections.find(({ kind }) => kind === 'error')
    const code = section ? textOf(section.meta, 'code') : (this.store.end?.error?.code ?? '')
    const message = section ? section.text() : (this.store.end?.error?.message ?? '')
    return S.failure(errorTitle(code), message)
  }
}
