/** A section's text and nothing else: what is shown where the section's own view fails. */

import { h } from '../dom'
import type { Section } from '../store'
import { type Context, frame, isOpen, type SectionView } from './section'
import { Text } from './text'

export class PlainView implements SectionView {
  readonly root: HTMLElement
  private readonly text: Text

  constructor(
    private readonly section: Section,
    private readonly context: Context,
  ) {
    const body = h('div', { class: 'nb-raw', 'data-part': 'body' })
    this.text = new Text(body, isOpen(section, context))
    this.root = frame(section, section.kind, body)
  }

  append(text: string): void {
    this.text.append(text)
  }

  update(): void {
    if (!isOpen(this.section, this.context)) this.text.close()
  }

  tick(): void {}
}

/** A section view whose own exception costs its look alone: it is reported once, and the text is shown as it came. */
export class Guarded implements SectionView {
  private view: SectionView
  private failed = false
  private length = 0

  constructor(
    make: (section: Section, context: Context) => SectionView,
    private readonly section: Section,
    private readonly context: Context,
  ) {
    try {
      this.view = make(section, context)
    } catch (error) {
      this.view = this.replacement(error)
    }
  }

  get root(): HTMLElement {
    return this.view.root
  }

  append(text: string): void {
    this.length += text.length
    this.attempt((view) => view.append(text))
  }

  update(): void {
    this.attempt((view) => view.update())
  }

  tick(now: number): void {
    this.attempt((view) => view.tick(now))
  }

  work(): boolean {
    let more = false
    this.attempt((view) => {
      more = view.work?.() ?? false
    })
    return more
  }

  private attempt(job: (view: SectionView) => void): void {
    const { view } = this
    try {
      job(view)
    } catch (error) {
      // Text has nothing that could fail; if it does all the same, the whole view is at its end.
      if (this.failed) throw error
      this.view = this.replacement(error)
      view.root.replaceWith(this.view.root)
    }
  }

  private replacement(error: unknown): SectionView {
    this.failed = true
    reportError(error)
    const plain = new PlainView(this.section, this.context)
    const text = this.section.text().slice(0, this.length)
    if (text !== '') plain.append(text)
    plain.update()
    return plain
  }
}
