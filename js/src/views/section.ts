/**
 * What all section views have in common.
 *
 * Belongs here: their interface, the frame with its name, and the heading that opens and closes a body. Does not belong here:
 * anything that only one kind of section has.
 */

import { type Child, h, set } from '../dom'
import { icon } from '../icons'
import type { Section, Store } from '../store'
import { S } from '../strings'
import { isOver, numberOf } from './figures'

export interface SectionView {
  readonly root: HTMLElement
  /** More text of the section, at most once per frame. */
  append(text: string): void
  /** Anything but the text may have changed: meta, closed, the sections after it, the end, raw text. May be called at any time. */
  update(): void
  /** The time has come to move a clock. */
  tick(now: number): void
  /** One frame's share of what was too much for one; returns whether more is left. */
  work?(): boolean
}

/** What a section view may know of its surroundings. */
export interface Context {
  readonly store: Store
  /** Whether text is shown as it was received. */
  readonly raw: boolean
}

export function isOpen(section: Section, { store }: Context): boolean {
  return !section.closed && !isOver(store)
}

/** The group around a section. */
export function frame(section: Section, name: string, ...children: Child[]): HTMLElement {
  const choice = choiceOf(section)
  const label = choice > 0 ? h('p', { class: 'nb-choice' }, S.choice(choice + 1)) : undefined
  const root = h(
    'section',
    { class: 'nb-sec', role: 'group', 'data-kind': section.kind, 'data-at': String(section.at) },
    label,
    ...children,
    h('button', { class: 'nb-ib nb-copy', type: 'button', 'aria-label': S.copySection, title: S.copySection }, icon('copy')),
  )
  rename(root, section, name)
  return root
}

export function rename(root: HTMLElement, section: Section, name: string): void {
  const choice = choiceOf(section)
  set(root, 'aria-label', choice > 0 ? S.inChoice(name, choice + 1) : name)
}

function choiceOf(section: Section): number {
  return numberOf(section.meta, 'choice') ?? 0
}

/** A heading that shows and hides what stands under it. What the reader chose by hand stays; until then the view suggests. */
export class Disclosure {
  readonly head: HTMLElement
  private readonly button: HTMLButtonElement
  private chosen: boolean | undefined

  constructor(
    private readonly body: HTMLElement,
    label: Child[],
    private readonly changed: () => void = () => undefined,
  ) {
    this.button = h('button', { class: 'nb-toggle', type: 'button' }, icon('chevron'), ...label)
    this.head = h('h3', { class: 'nb-head' }, this.button)
    this.button.addEventListener('click', () => {
      this.chosen = !this.expanded
      this.show(this.chosen)
      this.changed()
    })
    this.show(false)
  }

  get expanded(): boolean {
    return !this.body.hidden
  }

  focus(): void {
    this.button.focus({ preventScroll: true })
  }

  suggest(expanded: boolean): void {
    this.show(this.chosen ?? expanded)
  }

  /** From now on only the reader opens or closes it. */
  hold(): void {
    this.chosen ??= this.expanded
  }

  private show(expanded: boolean): void {
    set(this.button, 'aria-expanded', String(expanded))
    set(this.body, 'hidden', !expanded)
  }
}
