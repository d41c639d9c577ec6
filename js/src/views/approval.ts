/**
 * The question whether a tool may run.
 *
 * Belongs here: the question, its two buttons, what they do to the focus. Does not belong here: the arguments, which stand above
 * it (but where the kernel asks about others than were streamed: those are shown here), how an answer travels (`comm`).
 *
 * Nothing is focused by itself, so no key that was meant for something else approves. An answer is given once; the buttons wait
 * for the kernel to take it.
 */

import { h, set, setText } from '../dom'
import type { Section, Store } from '../store'
import { S } from '../strings'
import { textOf } from './figures'
import { equal } from './json'
import { Tree } from './tree'

export class Approval {
  readonly root: HTMLElement
  private readonly name = h('code')
  private readonly others = h('div', { class: 'nb-json' })
  private readonly deny = h('button', { class: 'nb-btn', type: 'button' }, S.deny)
  private readonly approve = h('button', { class: 'nb-btn nb-primary', type: 'button' }, S.approve)
  private asked = ''
  private answered = ''

  /** `orphan` is called when the buttons go while the focus is on one of them. */
  constructor(
    private readonly section: Section,
    private readonly store: Store,
    private readonly orphan: () => void,
  ) {
    const [before, after] = S.mayRun
    const question = h('p', {}, before, this.name, after)
    const row = h('div', { class: 'nb-ask' }, question, this.deny, this.approve)
    this.root = h('div', { role: 'group', hidden: true }, this.others, row)
    this.deny.addEventListener('click', () => this.answer(false))
    this.approve.addEventListener('click', () => this.answer(true))
  }

  /** Show or hide the question about the tool `name`. */
  update(waits: boolean, name: string): void {
    const id = textOf(this.section.meta, 'approval')
    const shown = waits && id !== '' && this.ready
    if (shown && id !== this.asked) this.ask(id, name)
    const gone = !shown && !this.root.hidden && this.focused
    set(this.root, 'hidden', !shown)
    const given = this.answered === id || this.store.frozen ? 'true' : undefined
    for (const button of [this.deny, this.approve]) set(button, 'aria-disabled', given)
    if (gone) this.orphan()
  }

  /** Whether what would be approved is known: no answer to half of the arguments. */
  private get ready(): boolean {
    return this.section.closed || textOf(this.section.meta, 'asked') !== ''
  }

  private ask(id: string, name: string): void {
    this.asked = id
    setText(this.name, name)
    set(this.root, 'aria-label', S.approvalOf(name))
    this.others.replaceChildren()
    const text = textOf(this.section.meta, 'asked')
    if (text === '' || equal(text, this.section.text())) return
    const tree = new Tree(this.others, false, () => text)
    tree.append(text)
    tree.close()
  }

  private answer(approved: boolean): void {
    const id = textOf(this.section.meta, 'approval')
    if (this.answered === id || this.store.frozen) return
    this.answered = id
    this.store.answer(id, approved)
    for (const button of [this.deny, this.approve]) set(button, 'aria-disabled', 'true')
  }

  private get focused(): boolean {
    return this.root.matches(':focus-within')
  }
}
