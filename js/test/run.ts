/** A run without a kernel: the real store, fed with frames and snapshots by the test itself. */

import type { Event, MetaValue } from '../src/events'
import { RunStore } from '../src/runstore'
import { type State, Transcript } from '../src/transcript'

export class Run {
  stops = 0
  /** What was answered to which question. */
  readonly answers: [string, boolean][] = []
  /** Which pages of chunks were asked for: from, count. */
  readonly asked: [number, number][] = []
  readonly store: RunStore
  private readonly kernel = new Transcript()
  private sent = 0

  constructor(events: readonly Event[] = [], id = 'r1') {
    const nothing = (): void => undefined
    this.store = new RunStore({
      stop: () => void this.stops++,
      resync: nothing,
      settled: nothing,
      mismatch: nothing,
      approval: (_, id, approved) => void this.answers.push([id, approved]),
      chunks: (_, from, count) => void this.asked.push([from, count]),
    })
    this.apply(events, id)
  }

  apply(events: readonly Event[], run = 'r1'): this {
    for (const event of events) this.kernel.apply(event)
    const from = this.sent + 1
    this.sent += events.length
    if (events.length > 0) this.store.receiveFrame({ v: 1, run, from, to: this.sent, events })
    return this
  }

  /** What a resync brings. */
  receive(state: State, run = 'r1'): this {
    this.store.receiveSnapshot({ ...state, run })
    return this
  }

  state(): State {
    return this.kernel.snapshot()
  }
}

// Events, written short.
type Values = Record<string, MetaValue>
export const open = (kind: string, meta?: Values): Event => ({ op: 'open', kind, ...(meta && { meta }) })
export const append = (at: number, text: string): Event => ({ op: 'append', at, text })
export const amend = (at: number, meta: Values): Event => ({ op: 'amend', at, meta })
export const close = (at: number): Event => ({ op: 'close', at })
export const note = (meta: Values): Event => ({ op: 'note', meta })
export const end = (
  status: 'done' | 'stopped' | 'truncated' | 'error',
  reason?: string,
  error?: Record<string, string>,
): Event => ({
  op: 'end',
  status,
  ...(reason !== undefined && { reason }),
  ...(error && { error }),
})
