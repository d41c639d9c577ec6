/**
 * When to paint: at most once per animation frame, whatever the rate of events.
 *
 * Belongs here: the one queue of pending paints. Does not belong here: what is painted.
 */

import { attempt } from './page'

/** Hidden pages get no animation frames; there a paint may wait this long, in milliseconds. */
const HIDDEN_DELAY = 250

const jobs = new Set<() => void>()
let frame = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** Run `job` with the next frame. Asking for the same function again before that changes nothing. */
export function paint(job: () => void): void {
  jobs.add(job)
  if (timer !== undefined) return
  // Both: a page that is hidden after the frame was asked for gets none, and would never paint its end.
  frame = requestAnimationFrame(flush)
  timer = setTimeout(flush, HIDDEN_DELAY)
}

/** Forget `job` if it has not run yet. */
export function cancelPaint(job: () => void): void {
  jobs.delete(job)
}

function flush(): void {
  cancelAnimationFrame(frame)
  clearTimeout(timer)
  timer = undefined
  const due = [...jobs]
  jobs.clear()
  for (const job of due) attempt(job)
}
