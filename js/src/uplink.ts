/**
 * The uplink: what a store wants said to the kernel.
 *
 * Belongs here: the interface, and the uplink of what has ended. Does not belong here: how it is said and when again (`requests`).
 */

import type { Way } from './attempts'

/** What a store asks to be sent. */
export interface Uplink {
  stop(run: string): void
  /** The state is not known any more: ask for a snapshot. */
  resync(run: string, have: number): void
  /** A snapshot came in that answers a resync. */
  settled(): void
  mismatch(run: string, seq: number): void
  chunks?(run: string, from: number, count: number): void
  arrivals?(run: string, from: number): void
  attempt?(run: string): void
  /** `waits` says whether it has not begun. */
  again?(run: string, way: Way, waits: () => boolean): void
  /** `waits` says whether the question is still open. */
  approval?(run: string, id: string, approved: boolean, waits: () => boolean): void
}

const nothing = (): void => undefined
/** Of what has ended nothing is asked but its chunks and their times. */
export const MUTE: Uplink = { stop: nothing, resync: nothing, settled: nothing, mismatch: nothing }
