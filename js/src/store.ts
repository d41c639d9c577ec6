/**
 * The store: one per model, shared by all views of it.
 *
 * Belongs here: what a view may read and be told, the status, the freeze after Stop. Does not belong here: how messages travel
 * (`comm`), which frames fit (`inbox`), anything of the DOM.
 */

import { Arrivals } from './arrivals'
import { Attempts, type Way } from './attempts'
import { ChunkPages } from './chunkpages'
import { difference } from './difference'
import { ProtocolError } from './errors'
import type { End, EndStatus, Event, Meta } from './events'
import { type Frame, Inbox } from './inbox'
import { attempt, page } from './page'
import { digest, type Snapshot, Transcript } from './transcript'

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
const MUTE: Uplink = { stop: nothing, resync: nothing, settled: nothing, mismatch: nothing }
/** So long a view waits for an attempt that it has asked for, in milliseconds. */
const PATIENCE = 8000

export class RunStore implements Store {
  frozen = false
  outdated = false
  gone = false
  cut: Cut | undefined
  startedAt = performance.now()
  private transcript = new Transcript()
  /** The run that the transcript is of; behind `run` while a snapshot of a newer one waits. */
  private folded = ''
  private readonly inbox = new Inbox()
  /** What came in while frozen, in order. It waits unfolded, so that a view that reads late reads what it showed at the stop. */
  private held: (Frame | Snapshot)[] = []
  private readonly subscribers = new Set<{ readonly listener: Listener; readonly changed: (() => void) | undefined }>()

  readonly chunks = new ChunkPages((from, count) => this.uplink.chunks?.(this.run, from, count))
  arrivals = this.listen()
  readonly attempts = new Attempts((run) => this.uplink.attempt?.(run))
  private readonly pasts = new Map<unknown, RunStore>()
  private asked: { readonly run: string; readonly at: number } | undefined

  constructor(private readonly uplink: Uplink) {}

  get run(): string {
    return this.inbox.run
  }
  get seq(): number {
    return this.transcript.seq
  }
  /** The number of the last event that came in, held ones included. */
  get received(): number {
    return this.inbox.seq
  }
  get meta(): Meta {
    return this.transcript.meta
  }
  get sections(): readonly Section[] {
    return this.transcript.sections
  }
  get end(): End | undefined {
    return this.transcript.end
  }
  get renewing(): boolean {
    return this.asked?.run === this.run && performance.now() - this.asked.at < PATIENCE
  }
  get status(): Status {
    if (this.end) return this.end.status
    if (this.frozen) return 'stopping'
    return this.sections.length > 0 ? 'streaming' : 'submitted'
  }

  subscribe(listener: Listener, changed?: () => void): () => void {
    const subscriber = { listener, changed }
    this.subscribers.add(subscriber)
    return () => void this.subscribers.delete(subscriber)
  }

  stop(): void {
    if (this.end || this.frozen || this.gone) return
    this.frozen = true
    this.uplink.stop(this.run)
    this.changed()
  }

  /** This store, or that of an earlier attempt. */
  of(run: unknown): RunStore | undefined {
    return run === this.run ? this : this.pasts.get(run)
  }

  past(run: string, receive: (store: Store) => void): void {
    const known = this.pasts.get(run)
    if (known) receive(known)
    else this.attempts.read(run, (state) => this.open(state, receive))
  }

  private open(state: Snapshot, receive: (store: Store) => void): void {
    const store = new RunStore({
      ...MUTE,
      chunks: (run, from, count) => this.uplink.chunks?.(run, from, count),
      arrivals: (run, from) => this.uplink.arrivals?.(run, from),
    })
    store.receiveSnapshot(state)
    this.pasts.set(state.run, store)
    receive(store)
  }

  again(way: Way): void {
    const { run } = this
    if (!this.end || this.gone || this.renewing) return
    this.asked = { run, at: performance.now() }
    this.uplink.again?.(run, way, () => this.run === run && !this.gone)
    setTimeout(() => this.changed(), PATIENCE)
    this.changed()
  }

  answer(id: string, approved: boolean): void {
    const { run } = this
    const waits = (): boolean =>
      this.run === run && this.sections.some(({ meta }) => meta.approval === id && meta.state === 'ask')
    if (!this.end && !this.frozen && !this.gone) this.uplink.approval?.(run, id, approved, waits)
  }

