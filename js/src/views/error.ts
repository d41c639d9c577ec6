/** What failed, and what to do about it. */

import { h, setText } from '../dom'
import { icon } from '../icons'
import type { Section } from '../store'
import { ERRORS, S } from '../strings'
import { textOf } from './figures'
import { type Context, frame, type SectionView } from './section'
import { Text } from './text'

export class ErrorView implements SectionView {
  readonly root: HTMLElement
  private readonly title = h('span')
  private readonly hint = h('p')
  private readonly text: Text

  constructor(
    private readonly section: Section,
    _context: Context,
  ) {
    const body = h('div', { class: 'nb-message', 'data-part': 'body' })
    this.text = new Text(body, false)
    this.root = frame(section, S.error, heading(this.title), h('div', { class: 'nb-sbody' }, body, this.hint))
  }

  append(text: string): void {
    this.text.append(text)
  }

  update(): void {
    setText(this.title, titleOf(textOf(this.section.meta, 'code')))
    setText(this.hint, textOf(this.section.meta, 'hint'))
  }

  tick(): void {}
}

/** The error of an end that came without a section of its own. */
export function errorBlock(error: Readonly<Record<string, string>>): HTMLElement {
  const message = h('p', { class: 'nb-message' }, error.message ?? '')
  const body = h('div', { class: 'nb-sbody' }, message, h('p', {}, error.hint ?? ''))
  const title = h('span', {}, titleOf(error.code ?? ''))
  return h('section', { class: 'nb-sec', role: 'group', 'aria-label': S.error, 'data-kind': 'error' }, heading(title), body)
}

/** Why the model does not answer, where its provider says that beside the answer. */
export function refusalBlock(why: string): HTMLElement {
  const heading = h('p', { class: 'nb-note nb-refusal' }, icon('deny'), S.refused)
  const body = h('div', { class: 'nb-sbody' }, h('p', { class: 'nb-message' }, why))
  return h('section', { class: 'nb-sec', role: 'group', 'aria-label': S.refusal }, heading, body)
}

/** The heading for an error's code. */
export function titleOf(code: string): string {
  return ERRORS[code] ?? S.error
}

function heading(title: HTMLElement): HTMLElement {
  return h('h3', { class: 'nb-head nb-err-t' }, icon('error'), title)
}
