/**
 * The raw-chunk inspector: the provider's chunks as they came, in a plain table.
 *
 * Belongs here: asking for pages while the panel is open, and the rows. Does not belong here: how a question travels (`comm`), what
 * a chunk means. Nothing is asked before a reader opens the panel; while the answer comes, at most one page a second.
 */

import type { ChunkPage } from '../chunkpages'
import { h, set, setText } from '../dom'
import type { Wire } from '../events'
import type { Store } from '../store'
import { S, whole } from '../strings'
import { isOver } from './figures'

const PAGE = 100
/** Rows beyond this come only when the reader asks for more. */
const UNASKED = 1000
const AGAIN = 1000
/** After this many milliseconds a question without an answer may be asked once more. */
const PATIENCE = 5000

const FIELDS = ['n', 't_us', 'gap', 'kind', 'delta', 'finish_reason', 'usage', 'index', 'model', 'created', 'id'] as const

export class Chunks {
  readonly root: HTMLElement
  private readonly rows = h('tbody')
  private readonly count = h('p', { class: 'nb-note' })
  private readonly more = h('button', { class: 'nb-btn', type: 'button' }, S.moreChunks)
  private run = ''
  private next = 0
  /** Of the last row, in microseconds. */
  private time: number | undefined
  private total = 0
  private asked = Number.NEGATIVE_INFINITY
  private waiting = false
  /** The answer to the last question came after the end: there is nothing more to come. */
  private final = false

  constructor(private readonly store: Store) {
    const head = h('tr', {}, ...FIELDS.map((name) => h('th', { class: 'nb-c' }, S.chunkField[name])))
    const table = h('table', { class: 'nb-c-table' }, h('thead', {}, head), this.rows)
    const inside = h('div', { class: 'nb-chunks', tabindex: '0', role: 'group', 'aria-label': S.chunks }, table)
    const below = h('div', { class: 'nb-c-below' }, this.count, this.more)
    this.root = h('section', { class: 'nb-drawer', hidden: true }, inside, below)
    this.more.addEventListener('click', () => this.ask(performance.now()))
  }

  /** Open or close; where open, ask for what has come since, if it is time. */
  update(now: number, open: boolean): void {
    set(this.root, 'hidden', !open)
    if (!open) return
    if (this.run !== this.store.run) this.restart()
    const over = isOver(this.store)
    const due = over ? !this.final : now - this.asked >= AGAIN
    if (due && this.next >= this.total && this.rows.childElementCount < UNASKED) this.ask(now)
    this.show()
  }

  private restart(): void {
    this.run = this.store.run
    this.next = this.total = 0
    this.time = undefined
    this.asked = Number.NEGATIVE_INFINITY
    this.waiting = this.final = false
    this.rows.replaceChildren()
  }

  private ask(now: number): void {
    if (this.store.gone || (this.waiting && now - this.asked < PATIENCE)) return
    const { run } = this.store
    const over = isOver(this.store)
    this.asked = now
    this.waiting = true
    this.store.chunks.ask(this.next, PAGE, (page) => {
      if (run === this.run && page.from === this.next && this.waiting) this.take(page, over)
    })
  }

  private take(page: ChunkPage, over: boolean): void {
    this.waiting = false
    this.total = page.total
    this.final = over
    for (const row of page.rows) {
      this.rows.append(h('tr', {}, ...FIELDS.map((name) => h('td', { class: `nb-c nb-c-${name}` }, this.cell(row, name)))))
      if (typeof row.t_us === 'number') this.time = row.t_us
      if (typeof row.n === 'number') this.next = Math.max(this.next, row.n + 1)
    }
    // No row where rows should be: they are kept no longer, and asking again would not end.
    if (page.rows.length === 0) this.next = page.total
    this.show()
  }

  private show(): void {
    const shown = this.rows.childElementCount
    set(this.more, 'hidden', this.next >= this.total || this.store.gone)
    const none = this.store.gone ? S.gone : S.noChunks
    setText(this.count, shown === 0 ? none : S.chunksShown(whole(shown), whole(this.total)))
  }

  /** What a row says in one column: its time in seconds, the gap before it in milliseconds. */
  private cell(row: Wire, name: (typeof FIELDS)[number]): string {
    const { t_us: time } = row
    if (name === 'gap') return typeof time === 'number' && this.time !== undefined ? whole((time - this.time) / 1000) : ''
    const value = row[name]
    if (typeof value === 'number') return name === 't_us' ? (value / 1e6).toFixed(3) : String(value)
    return typeof value === 'string' ? value : ''
  }
}
