/** The foot: figures in fixed columns, so that nothing jumps while they change, and the tools. */

import { type Child, h, set, setText } from '../dom'
import { type IconName, icon } from '../icons'
import type { Store } from '../store'
import { dollars, duration, S, whole } from '../strings'
import { numberOf, output } from './figures'

/** Shorter spans make a speed that means nothing, in seconds. */
const SHORTEST = 0.3

export class Foot {
  readonly root: HTMLElement
  readonly copy = tool('copy', S.copy)
  readonly raw = tool('text', S.rawText, 'false')
  readonly timeline = tool('bars', S.timeline, 'false')
  readonly chunks = tool('braces', S.chunks, 'false')
  readonly prompt = tool('prompt', S.hidePrompt, 'false')
  private readonly retry = tool('retry', S.retry)
  private readonly ttft = h('dd')
  private readonly speed = h('dd')
  private readonly input = h('dd')
  private readonly output = h('dd')
  private readonly cost = h('dd')

  /** The figures are of `store`; `live` is the latest attempt, after which there may be another. */
  constructor(
    private readonly store: Store,
    private readonly live: Store,
  ) {
    const figures = h(
      'dl',
      { class: 'nb-figs' },
      h('div', {}, h('dt', {}, S.ttft), this.ttft),
      figure(S.speed, this.speed),
      figure(S.input, this.input),
      figure(S.output, this.output),
      figure(S.cost, this.cost),
    )
    const tools = h(
      'div',
      { class: 'nb-tools', role: 'toolbar', 'aria-label': S.tools },
      this.copy,
      this.raw,
      this.timeline,
      this.chunks,
      this.prompt,
      this.retry,
    )
    this.retry.addEventListener('click', () => live.again('retry'))
    this.root = h('footer', { class: 'nb-foot' }, figures, tools)
  }

  update(now: number, raw: boolean, prompt: { exists: boolean; wanted: boolean }): void {
    const { meta } = this.store
    const ttft = numberOf(meta, 'ttft_us')
    const input = numberOf(meta, 'input_tokens')
    const cost = numberOf(meta, 'cost_nanousd')
    const made = output(this.store)
    const mark = meta.estimated === true ? '~' : ''
    setText(this.ttft, ttft === undefined ? S.none : duration(ttft / 1e6, 2))
    setText(this.speed, `${this.rate(now, made)} tok/s`)
    setText(this.input, `${input === undefined ? S.none : mark + whole(input)} in`)
    setText(this.output, `${made === undefined ? S.none : (made.estimated ? '~' : '') + whole(made.count)} out`)
    setText(this.cost, cost === undefined ? `$ ${S.none}` : mark + dollars(cost))
    set(this.raw, 'aria-pressed', String(raw))
    set(this.prompt, 'aria-pressed', String(!prompt.wanted))
    set(this.prompt, 'hidden', !prompt.exists)
    // Its place is kept from the beginning: the end moves no button.
    set(this.retry, 'hidden', !this.live.attempts.ways.includes('retry'))
    set(this.retry, 'data-off', !this.live.end || this.live.gone || this.live.renewing)
  }

  /** Say by the icon that copying worked, for a moment. */
  copied(): void {
    this.copy.replaceChildren(icon('done'))
    setTimeout(() => this.copy.replaceChildren(icon('copy')), 1500)
  }

  private rate(now: number, made: { count: number; estimated: boolean } | undefined): string {
    const ttft = numberOf(this.store.meta, 'ttft_us')
    if (made === undefined || ttft === undefined) return S.none
    const took = numberOf(this.store.meta, 'duration_us')
    if (this.store.end && took === undefined) return S.none
    const seconds = (took ?? (now - this.store.startedAt) * 1000) / 1e6 - ttft / 1e6
    return seconds < SHORTEST ? S.none : `${made.estimated ? '~' : ''}${whole(made.count / seconds)}`
  }
}

function figure(name: string, value: Child): HTMLElement {
  return h('div', {}, h('dt', { class: 'nb-vh' }, name), value)
}

function tool(name: IconName, label: string, pressed?: string): HTMLButtonElement {
  return h('button', { class: 'nb-ib', type: 'button', 'aria-label': label, title: label, 'aria-pressed': pressed }, icon(name))
}
