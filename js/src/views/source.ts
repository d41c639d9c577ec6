/**
 * What an answer cites: a numbered list.
 *
 * Belongs here: the list. Each source is a section of its own; those that follow one another are one list, which stands in the
 * first of them, and the others are hidden. An address becomes a link where `urls` lets it through, its host is said in the
 * browser's own spelling, and nothing of it is loaded.
 */

import { h, set, setText } from '../dom'
import type { Section } from '../store'
import { S } from '../strings'
import { hostOf, safeUrl } from '../urls'
import { reveal } from '../visible'
import { textOf } from './figures'
import { type Context, Disclosure, frame, isOpen, type SectionView } from './section'
import { Text } from './text'

const TITLE_LIMIT = 300

export class SourceView implements SectionView {
  readonly root: HTMLElement
  private readonly words = h('span', { class: 'nb-label' })
  private readonly list = h('ol', { class: 'nb-sources' })
  private readonly body = h('div', { class: 'nb-raw', 'data-part': 'body', hidden: true })
  private readonly disclosure: Disclosure
  private readonly text: Text
  private listed = ''

  constructor(
    private readonly section: Section,
    private readonly context: Context,
  ) {
    const outer = h('div', { class: 'nb-sbody' }, this.list)
    this.text = new Text(this.body, false)
    this.disclosure = new Disclosure(outer, [this.words])
    this.root = frame(section, S.sources, this.disclosure.head, outer, this.body)
  }

  append(text: string): void {
    this.text.append(text)
  }

  update(): void {
    const { raw } = this.context
    const first = !this.follows
    set(this.root, 'hidden', !first && !raw)
    set(this.body, 'hidden', !raw)
    set(this.disclosure.head, 'hidden', raw)
    this.disclosure.suggest(!raw)
    if (first && !raw) this.write()
  }

  tick(): void {}

  private get follows(): boolean {
    const before = this.context.store.sections[this.section.at - 1]
    return before !== undefined && this.goesWith(before)
  }

  private goesWith({ kind, meta }: Section): boolean {
    return kind === 'source' && (meta.choice ?? 0) === (this.section.meta.choice ?? 0)
  }

  private write(): void {
    const { sections } = this.context.store
    const after = sections.slice(this.section.at).findIndex((section) => !this.goesWith(section))
    const mine = sections.slice(this.section.at, after < 0 ? undefined : this.section.at + after)
    const now = mine.map((section) => `${section.length} ${textOf(section.meta, 'title')}`).join('\n')
    // An address that is still coming would be another one with each letter.
    const whole = mine.filter((section) => !isOpen(section, this.context))
    if (`${whole.length}\n${now}` === this.listed) return
    this.listed = `${whole.length}\n${now}`
    setText(this.words, S.sourceCount(whole.length))
    this.list.replaceChildren(...whole.map((section, index) => entry(section, index + 1)))
  }
}

function entry(section: Section, number: number): HTMLElement {
  const address = section.text().trim()
  const href = safeUrl(address)
  const title = reveal(textOf(section.meta, 'title') || address).slice(0, TITLE_LIMIT)
  const quote = reveal(textOf(section.meta, 'quote')).slice(0, TITLE_LIMIT)
  const said = { title: quote === '' ? undefined : quote }
  const name = href
    ? h('a', { href, target: '_blank', rel: 'noopener noreferrer', ...said }, title)
    : h('span', { class: 'nb-cut', ...said }, title)
  const place = href ? hostOf(href) : title === address ? '' : reveal(address).slice(0, TITLE_LIMIT)
  return h(
    'li',
    {},
    h('span', { class: 'nb-no', 'aria-hidden': 'true' }, String(number)),
    name,
    h('span', { class: 'nb-2nd' }, place),
  )
}
