/**
 * A formula: its source, and what takes its place once the page can draw it.
 *
 * Belongs here: the element, and drawing a few formulas a frame. Does not belong here: what is a formula (`delimiters`), how one
 * is drawn (`parts/math`). One that cannot be drawn stays what it is: source text.
 */

import { formulaPart, h, set } from '../dom'
import { parts, type Taker } from '../parts'
import type { MathPart } from '../parts/math'
import { measure, paint } from '../schedule'
import { shown } from './code'
import { type Keeper, keep } from './kept'

/** So many are drawn in one frame; one takes about a millisecond. */
const PER_FRAME = 8
/** The last ones are remembered: while a paragraph grows its elements may be made anew. */
const REMEMBERED = 64

const CLOSING: Readonly<Record<string, string>> = { '\\(': '\\)', '\\[': '\\]' }
const drawn = new Map<string, Element>()
const waiting = new Set<Formula>()
let painter: MathPart | undefined

export class Formula implements Keeper, Taker<'math'> {
  readonly root: HTMLElement
  private readonly text: string
  private readonly display: boolean
  private asked = false

  /** `behind` is what stands after a block, on its last line. */
  constructor(
    private readonly source: string,
    markup: string,
    block: boolean,
    private readonly behind: string,
  ) {
    this.display = markup === '$$' || markup === '\\['
    this.text = `${markup}${source}${CLOSING[markup] ?? markup}`
    this.root = h(block ? 'div' : 'span', { class: this.display ? 'nb-math nb-display' : 'nb-math' })
    keep(this)
    const known = drawn.get(this.text)
    if (known) this.put(known.cloneNode(true) as Element)
    else {
      this.root.append(h('code', { class: 'nb-tex' }, ...shown(this.text)), behind)
      waiting.add(this)
      paint(draw)
    }
  }

  get spot(): Element {
    return this.root
  }

  become(next: Keeper): boolean {
    return (
      next instanceof Formula &&
      next.text === this.text &&
      next.behind === this.behind &&
      next.root.localName === this.root.localName
    )
  }

  take(part: MathPart): void {
    painter = part
    waiting.add(this)
    paint(draw)
  }

  /** One that is wider than its place can be reached by keyboard, to be moved. */
  reach(): () => void {
    const wider = this.display && this.root.scrollWidth > this.root.clientWidth
    return () => set(this.root, 'tabindex', wider && '0')
  }

  /** Returns whether there was something to do. */
  draw(): boolean {
    // One that was only compared with another never stands in the page.
    if (!this.root.isConnected) return false
    if (painter === undefined) {
      if (!this.asked) parts().need('math', this)
      this.asked = true
      return false
    }
    const formula = painter.formula(this.source, this.display, formulaPart)
    if (formula === undefined) return true
    drawn.set(this.text, formula.cloneNode(true) as Element)
    for (const oldest of drawn.keys()) if (drawn.size > REMEMBERED) drawn.delete(oldest)
    this.put(formula)
    painter.shown(formula, formulaPart, (use) => this.needFont(use))
    return true
  }

  private put(formula: Element): void {
    const caret = this.root.querySelector('.nb-caret')
    this.root.replaceChildren(formula, ...(this.behind === '' ? [] : [` ${this.behind}`]), ...(caret ? [caret] : []))
  }

  private readonly fonts: Taker<'mathfont'>[] = []

  private needFont(use: (font: ArrayBuffer) => void): void {
    const taker = { take: use }
    this.fonts.push(taker)
    parts().need('mathfont', taker)
  }
}

function draw(): void {
  const done: Formula[] = []
  for (const formula of waiting) {
    waiting.delete(formula)
    if (formula.draw()) done.push(formula)
    if (done.length === PER_FRAME) break
  }
  if (done.length > 0)
    measure(() => {
      const moves = done.map((formula) => formula.reach())
      return () => {
        for (const move of moves) move()
      }
    })
  if (waiting.size > 0) paint(draw)
}
