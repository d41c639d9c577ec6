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

const FIELDS = ['n', 't_us', 'kind', 'index', 'delta', 'finish_reason', 'usage', 'model', 'created', 'id'] as const

export class Chunks {
  readonly root: HTMLElement
  private readonly rows = h('tbody')
  private readonly count = h('p', { class: 'nb-note' })
  private readonly more = h('button', { class: 'nb-btn', type: 'button' }, S.moreChunks)
  private run = ''
  private next = 0
  private total = 0
  private asked = Number.NEGATIVE_INFINITY
  private waiting = false
  /** The answer to the last question came after the end: there is nothing more to come. */
  private final = false

  constructor(private readonly store: Store) {
    const head = h('tr', {}, ...FIELDS.map((name) => h('th', { class: 'nb-c' }, S.chunkField[name])))
    const table = h('table', { class: 'nb-c-table' }, h('thead', {}, head), this.rows)
    const inside = h('div', { class: 'nb-chunks-scroll', tabindex: '0', role: 'group', 'aria-label': S.chunks }, table)
    this.root = h('section', { class: 'nb-chunks', hidden: true }, inside, this.count, this.more)
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
      this.rows.append(h('tr', {}, ...FIELDS.map((name) => h('td', { class: `nb-c nb-c-${name}` }, cell(row, name)))))
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
}

/** What a row says in one column; a time in milliseconds. */
function cell(row: Wire, name: (typeof FIELDS)[number]): string {
  const value = row[name]
  if (typeof value === 'number') return name === 't_us' ? (value / 1000).toFixed(1) : String(value)
  return typeof value === 'string' ? value : ''
}
