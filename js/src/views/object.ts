/** A JSON value that is part of the answer, as a tree that grows. */

import { h, setText } from '../dom'
import type { Section } from '../store'
import { S } from '../strings'
import { reveal } from '../visible'
import { textOf } from './figures'
import { JsonBody } from './jsonbody'
import { type Context, Disclosure, frame, rename, type SectionView } from './section'

export class ObjectView implements SectionView {
  readonly root: HTMLElement
  private readonly name = h('span', { class: 'nb-name' })
  private readonly disclosure: Disclosure
  private readonly json: JsonBody

  constructor(
    private readonly section: Section,
    context: Context,
  ) {
    this.json = new JsonBody(section, context)
    const outer = h('div', { class: 'nb-sbody' }, this.json.root)
    this.disclosure = new Disclosure(outer, [this.name])
    this.root = frame(section, S.object, this.disclosure.head, outer)
  }

  append(text: string): void {
    this.json.append(text)
  }

  update(): void {
    const name = reveal(textOf(this.section.meta, 'name'))
    setText(this.name, name || S.object)
    rename(this.root, this.section, S.objectOf(name))
    this.disclosure.suggest(true)
    this.json.update()
  }

  tick(): void {}
}
