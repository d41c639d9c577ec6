/**
 * The inbox: what to do with a frame or a snapshot that came in.
 *
 * Belongs here: the run and the number up to which everything was received, and the three cases apply, drop, resync. Does not
 * belong here: the fold (`transcript`), sending (`comm`). Nothing is folded here, so a frame may wait (`runstore`, the freeze)
 * after it was judged.
 */

import { ProtocolError } from './errors'
import { decode, type Event, isWire, VERSION } from './events'
import { asSnapshot, type Snapshot } from './transcript'

export interface Frame {
  readonly to: number
  readonly events: readonly Event[]
}

/** `illegal` is a frame that breaks the protocol and needs a resync, too; `outdated` comes from a newer kernel. */
export type Verdict = Frame | 'drop' | 'resync' | 'illegal' | 'outdated'

export class Inbox {
  run = ''
  /** The number of the last event received, folded or not yet. */
  seq = 0
  private trusted = true

  /** Judge a frame; one that fits counts as received. */
  frame(wire: unknown): Verdict {
    if (!isWire(wire)) return 'illegal'
    const { v, run, from, to, events } = wire
    if (!isCount(v)) return 'illegal'
    if (v > VERSION) return 'outdated'
    if (typeof run !== 'string' || !isCount(from) || !isCount(to) || from > to || !Array.isArray(events)) return 'illegal'
    // The trait may have been empty when the model was made, before there was a run.
    if (this.run === '' && from === 1) this.run = run
    if (run !== this.run || !this.trusted) return 'resync'
    if (to <= this.seq) return 'drop'
    if (from !== this.seq + 1) return 'resync'
    const decoded = decodeAll(events)
    if (!decoded) return 'illegal'
    this.seq = to
    return { to, events: decoded }
  }

  /** Judge a snapshot: undefined for one that is no news, because frames have overtaken it, or no snapshot at all. */
  snapshot(wire: unknown): Snapshot | 'outdated' | undefined {
    if (isWire(wire) && isCount(wire.v) && wire.v > VERSION) return 'outdated'
    const state = asSnapshot(wire)
    if (!state) return undefined
    if (state.run === this.run && state.seq < this.seq && this.trusted) return undefined
    this.run = state.run
    this.seq = state.seq
    this.trusted = true
    return state
  }

  /** The fold failed or its digest differs: take nothing more until a snapshot comes. */
  distrust(): void {
    this.trusted = false
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function decodeAll(wires: readonly unknown[]): Event[] | undefined {
  try {
    return wires.map(decode)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
