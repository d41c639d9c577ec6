/**
 * Pages of the provider's raw chunks: who asked for which, and the answers.
 *
 * Belongs here: matching an answer with its question. Does not belong here: how they travel (`comm`), what a row holds (the kernel's
 * `_inspector` says), how it looks (`views/chunks`).
 */

import { isWire, type Wire } from './events'
import { attempt } from './page'

export interface ChunkPage {
  readonly from: number
  /** How many chunks have come. */
  readonly total: number
  readonly rows: readonly Wire[]
}

type Receive = (page: ChunkPage) => void

export class ChunkPages {
  private readonly waiting = new Map<number, Set<Receive>>()

  constructor(private readonly send: (from: number, count: number) => void) {}

  /** Ask for chunks from number `from` on; `receive` is called once, or never where the kernel does not answer. */
  ask(from: number, count: number, receive: Receive): void {
    this.waiting.set(from, (this.waiting.get(from) ?? new Set()).add(receive))
    this.send(from, count)
  }

  /** Take the kernel's message, which is a stranger's until it has been looked at. */
  receive({ from, total, rows }: Wire): void {
    if (typeof from !== 'number' || typeof total !== 'number' || !Array.isArray(rows)) return
    const asked = [...(this.waiting.get(from) ?? [])]
    this.waiting.delete(from)
    for (const receive of asked) attempt(() => receive({ from, total, rows: rows.filter(isWire) }))
  }
}
