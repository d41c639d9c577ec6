/**
 * The timeline: when the text came, one tick for each piece.
 *
 * Belongs here: the drawing. One path for each kind, however many pieces there are: kinds differ in height and side as well as in
 * colour. Does not belong here: where the times come from (`arrivals`), the drawer around it.
 */

import type { Letter } from '../arrivals'
import { type Child, h, set, setText, shape } from '../dom'
import type { Store } from '../store'
import { duration, S, whole } from '../strings'
import { isOver, numberOf } from './figures'

const WIDTH = 1000
const HEIGHT = 32
/** Where the tick of a kind begins, and how long it is. */
const TICKS: Readonly<Record<Letter, { readonly from: number; readonly length: number }>> = {
  t: { from: HEIGHT, length: -14 },
  a: { from: HEIGHT, length: -27 },
  c: { from: 5, length: 16 },
}
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600]
/** A gap of so many seconds is shaded. */
const STALL = 1
const MOST_GAPS = 20
/** Labels nearer to one another than this share of the width would overlap. */
const ROOM = 0.14

export class Timeline {
  readonly root = h('section', { class: 'nb-drawer', role: 'group', 'aria-label': S.timeline, hidden: true })
  private readonly key = h('ul', { class: 'nb-key' })
  private readonly empty = h('p', { class: 'nb-note' })
  private readonly plot = h('div', { class: 'nb-tl' })
  private drawn = ''

  constructor(private readonly store: Store) {
    this.root.append(this.key, this.plot, this.empty)
  }

  update(now: number, open: boolean): void {
    set(this.root, 'hidden', !open)
    if (!open) return
    const { store } = this
    if (!store.gone) store.arrivals.ask(now, isOver(store))
    const { times } = store.arrivals
    const state = `${store.run} ${times.length} ${store.status}`
    if (state === this.drawn) return
    this.drawn = state
    setText(this.empty, times.length > 0 ? '' : store.gone ? S.gone : S.noChunks)
    this.key.replaceChildren(...(times.length > 0 ? this.legend() : []))
    this.plot.replaceChildren(...(times.length > 0 ? [this.picture()] : []))
  }

  private legend(): HTMLElement[] {
    const { store } = this
    const { kinds } = store.arrivals
    const items: HTMLElement[] = []
    for (const letter of ['t', 'c', 'a'] as const) {
      const count = kinds.split(letter).length - 1
      if (count > 0) items.push(h('li', {}, sample(letter), S.arrived[letter](whole(count))))
    }
    const gaps = [numberOf(store.meta, 'gap_p50_us'), numberOf(store.meta, 'gap_p95_us')]
    const [p50, p95] = gaps.map((gap) => (gap === undefined ? undefined : `${whole(gap / 1000)} ms`))
    if (p50 !== undefined && p95 !== undefined) items.push(h('li', {}, S.gaps(p50, p95)))
    const made = numberOf(store.meta, 'output_tokens')
    const took = numberOf(store.meta, 'duration_us')
    const mark = store.meta.estimated === true ? '~' : ''
    if (store.end && made && took) items.push(h('li', {}, S.wholeCall(`${mark}${whole((made / took) * 1e6)}`)))
    return items
  }

  private picture(): SVGElement {
    const { times } = this.store.arrivals
    const took = (numberOf(this.store.meta, 'duration_us') ?? 0) / 1e6
    const step = STEPS.find((size) => Math.max(took, times.at(-1) ?? 0) / size <= 6) ?? 7200
    const end = Math.max(step, Math.ceil(Math.max(took, times.at(-1) ?? 0) / step) * step)
    const ticks = this.ticks(end)
    const labels: SVGElement[] = []
    for (let at = 0; at <= end + step / 2; at += step)
      labels.push(label('nb-t', at / end, 70, axis(at, step, at === 0 || at + step > end)))
    const marks = this.marks().filter(({ at }, index, all) => index === 0 || at - (all[index - 1]?.at ?? 0) > ROOM * end)
    for (const { at, words } of marks) labels.push(label('nb-m', at / end, 12, words, 4))
    ticks.append(
      path(
        't-mark',
        marks.filter(({ stop }) => !stop).map(({ at }) => line((at / end) * WIDTH, HEIGHT, -46)),
      ),
    )
    ticks.append(
      path(
        't-stop',
        marks.filter(({ stop }) => stop).map(({ at }) => line((at / end) * WIDTH, HEIGHT, -46)),
      ),
    )
    const words = S.arrival(whole(times.length), duration(took || (times.at(-1) ?? 0)))
    return shape('svg', { class: 'nb-plot', role: 'img', 'aria-label': words }, ticks, ...labels)
  }

