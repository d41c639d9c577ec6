/**
 * The section views of a body, kept equal to the store's sections.
 *
 * Belongs here: what was heard since the last frame, and bringing the views up to date with it. A view is kept as long as the
 * text that it shows begins the text of its section, also over a resync; only a section that has become another one is built
 * anew.
 */

import type { Event } from '../events'
import type { Section, Store } from '../store'
import { hearCode } from './code'
import { csv } from './csv'
import { viewOf } from './registry'
import type { Context, SectionView } from './section'

interface Shown {
  readonly view: SectionView
  readonly kind: string
  /** How much of the section's text was forwarded. */
  length: number
  /** The store's own object, which still has the text after a resync has replaced it. */
  source: Section
}

export class Sections implements Context {
  raw = false
  private run: string
  private shown: Shown[] = []
  private readonly pending = new Map<number, string[]>()
  private readonly amended = new Set<number>()
  private stale = true

  constructor(
    readonly store: Store,
    private readonly body: HTMLElement,
  ) {
    this.run = store.run
  }

  hear(event: Event | null): void {
    if (event === null) this.compare()
    else if (event.op === 'append') this.heard(event.at, event.text)
    else if (event.op === 'amend') this.amended.add(event.at)
    // Opened, closed, noted, ended: may concern every section (thinking closes when the answer begins).
    else this.stale = true
  }

  /** Bring the views up to date; returns whether some need another frame. */
  draw(raw: boolean): boolean {
    if (raw !== this.raw) this.stale = true
    this.raw = raw
    for (const [at, texts] of this.pending) this.forward(this.shown[at], texts.join(''))
    this.pending.clear()
    const old = this.shown.length
    for (const section of this.store.sections.slice(old)) this.add(section)
    if (this.stale) for (const { view } of this.shown.slice(0, old)) view.update()
    else for (const at of this.amended) if (at < old) this.shown[at]?.view.update()
    this.amended.clear()
    this.stale = false
    return this.shown.filter(({ view }) => view.work?.()).length > 0
  }

  tick(now: number): void {
    for (const { view } of this.shown) view.tick(now)
  }

  /** `copy` gets the text of the section, the table or the code block whose button was pressed. */
  onCopy(copy: (text: string) => void): void {
    hearCode(this.body, copy)
    this.body.addEventListener('click', ({ target }) => {
      const button = target instanceof Element ? target.closest('button') : null
      const text = button && this.textOf(button)
      if (typeof text === 'string') copy(text)
    })
  }

  private textOf(button: Element): string | undefined {
    if (button.matches('.nb-copy')) {
      const at = this.shown.findIndex(({ view }) => view.root === button.parentElement)
      return this.store.sections[at]?.text()
    }
    const table = button.matches('.nb-csv') ? button.parentElement?.querySelector('table') : null
    return table ? csv(table) : undefined
  }

  private heard(at: number, text: string): void {
    // A view that is not made yet will be made of the whole text.
    const shown = this.shown[at]
    if (shown === undefined || shown.length === 0) this.stale = true
    if (shown === undefined) return
    const texts = this.pending.get(at)
    if (texts) texts.push(text)
    else this.pending.set(at, [text])
  }

  private add(section: Section): void {
    const view = viewOf(new Current(this.store, section), this)
    this.body.append(view.root)
    this.shown.push({ view, kind: section.kind, length: section.length, source: section })
  }

  private forward(shown: Shown | undefined, text: string): void {
    if (shown === undefined || text === '') return
    shown.view.append(text)
    shown.length += text.length
  }

  /** Anything may have changed: keep what is still true, forward what it lacks, drop the rest. */
  private compare(): void {
    const { run, sections } = this.store
    const kept = run === this.run ? this.shown.findIndex((shown, at) => !this.still(shown, sections[at])) : 0
    const first = kept < 0 ? this.shown.length : kept
    for (const { view } of this.shown.splice(first)) view.root.remove()
    this.shown.forEach((shown, at) => {
      const section = sections[at]
      if (section === undefined) return
      // What is pending is part of it.
      const rest = section.text().slice(shown.length)
      this.pending.delete(at)
      if (rest !== '') this.pending.set(at, [rest])
      shown.source = section
    })
    for (const at of this.pending.keys()) if (at >= first) this.pending.delete(at)
    this.run = run
    this.stale = true
  }

  private still(shown: Shown, section: Section | undefined): boolean {
    if (section === undefined || section.kind !== shown.kind || section.length < shown.length) return false
    return section === shown.source || section.text().startsWith(shown.source.text().slice(0, shown.length))
  }
}

/** A section by its place, so that a view reads what a resync has put there. */
class Current implements Section {
  readonly at: number

  constructor(
    private readonly store: Store,
    private readonly first: Section,
  ) {
    this.at = first.at
  }

  get kind(): string {
    return this.first.kind
  }
  get meta(): Section['meta'] {
    return this.section.meta
  }
  get closed(): boolean {
    return this.section.closed
  }
  get length(): number {
    return this.section.length
  }
  text(): string {
    return this.section.text()
  }

  private get section(): Section {
    return this.store.sections[this.at] ?? this.first
  }
}
