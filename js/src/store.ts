/**
 * The store: one per model, shared by all views of it.
 *
 * Belongs here: what a view may read and be told, the status, the freeze after Stop. Does not belong here: how messages travel
 * (`comm`), which frames fit (`inbox`), anything of the DOM.
 */

import type { End, EndStatus, Event, Meta } from './events'

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

/** Called once for each event, after it was folded; with null when anything may have changed: rebuild or diff. */
export type Listener = (event: Event | null) => void

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
  /**
   * Returns the function that ends the subscription. `changed` is called when `status`, `frozen`, `outdated` or `startedAt`
   * changed without an event (Stop was pressed in another view of this store, the kernel is newer).
   */
  subscribe(listener: Listener, changed?: () => void): () => void
  /** Freeze at once and ask the kernel to stop; nothing happens after the end or when called again. */
  stop(): void
}
