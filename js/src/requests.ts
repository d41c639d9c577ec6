/**
 * The requests: what a view asks of the kernel, said again until there is an answer.
 *
 * Belongs here: each request, which way it takes, how often it is said. Does not belong here: how it travels (`line`), the answers
 * (`comm`), what they mean (`runstore`).
 */

import type { Way as Again } from './attempts'
import type { Wire } from './events'
import { hex } from './kernel'
import type { Line, Way } from './line'
import type { PartName } from './parts'
import type { RunStore } from './runstore'
import { Timers } from './timers'
import type { Uplink } from './uplink'

/** Before a message is said again, in milliseconds. */
const HELLO_AGAIN = [250, 500, 1000, 2000, 4000, 8000]
const STOP_AGAIN = [1000, 2000, 4000]
/** Often at first: a line is called connected before the server has joined it to the kernel, and what is asked then is lost. */
const ASK_AGAIN = [250, 250, 500, ...Array<number>(9).fill(1000), 2000, 4000, 8000, 16000, 30000]
const WANT_AGAIN = [2000, 4000]
const PART_AGAIN = [3000, 6000]
/** What was asked within this time is not asked again because something else happens. */
const ASK_PAUSE = 250
/** A message that does not fit, so long after a resync was asked for: the question or the answer was lost. */
const RESYNC_PAUSE = 1000

export class Requests implements Uplink {
  /** The name of this view, for the kernel. */
  readonly view = hex(4)
  /** No view of this model stands in the page. */
  away = false
  private readonly timers = new Timers()
  /** Numbers the requests of this view, so that the kernel answers the two copies of one once. */
  private count = 0
  private asked = Number.NEGATIVE_INFINITY

  constructor(private readonly line: Line) {}

  /** Whether the request `name` has no answer yet. */
  pending(name: 'hello' | 'resync' | 'check'): boolean {
    return this.timers.has(name)
  }

  /** Something came in, which answers a check, and by its type another request. */
  answered(message: Wire): void {
    if (message.type === 'welcome') this.timers.cease('hello')
    else if (message.type === 'output') this.timers.cease('want')
    else if (message.type === 'part') this.timers.cease(`part ${message.name}`)
    this.timers.cease('check')
  }

  /** The run is at its end. */
  stopped(): void {
    this.timers.cease('stop')
  }

  /** What was asked on the old line is lost, or its answer is. */
  forget(): void {
    this.asked = Number.NEGATIVE_INFINITY
  }

  /** Greet, until the kernel says welcome; `more` says what the page can do at that moment. */
  hello(store: RunStore, more: () => Wire): void {
    this.timers.repeat('hello', HELLO_AGAIN, () => {
      const { run, received } = store
      this.line.say({ type: 'hello', view: this.view, run, have: received, n: ++this.count, ...more() }, 'both')
    })
  }

  /** Say that no view is left. */
  bye(): void {
    for (const name of ['hello', 'check', 'resync']) this.timers.cease(name)
    this.line.say({ type: 'bye', view: this.view }, 'quiet')
  }

  /** Ask for nothing more. */
  cease(): void {
    this.timers.clear()
  }

  stop(run: string): void {
    this.timers.repeat('stop', STOP_AGAIN, () => this.line.say({ type: 'stop', run }, 'both'))
  }

  /** Both ways, like Stop: who asks may block the cell that the comm waits for. The kernel takes the first answer. */
  approval(run: string, id: string, approved: boolean, waits: () => boolean): void {
    const name = `approval ${id}`
    this.timers.repeat(name, STOP_AGAIN, () => {
      if (waits()) this.line.say({ type: 'approval', run, id, approved }, 'both')
      else this.timers.cease(name)
    })
  }

  arrivals(run: string, from: number): void {
    this.line.say({ type: 'arrivals', run, from }, 'quiet')
  }

  attempt(run: string): void {
    this.line.say({ type: 'attempt', run }, 'both')
  }

  again(run: string, way: Again, waits: () => boolean): void {
    this.timers.repeat('again', WANT_AGAIN, () => {
      if (waits()) this.line.say({ type: 'again', run, way }, 'both')
      else this.timers.cease('again')
    })
  }

  resync(run: string, have: number): void {
    if (this.away || (this.timers.has('resync') && performance.now() - this.asked < RESYNC_PAUSE)) return
    this.timers.cease('check')
    // First quietly; if nothing comes, by the comm as well: a kernel may not listen to our control messages.
    let way: Way = 'quiet'
    this.timers.repeat('resync', ASK_AGAIN, () => {
      this.asked = performance.now()
      this.line.say({ type: 'resync', view: this.view, run, have, n: ++this.count }, way)
      way = 'both'
    })
  }

  settled(): void {
    this.timers.cease('resync')
  }

  /** Ask for the output as it is to be saved, which the kernel has refreshed `rev` times. */
  want(rev: number): void {
    this.timers.repeat('want', WANT_AGAIN, () => this.line.say({ type: 'want', rev }, 'quiet'))
  }

  mismatch(run: string, seq: number): void {
    this.line.say({ type: 'mismatch', run, seq }, 'quiet')
  }

  chunks(run: string, from: number, count: number): void {
    this.line.say({ type: 'chunks', run, from, count }, 'quiet')
  }

  /** Ask whether there is more than was received; where the answer is yes, a resync follows. */
  check(store: RunStore): void {
    if (store.end || store.gone || this.away || this.timers.has('resync') || performance.now() - this.asked < ASK_PAUSE) return
    let way: Way = 'quiet'
    this.timers.repeat('check', ASK_AGAIN, () => {
      this.asked = performance.now()
      this.line.say({ type: 'check', view: this.view, run: store.run, have: store.received, n: ++this.count }, way)
      way = 'both'
    })
  }

  /** Ask for a part of the front-end, first quietly, as for a snapshot. */
  part(name: PartName): boolean {
    if (this.line.dead) return false
    let way: Way = 'quiet'
    this.timers.repeat(`part ${name}`, PART_AGAIN, () => {
      this.line.say({ type: 'part', name }, way)
      way = 'both'
    })
    return true
  }
}
