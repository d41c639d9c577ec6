/** What was asked, in one clipped line that opens; and, for the scripted demo, where a real answer comes from. */

import { h, set, setText } from '../dom'
import type { Store } from '../store'
import { S } from '../strings'
import { textOf } from './figures'
import { Disclosure } from './section'

export class Prompt {
  readonly root: HTMLElement
  readonly note = h('p', { class: 'nb-note' }, S.scripted, h('code', {}, S.scriptedCode))
  private readonly preview = h('span', { class: 'nb-preview', 'aria-hidden': 'true' })
  private readonly body = h('div', { class: 'nb-said' })
  private readonly disclosure: Disclosure
  /** Whether the reader wants to see it. */
  wanted = true

  constructor(private readonly store: Store) {
    const outer = h('div', { class: 'nb-sbody' }, this.body)
    const label = h('span', { class: 'nb-label' }, S.prompt)
    this.disclosure = new Disclosure(outer, [label, this.preview], () => this.update())
    this.root = h('section', { class: 'nb-prompt', role: 'group', 'aria-label': S.prompt }, this.disclosure.head, outer)
  }

  get exists(): boolean {
    return textOf(this.store.meta, 'prompt') !== ''
  }

  update(): void {
    const prompt = textOf(this.store.meta, 'prompt')
    setText(this.body, prompt)
    setText(this.preview, this.disclosure.expanded ? '' : prompt.slice(0, 400))
    set(this.root, 'hidden', !(this.wanted && this.exists))
    set(this.note, 'hidden', this.store.meta.demo !== true)
  }
}
