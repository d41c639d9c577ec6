/**
 * The attempts of a stream: which there are, how it can be asked again, and what earlier ones said.
 *
 * Belongs here: what the snapshots tell of them, earlier ones that are known or were asked for, a new one that was asked for. Does
 * not belong here: how a question travels (`requests`), paging (`views/pager`). An earlier attempt has ended: nothing of it changes.
 */

import { isWire } from './events'
import { attempt } from './page'
import { asSnapshot, type Snapshot } from './transcript'

export type Way = 'retry' | 'continue'

/** So long a view waits for an attempt that it has asked for, in milliseconds. */
const PATIENCE = 8000

type Receive = (state: Snapshot) => void

export class Attempts {
  /** The ids of the runs in order; none while there has been one alone. */
  runs: readonly string[] = []
  ways: readonly Way[] = []
  private readonly known = new Map<string, Snapshot>()
  private asked: { readonly run: string; readonly at: number } | undefined
  private readonly waiting = new Map<string, Set<Receive>>()

  constructor(private readonly send: (run: string) => void) {}

  /** Learn from a snapshot, which is a stranger's, what there is. */
  learn(wire: unknown): void {
    if (!isWire(wire)) return
    if (Array.isArray(wire.attempts)) this.runs = wire.attempts.filter((run): run is string => typeof run === 'string')
    if (Array.isArray(wire.ways)) this.ways = wire.ways.filter((way): way is Way => way === 'retry' || way === 'continue')
  }

  /** Keep what an attempt had said when another took its place. */
  keep(run: string, state: Snapshot): void {
    if (state.end) this.known.set(run, state)
  }

  /** Note that another attempt than `run` was asked for; `late` is called when none has come for long. */
  renew(run: string, late: () => void): void {
    this.asked = { run, at: performance.now() }
    setTimeout(late, PATIENCE)
  }

  /** Whether one in the place of `run` was asked for, and may still come. */
  renews(run: string): boolean {
    return this.asked?.run === run && performance.now() - this.asked.at < PATIENCE
  }

  /** Call `receive` with an earlier attempt: at once where it is known, else when the kernel answers, or never. */
  read(run: string, receive: Receive): void {
    const known = this.known.get(run)
    if (known) {
      receive(known)
      return
    }
    this.waiting.set(run, (this.waiting.get(run) ?? new Set()).add(receive))
    this.send(run)
  }

  /** Take the kernel's answer. */
  receive(wire: unknown): void {
    const state = asSnapshot(wire)
    if (!state) return
    this.keep(state.run, state)
    const asked = [...(this.waiting.get(state.run) ?? [])]
    this.waiting.delete(state.run)
    for (const receive of asked) attempt(() => receive(state))
  }
}
