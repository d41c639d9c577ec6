/**
 * The listeners of a store: who is told of which event, and that something else has changed.
 *
 * Belongs here: the set of them, and that the fault of one does not reach the others. Does not belong here: when they are told
 * (`runstore`).
 */

import type { Event } from './events'
import { attempt } from './page'

/** Called once for each event, after it was folded; with null when anything may have changed: rebuild or diff. */
export type Listener = (event: Event | null) => void

interface Subscriber {
  readonly listener: Listener
  readonly changed: (() => void) | undefined
}

export class Listeners {
  private readonly all = new Set<Subscriber>()

  /** Returns the function that ends the subscription. */
  add(listener: Listener, changed: (() => void) | undefined): () => void {
    const subscriber = { listener, changed }
    this.all.add(subscriber)
    return () => void this.all.delete(subscriber)
  }

  tell(event: Event | null): void {
    for (const { listener } of [...this.all]) attempt(() => listener(event))
  }

  /** Tell of a change without an event. */
  readonly changed = (): void => {
    for (const { changed } of [...this.all]) if (changed) attempt(changed)
  }
}
