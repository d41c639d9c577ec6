/**
 * When to paint: at most once per animation frame, whatever the rate of events.
 *
 * Belongs here: the one queue of what waits for the next frame. Does not belong here: what is painted.
 *
 * All views of a page share the queue, although each has its own copy of this module: first everything is written, then whoever
 * must know how high it has become asks, then what follows from the answers is done. A view that did all three by itself would have
 * the page laid out once or twice for each view.
 */

import { attempt } from './page'

/** Hidden pages get no animation frames; there a paint may wait this long, in milliseconds. */
const HIDDEN_DELAY = 250

type Job = () => void
/** What is to be done once all have asked, if anything. */
type Question = () => Job | undefined

/** Its shape is a contract between versions of the bundle, as that of `page`: change it only together with the symbol's number. */
interface Frames {
  readonly writes: Set<Job>
  readonly reads: Set<Question>
  ask(): void
  /** Wait for no frame where nothing is left to do. */
  rest(): void
}

const FRAMES: unique symbol = Symbol.for('nbstream.frames.1')

/** Run `job`, which changes the page, with the next frame. Asking for the same function again before that changes nothing. */
export function paint(job: Job): void {
  const { writes, ask } = frames()
  writes.add(job)
  ask()
}

/** Run `job`, which asks for sizes and places, once everything of the next frame (or of this one) is written, then what it returns. */
export function measure(job: Question): void {
  const { reads, ask } = frames()
  reads.add(job)
  ask()
}

/** Forget `job` if it has not run yet. */
export function cancelPaint(job: Job | Question): void {
  const { writes, reads, rest } = frames()
  writes.delete(job)
  reads.delete(job as Question)
  rest()
}

function frames(): Frames {
  const home = globalThis as typeof globalThis & { [FRAMES]?: Frames }
  home[FRAMES] ??= makeFrames()
  return home[FRAMES]
}

function makeFrames(): Frames {
  const [writes, reads] = [new Set<Job>(), new Set<Question>()]
  let frame = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const cease = (): void => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
  const flush = (): void => {
    cease()
    for (const write of taken(writes)) attempt(write)
    const moves: Job[] = []
    for (const read of taken(reads))
      attempt(() => {
        const move = read()
        if (move) moves.push(move)
      })
    for (const move of moves) attempt(move)
    timer = undefined
    if (writes.size + reads.size > 0) ask()
  }
  const ask = (): void => {
    if (timer !== undefined) return
    // Both: a page that is hidden after the frame was asked for gets none, and would never paint its end.
    frame = requestAnimationFrame(flush)
    timer = setTimeout(flush, HIDDEN_DELAY)
  }
  const rest = (): void => {
    if (timer === undefined || writes.size + reads.size > 0) return
    cease()
    timer = undefined
  }
  return { writes, reads, ask, rest }
}

function taken<T>(jobs: Set<T>): T[] {
  const due = [...jobs]
  jobs.clear()
  return due
}
