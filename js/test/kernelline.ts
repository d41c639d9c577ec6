/**
 * A kernel and its line to one store.
 *
 * Belongs here: what the kernel says, and what the store asks for. Does not belong here: how either travels (`frontend`).
 */

import { type Event, VERSION } from '../src/events'
import { RunStore } from '../src/runstore'
import { type Snapshot, Transcript } from '../src/transcript'
import type { Uplink } from '../src/uplink'

/** A kernel and its line to one store; what the store asks for is written down, what is sent may be lost. */
export class KernelLine implements Uplink {
  readonly asked: string[] = []
  readonly told: (Event | null)[] = []
  readonly store = new RunStore(this)
  changes = 0
  private kernel = new Transcript()
  private sent = 0

  constructor(private run = 'r') {
    this.store.subscribe(
      (event) => this.told.push(event),
      () => {
        this.changes += 1
      },
    )
  }

  stop(run: string): void {
    this.asked.push(`stop ${run}`)
  }
  resync(run: string, have: number): void {
    this.asked.push(`resync ${run} ${have}`)
  }
  settled(): void {
    this.asked.push('settled')
  }
  mismatch(run: string, seq: number): void {
    this.asked.push(`mismatch ${run} ${seq}`)
  }

  /** The kernel does these; the frame arrives unless it is lost. */
  says(events: readonly Event[], fate: 'arrives' | 'is lost' = 'arrives'): void {
    const taken = events.map((event) => {
      this.kernel.apply(event)
      return this.kernel.end ?? event
    })
    const from = this.sent + 1
    this.sent += events.length
    if (fate === 'arrives') this.store.receiveFrame({ v: VERSION, run: this.run, from, to: this.sent, events: taken })
  }

  snapshot(more: Partial<Snapshot> = {}): void {
    this.store.receiveSnapshot({ ...this.kernel.snapshot(), run: this.run, ...more })
  }

  /** Another attempt replaces the run. */
  restarts(run: string): void {
    this.run = run
    this.kernel = new Transcript()
    this.sent = 0
  }

  text(at = 0): string | undefined {
    return this.store.sections[at]?.text()
  }
}

export const OPEN: Event = { op: 'open', kind: 'content' }
export const END: Event = { op: 'end', status: 'done', reason: 'stop' }
export const append = (text: string, at = 0): Event => ({ op: 'append', at, text })
