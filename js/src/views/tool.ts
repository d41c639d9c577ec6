/** A tool call: its name at once, its arguments as they arrive, its state in words, and the question whether it may run. */

import { h, set, setText } from '../dom'
import { type IconName, icon } from '../icons'
import type { Section } from '../store'
import { duration, S } from '../strings'
import { reveal } from '../visible'
import { Approval } from './approval'
import { isOver, numberOf, textOf } from './figures'
import { preview } from './json'
import { JsonBody } from './jsonbody'
import { type Context, Disclosure, frame, isOpen, rename, type SectionView } from './section'

const STATES: Readonly<Record<string, { readonly words: string; readonly icon?: IconName }>> = {
  input: { words: S.argumentsCut },
  ready: { words: S.toolReady },
  run: { words: S.toolRuns, icon: 'live' },
  ok: { words: S.toolOk, icon: 'done' },
  bad: { words: S.toolBad, icon: 'error' },
  ask: { words: S.toolAsks, icon: 'ask' },
  denied: { words: S.toolDenied, icon: 'deny' },
}
/** States in which the arguments are what the reader looks at. */
const SHOWN: ReadonlySet<string> = new Set(['input', 'ready', 'ask'])

export class ToolView implements SectionView {
  readonly root: HTMLElement
  private readonly name = h('span', { class: 'nb-name' })
  private readonly preview = h('span', { class: 'nb-preview', 'aria-hidden': 'true' })
  private readonly words = h('span')
  private readonly clock = h('span', { class: 'nb-clock', 'aria-hidden': 'true' })
  private readonly state = h('span', { class: 'nb-state' }, this.words, this.clock)
  private readonly disclosure: Disclosure
  private readonly approval: Approval
  private readonly json: JsonBody
  private since = performance.now()
  private summary: string | undefined

  constructor(
    private readonly section: Section,
    private readonly context: Context,
  ) {
    this.json = new JsonBody(section, context)
    this.approval = new Approval(section, context.store, () => this.disclosure.focus())
    const outer = h('div', { class: 'nb-sbody' }, this.json.root, this.approval.root)
    this.disclosure = new Disclosure(outer, [this.name, this.preview, this.state], () => this.update())
    this.root = frame(section, '', this.disclosure.head, outer)
  }

  append(text: string): void {
    this.json.append(text)
  }

  update(): void {
    const name = reveal(textOf(this.section.meta, 'name'))
    const open = isOpen(this.section, this.context)
    const state = textOf(this.section.meta, 'state') || (this.section.closed ? 'ready' : 'input')
    setText(this.name, name || S.unnamedTool)
    rename(this.root, this.section, S.toolCall(name).trim())
    if (this.root.getAttribute('data-state') !== state) this.enter(state)
    this.json.update()
    this.disclosure.suggest(SHOWN.has(state))
    setText(this.words, this.wordsOf(state, open))
    if (!this.runs(state, open)) setText(this.clock, '')
    setText(this.preview, open || this.disclosure.expanded ? '' : this.inShort())
    this.approval.update(state === 'ask' && !isOver(this.context.store), name || S.unnamedTool)
  }

  tick(now: number): void {
    const state = this.root.getAttribute('data-state') ?? ''
    if (this.runs(state, isOpen(this.section, this.context))) setText(this.clock, duration((now - this.since) / 1000))
  }

  /** The arguments in one line; they are final when this is asked for. */
  private inShort(): string {
    this.summary ??= preview(this.section.text())
    return this.summary
  }

  private runs(state: string, open: boolean): boolean {
    return open || (state === 'run' && !isOver(this.context.store))
  }

  private enter(state: string): void {
    set(this.root, 'data-state', state)
    set(this.state, 'data-s', state)
    this.since = performance.now()
    const sign = STATES[state]?.icon
    this.state.querySelector('svg')?.remove()
    if (sign) this.state.prepend(icon(sign))
  }

  private wordsOf(state: string, open: boolean): string {
    if (open) return `${S.argumentsOpen} `
    const took = numberOf(this.section.meta, 'duration_us')
    const time = took === undefined ? '' : duration(took / 1e6, 2)
    if (state === 'ok' && time !== '') return time
    const words = state === 'bad' && time !== '' ? S.toolBadAfter(time) : (STATES[state]?.words ?? reveal(state))
    return this.runs(state, open) ? `${words} ` : words
  }
}