  /** What stretches with the width: ticks, gaps, the axis. */
  private ticks(end: number): SVGElement {
    const { kinds, times } = this.store.arrivals
    const lines: Record<Letter, string[]> = { t: [], a: [], c: [] }
    const gaps: Child[] = []
    times.forEach((time, index) => {
      const letter = kinds[index] as Letter
      const { from, length } = TICKS[letter]
      lines[letter].push(line((time / end) * WIDTH, from, length))
      const before = times[index - 1] ?? time
      if (time - before < STALL || gaps.length >= MOST_GAPS) return
      const x = (before / end) * WIDTH
      const width = ((time - before) / end) * WIDTH
      gaps.push(shape('rect', { class: 't-gap', x: x.toFixed(1), y: '0', width: width.toFixed(1), height: String(HEIGHT) }))
    })
    return shape(
      'svg',
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', y: '20', width: '100%', height: String(HEIGHT) },
      ...gaps,
      path('nb-axis', [`M0 ${HEIGHT}H${WIDTH}`]),
      path('t-think', lines.t),
      path('t-tool', lines.c),
      path('t-answer', lines.a),
    )
  }

  private marks(): { readonly at: number; readonly words: string; readonly stop?: boolean }[] {
    const { store } = this
    const ttft = numberOf(store.meta, 'ttft_us')
    const answer = store.arrivals.kinds.indexOf('a')
    const took = numberOf(store.meta, 'duration_us')
    const marks: { at: number; words: string; stop?: boolean }[] = []
    if (ttft !== undefined) marks.push({ at: ttft / 1e6, words: `${S.ttft} ${duration(ttft / 1e6, 2)}` })
    const first = answer > 0 ? store.arrivals.times[answer] : undefined
    if (first !== undefined) marks.push({ at: first, words: S.answerFrom(duration(first, 2)) })
    if (store.status === 'stopped' && took)
      marks.push({ at: took / 1e6, words: `${S.stop} ${duration(took / 1e6, 2)}`, stop: true })
    return marks
  }
}

function line(x: number, from: number, length: number): string {
  return `M${x.toFixed(1)} ${from}v${length}`
}

function path(name: string, lines: readonly string[]): SVGElement {
  return shape('path', { class: name, d: lines.join('') })
}

/** A text at a share of the width; near the right edge it ends there instead of beginning. */
function label(name: string, share: number, y: number, words: string, dx = 0): SVGElement {
  const late = share > 1 - ROOM
  const place = late ? 'nb-late' : name === 'nb-t' && share > 0 ? 'nb-mid' : ''
  const shift = late ? -dx : dx
  return shape('text', { class: `${name} ${place}`, x: `${(share * 100).toFixed(2)}%`, y: String(y), dx: String(shift) }, words)
}

function axis(at: number, step: number, unit: boolean): string {
  const digits = step < 1 ? 1 : 0
  return `${at === 0 ? '0' : at.toFixed(digits)}${unit ? ' s' : ''}`
}

function sample(letter: Letter): SVGElement {
  const { from, length } = TICKS[letter]
  const name = { t: 't-think', a: 't-answer', c: 't-tool' }[letter]
  return shape(
    'svg',
    { class: 'nb-sample', viewBox: `0 0 12 ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    path('nb-axis', [`M1 ${HEIGHT}h10`]),
    path(name, [line(6, from, length)]),
  )
}
