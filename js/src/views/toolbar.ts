/** The bar: who answers, in what state, and Stop, which has no neighbour that a second click could hit. */

import { h, set, setText } from '../dom'
import { type IconName, icon } from '../icons'
import type { Store } from '../store'
import { duration, S } from '../strings'
import { splitModel, stateOf, textOf } from './figures'
import { hasFocus } from './focus'

export class Toolbar {
  readonly root: HTMLElement
  private readonly glyph = h('span', { class: 'nb-glyph' })
  private readonly provider = h('span', { class: 'nb-provider' })
  private readonly model = h('span', { class: 'nb-model' })
  private readonly beside = h('span', { class: 'nb-beside' })
  private readonly words = h('span')
  private readonly clock = h('span', { class: 'nb-clock', 'aria-hidden': 'true' })
  private readonly key = h('kbd', { 'aria-hidden': 'true' }, S.escapeKey)
  private readonly label = h('span')
  // Named by what it says, so that a voice that reads it off the screen finds it.
  private readonly stop = h('button', { class: 'nb-btn nb-stop', type: 'button' }, icon('stop'), this.label, this.key)
  private drawn: IconName | undefined

  /** `pager` stands before Stop, which so has no neighbour on its other side. */
  constructor(
    private readonly store: Store,
    pager: HTMLElement,
  ) {
    const title = h('span', { class: 'nb-title' }, this.provider, this.model, this.beside)
    const status = h('span', { class: 'nb-status', role: 'status', 'aria-live': 'off' }, this.words, this.clock)
    const line = h('span', { class: 'nb-line', 'aria-hidden': 'true' })
    this.root = h('header', { class: 'nb-bar' }, this.glyph, title, status, pager, this.stop, line)
    this.stop.addEventListener('click', () => store.stop())
  }

  update(now: number): void {
    this.name()
    const state = stateOf(this.store, now)
    if (state.icon !== this.drawn) {
      this.drawn = state.icon
      this.glyph.replaceChildren(icon(state.icon))
    }
    setText(this.words, state.clock === undefined ? state.words : `${state.words} `)
    setText(this.clock, state.clock === undefined ? '' : duration(state.clock))
    const stopping = this.store.status === 'stopping'
    setText(this.label, stopping ? S.stopping : S.stop)
    set(this.key, 'hidden', stopping)
    set(this.stop, 'aria-disabled', stopping ? 'true' : undefined)
    set(this.stop, 'aria-keyshortcuts', stopping ? undefined : 'Escape')
  }

  /** Take Stop away; its place stays empty. Returns whether it had the focus, which must go somewhere. */
  finish(): boolean {
    const focused = hasFocus(this.stop)
    set(this.stop, 'hidden', true)
    return focused
  }

  private name(): void {
    const title = textOf(this.store.meta, 'title')
    const full = textOf(this.store.meta, 'model')
    const [provider, model] = splitModel(full)
    const titled = title !== '' && title !== full
    setText(this.provider, titled ? '' : provider)
    setText(this.model, titled ? title : model || S.untitled)
    setText(this.beside, titled ? full : '')
  }
}
