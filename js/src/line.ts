/**
 * The line to the kernel: the two ways that a message can take.
 *
 * Belongs here: what we use of a model, and which way a message goes. Does not belong here: what is said and when it is said again
 * (`requests`), what comes in (`comm`).
 *
 * The comm is ordered and always there, but waits while a cell runs on some kernels, and makes the kernel say busy and idle. The
 * control channel, where the front-end shows its kernel connection, does neither. Stop and hello take both (the kernel does each
 * once); the others take control where there is one.
 *
 * While the line is cut nothing is said: JupyterLab would keep it, and whatever it keeps holds up its own first question to the
 * kernel, behind which all others wait, until three seconds are over. When the line is back, what is still to be said goes out.
 */

import type { Wire } from './events'
import { Kernel } from './kernel'

/** What we use of an anywidget model. Untyped by nature: traits, messages and the manager are whatever the host made. */
export interface Model {
  get(name: string): unknown
  on(name: string, callback: (message: unknown, buffers?: unknown) => void): void
  off(name: string, callback: (message: unknown, buffers?: unknown) => void): void
  send(message: Wire): void
  readonly widget_manager?: unknown
}

/** `quiet` is by control where there is one, else by the comm. */
export type Way = 'quiet' | 'both'

export class Line {
  readonly kernel: Kernel
  /** Nothing is said any more. */
  over = false

  constructor(readonly model: Model) {
    this.kernel = new Kernel(model.widget_manager)
  }

  /** Whether what is said now would be said to nobody. */
  get dead(): boolean {
    return this.over || this.kernel.cut
  }

  say(message: Wire, way: Way): void {
    if (this.dead) return
    const controlled = this.kernel.control({ key: this.model.get('key'), message })
    if (way === 'both' || !controlled) this.model.send(message)
  }
}
