/**
 * Thinking: quiet, at most six lines while it grows, closed when something else begins.
 *
 * It never closes under the reader's eyes: with the pointer, the focus or a selection in it at that moment it stays.
 */

import { h, set, setText } from '../dom'
import type { Section } from '../store'
import { duration, S, tokens } from '../strings'
import { estimate, isOver, numberOf } from './figures'
import { type Context, Disclosure, frame, isOpen, type SectionView } from './section'
import { Text } from './text'

export class ThinkingView implements SectionView {
  readonly root: HTMLElement
  private readonly words = h('span')
  private readonly clock = h('span', { class: 'nb-clock', 'aria-hidden': 'true' })
  private readonly amount = h('span')
  private readonly disclosure: Disclosure
  private readonly text: Text
  private readonly since = performance.now()
  private over = false
  private held = false

  constructor(
    private readonly section: Section,
    private readonly context: Context,
  ) {
    const body = h('div', { 'data-part': 'body' })
    const outer = h('div', { class: 'nb-sbody nb-think' }, body)
    const label = h('span', { class: 'nb-label nb-num' }, this.words, this.clock, this.amount)
    this.text = new Text(body, isOpen(section, context))
    this.disclosure = new Disclosure(outer, [label], () => {
      this.held = false
      this.update()
    })
    this.root = frame(section, S.thinking, this.disclosure.head, outer)
  }

  append(text: string): void {
    this.text.append(text)
    this.label()
  }

  update(): void {
    const open = isOpen(this.section, this.context)
    if (!open) this.text.close()
    if (!this.over && this.succeeded()) {
      this.over = true
      if (this.disclosure.expanded && this.watched()) {
        this.held = true
        this.disclosure.hold()
      }
    }
    this.disclosure.suggest(!this.over)
    const waits = !isOver(this.context.store) && !this.over
    set(this.root, 'data-live', open || waits || this.held)
    this.label()
  }

  tick(now: number): void {
    if (isOpen(this.section, this.context)) setText(this.clock, duration((now - this.since) / 1000))
  }

  private label(): void {
    const open = isOpen(this.section, this.context)
    const took = numberOf(this.section.meta, 'duration_us')
    setText(this.words, open ? `${S.thinking} ` : took === undefined ? S.thought : S.thoughtFor(duration(took / 1e6)))
    if (!open) setText(this.clock, '')
    setText(this.amount, this.section.length === 0 ? '' : ` · ${this.count()}`)
  }

  private count(): string {
    const { meta, sections } = this.context.store
    const exact = numberOf(meta, 'reasoning_tokens')
    // The provider counts all thinking of a run together, so its figure fits only where there is one section of it.
    if (exact !== undefined && exact > 0 && sections.filter(({ kind }) => kind === 'thinking').length === 1) {
      return tokens(exact, meta.estimated === true)
    }
    return tokens(estimate(this.section.length), true)
  }

  /** Whether something that the reader waits for has come after it. */
  private succeeded(): boolean {
    const after = this.context.store.sections.slice(this.section.at + 1)
    return after.some(({ kind, length }) => (kind === 'content' ? length > 0 : kind !== 'error' && kind !== 'thinking'))
  }

  private watched(): boolean {
    if (this.root.matches(':hover') || this.root.matches(':focus-within')) return true
    return this.selects()
  }

  /** Whether the reader has selected some of it. */
  private selects(): boolean {
    const selection = document.getSelection()
    if (selection === null) return false
    const root = this.root.getRootNode()
    // The page's own answer ends at the shadow root.
    const ranges = root instanceof ShadowRoot ? (selection.getComposedRanges?.({ shadowRoots: [root] }) ?? []) : []
    return ranges.some(
      ({ startContainer, startOffset, endContainer, endOffset }) =>
        (startContainer !== endContainer || startOffset !== endOffset) &&
        (this.root.contains(startContainer) || this.root.contains(endContainer)),
    )
  }
}