  /** The kernel is not there any more; what it said while frozen is shown, for no end will come. */
  lose(): void {
    this.gone = true
    this.release()
    this.changed()
  }

  /** The line to the kernel is cut. */
  part(retried: boolean): void {
    if (this.cut?.retried === retried) return
    this.cut = { at: this.cut?.at ?? performance.now(), retried }
    this.changed()
  }

  /** The line is there again. */
  rejoin(): void {
    if (!this.cut) return
    this.cut = undefined
    this.changed()
  }

  receiveFrame(wire: unknown): void {
    const verdict = this.inbox.frame(wire)
    if (verdict === 'outdated') this.outdate()
    else if (verdict === 'drop') page().counts.drops += 1
    else if (verdict === 'illegal') this.distrust()
    else if (verdict === 'resync') this.resync()
    else this.take(verdict, verdict.events.at(-1)?.op === 'end')
  }

  receiveSnapshot(wire: unknown): void {
    const { run } = this
    const state = this.inbox.snapshot(wire)
    if (state === 'outdated') this.outdate()
    if (!state || state === 'outdated') return
    this.uplink.settled()
    this.attempts.learn(wire)
    // Whatever waited, a snapshot holds it, too; and a stop was meant for the run that it replaces.
    this.held = []
    if (state.run !== run) this.frozen = false
    this.take(state, state.end !== undefined)
  }

  /** Ask for a snapshot, because messages may have been lost without a gap that would show it. */
  resync(): void {
    page().counts.resyncs += 1
    this.uplink.resync(this.run, this.received)
  }

  private listen(): Arrivals {
    return new Arrivals(
      (from) => this.uplink.arrivals?.(this.run, from),
      () => this.changed(),
    )
  }

  private take(item: Frame | Snapshot, last: boolean): void {
    this.held.push(item)
    if (!this.frozen || last) this.release()
  }

  private release(): void {
    this.frozen = false
    for (const item of this.held.splice(0)) {
      if ('events' in item) this.fold(item.events, item.to)
      else this.adopt(item)
    }
  }

  private fold(events: readonly Event[], to: number): void {
    this.folded = this.run
    for (const event of events) {
      try {
        this.transcript.apply(event)
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        this.distrust()
        return
      }
      if (event.op === 'note' && event.meta.phase === 'waiting') this.startedAt = performance.now()
      this.tell(event)
      if (event.op === 'end') this.compare(event)
    }
    this.transcript.seq = to
  }

  private adopt(state: Snapshot): void {
    const continues = this.folded === '' || this.folded === state.run
    const events = continues ? difference(this.transcript, state) : undefined
    const elapsed = state.elapsed_ms ?? (continues ? performance.now() - this.startedAt : 0)
    if (events) this.fold(events, state.seq)
    else {
      if (!continues) this.arrivals = this.listen()
      if (!continues) this.attempts.keep(this.folded, { ...this.transcript.snapshot(), run: this.folded })
      this.folded = state.run
      this.transcript = Transcript.fromSnapshot(state)
      if (state.end?.digest !== undefined && state.end.digest !== digest(this.sections)) this.mismatch()
      this.tell(null)
    }
    // Last: of a phase in the snapshot nobody knows when it began, but of the request.
    this.startedAt = performance.now() - elapsed
  }

  /** Hold the kernel's count and digest against those of the own fold; text that was lost unseen shows here. */
  private compare(claim: End): void {
    const own = this.transcript.end
    const agrees = (claim.sections ?? own?.sections) === own?.sections && (claim.digest ?? own?.digest) === own?.digest
    if (agrees) return
    this.mismatch()
    this.resync()
  }

  private mismatch(): void {
    page().counts.mismatches += 1
    this.uplink.mismatch(this.run, this.received)
  }

  /** An event that cannot be: the kernel's gate would not have let it pass, so the state here must be wrong. */
  private distrust(): void {
    page().counts.illegal += 1
    this.inbox.distrust()
    this.resync()
  }

  private outdate(): void {
    if (this.outdated) return
    this.outdated = true
    this.changed()
  }

  private tell(event: Event | null): void {
    for (const { listener } of [...this.subscribers]) attempt(() => listener(event))
  }

  private changed(): void {
    for (const { changed } of [...this.subscribers]) if (changed) attempt(changed)
  }
}
