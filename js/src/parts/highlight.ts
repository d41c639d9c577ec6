/**
 * The highlighter: loaded on demand, one for a page, its work done in a worker.
 *
 * Belongs here: the queue of texts and the worker's life. Does not belong here: what is looked at when (`colours`), grammars
 * (`tokens`).
 * A text that takes longer than a second costs its worker's life, and stays plain: eight thousand characters can keep any engine
 * of this kind busy for minutes.
 */

import { type Coloured, Colours, type Frame } from './colours'
import program from './highlight.worker?program'
import type { Runs } from './tokens'

export interface HighlightPart {
  /** Keep `block` in colours; returns the function to call when its text has grown or is closed. `frame` waits for a frame. */
  colour(block: Coloured, frame: Frame): () => void
}

interface Job {
  readonly language: string
  readonly text: string
  readonly done: (runs: Runs | undefined) => void
}

/** What we use of a worker. */
export interface Process {
  onmessage: ((event: MessageEvent) => void) | null
  onerror: ((event: ErrorEvent) => void) | null
  postMessage(message: unknown): void
  terminate(): void
}

/** How long one text may take, in milliseconds, not counting the start of the worker. */
const PATIENCE = 1000
/** How long that start may take. */
const START = 15_000

export class Highlighter {
  private readonly jobs: Job[] = []
  private worker: Process | undefined
  private ready = false
  private broken = false
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly make: () => Process = start) {}

  /** The runs of `text`; undefined where there are none: no grammar, no worker, too slow. */
  highlight(language: string, text: string): Promise<Runs | undefined> {
    if (this.broken) return Promise.resolve(undefined)
    return new Promise((done) => {
      if (this.jobs.push({ language, text, done }) === 1) this.next()
    })
  }

  private next(): void {
    clearTimeout(this.timer)
    const [job] = this.jobs
    if (job === undefined) return
    if (this.worker === undefined) this.begin()
    else if (this.ready) {
      this.timer = setTimeout(() => this.kill(), PATIENCE)
      this.worker.postMessage({ language: job.language, text: job.text })
    }
  }

  private begin(): void {
    this.ready = false
    this.timer = setTimeout(() => this.fail(), START)
    try {
      this.worker = this.make()
    } catch {
      // The page's policy allows no worker made from a text.
      this.fail()
      return
    }
    this.worker.onmessage = ({ data }: MessageEvent<Runs | null | 'ready'>) => {
      if (data === 'ready') {
        this.ready = true
        this.next()
      } else this.finish(data ?? undefined)
    }
    this.worker.onerror = (event) => {
      event.preventDefault?.()
      if (this.ready) this.kill()
      else this.fail()
    }
  }

  /** The text at the head of the queue has its answer. */
  private finish(runs: Runs | undefined): void {
    this.jobs.shift()?.done(runs)
    this.next()
  }

  private kill(): void {
    this.worker?.terminate()
    this.worker = undefined
    this.finish(undefined)
  }

  private fail(): void {
    clearTimeout(this.timer)
    this.broken = true
    this.worker?.terminate()
    for (const { done } of this.jobs.splice(0)) done(undefined)
  }
}

function start(): Worker {
  const address = URL.createObjectURL(new Blob([program], { type: 'text/javascript' }))
  const worker = new Worker(address)
  // The browser has its own copy once it has begun to read; to be safe the address lives as long as a start may take.
  setTimeout(() => URL.revokeObjectURL(address), START)
  return worker
}

const highlighter = new Highlighter()

export function colour(block: Coloured, frame: Frame): () => void {
  const colours = new Colours(block, (language, text) => highlighter.highlight(language, text), frame)
  return () => colours.changed()
}
