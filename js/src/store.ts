/**
 * The store as its views see it: what they may read, be told and ask for.
 *
 * Belongs here: the interface. Does not belong here: what stands behind it (`runstore`), anything of the DOM.
 */

import type { Arrivals } from './arrivals'
import type { Attempts, Way } from './attempts'
import type { ChunkPages } from './chunkpages'
import type { End, EndStatus, Meta } from './events'
import type { Listener } from './listeners'

/** The view's `data-status`. */
export type Status = 'submitted' | 'streaming' | 'stopping' | EndStatus

/** One section as it stands; the object stays the same while the section grows. */
export interface Section {
  /** Index in `Store.sections`. */
  readonly at: number
  readonly kind: string
  readonly meta: Meta
  readonly closed: boolean
  /** In UTF-16 units, without joining the text. */
  readonly length: number
  /** The text so far, joined when read. */
  text(): string
}

/** A line that is cut. */
export interface Cut {
  /** Since when, in `performance.now()`. */
  readonly at: number
  /** The front-end tries to connect again by itself; else the reader must. */
  readonly retried: boolean
}

export interface Store {
  /** The run's id; a new one, with a call of the listeners with null, when another attempt replaces the run. */
  readonly run: string
  readonly seq: number
  readonly meta: Meta
  readonly sections: readonly Section[]
  readonly end: End | undefined
  readonly status: Status
  /** `performance.now()` at the moment the request was handed to the client; of the store's making until that is known. */
  readonly startedAt: number
  /** Stop was asked for here and the end has not come: nothing changes until it does. */
  readonly frozen: boolean
  /** The kernel speaks a newer protocol: the reader must reload the page. */
  readonly outdated: boolean
  /** The kernel has gone (restarted, shut down): without an end now, the run will never get one. */
  readonly gone: boolean
  /** The line to the kernel is cut at the moment; what has been said since is not here yet. */
  readonly cut: Cut | undefined
  readonly chunks: ChunkPages
  /** When the texts of this run came; another object for another run. */
  readonly arrivals: Arrivals
  /** The runs of this stream, of which this is the latest, and how it could be asked again. */
  readonly attempts: Attempts
  /** Another attempt was asked for, and has not begun. */
  readonly renewing: boolean
  /**
   * Returns the function that ends the subscription. `changed` is called when `status`, `frozen`, `outdated`, `gone`,
   * `cut` or `startedAt` changed without an event (Stop was pressed in another view of this store, the kernel is newer).
   */
  subscribe(listener: Listener, changed?: () => void): () => void
  /** Freeze at once and ask the kernel to stop; nothing happens after the end or when called again. */
  stop(): void
  /** Call `receive` with an earlier attempt, in which nothing changes; never where the kernel does not know it. */
  past(run: string, receive: (store: Store) => void): void
  /** Ask the kernel for another attempt; nothing happens before the end or when called again. */
  again(way: Way): void
  /** Answer the question `id` about a tool call; the transcript tells when the kernel has taken it. */
  answer(id: string, approved: boolean): void
}
