/**
 * The store of one model, shared by all views of it.
 *
 * Belongs here: the state as it came in, the status, the freeze after Stop. Does not belong here: what views may see of it
 * (`store`), how messages travel (`comm`), which frames fit (`inbox`), anything of the DOM.
 */

import { Arrivals } from './arrivals'
import { Attempts, type Way } from './attempts'
import { ChunkPages } from './chunkpages'
import { difference } from './difference'
import { ProtocolError } from './errors'
import type { End, Event, Meta } from './events'
import { type Frame, Inbox } from './inbox'
import { type Listener, Listeners } from './listeners'
import { page } from './page'
import type { Cut, Section, Status, Store } from './store'
import { digest, type Snapshot, Transcript } from './transcript'
import { MUTE, type Uplink } from './uplink'

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
  private readonly listeners = new Listeners()
  readonly chunks = new ChunkPages((from, count) => this.uplink.chunks?.(this.run, from, count))
  arrivals = this.listen()
  readonly attempts = new Attempts((run) => this.uplink.attempt?.(run))
  private readonly pasts = new Map<unknown, RunStore>()

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
    return this.attempts.renews(this.run)
  }
  get status(): Status {
    if (this.end) return this.end.status
    if (this.frozen) return 'stopping'
    return this.sections.length > 0 ? 'streaming' : 'submitted'
  }

  subscribe(listener: Listener, changed?: () => void): () => void {
    return this.listeners.add(listener, changed)
  }

  stop(): void {
    if (this.end || this.frozen || this.gone) return
    this.frozen = true
    this.uplink.stop(this.run)
    this.listeners.changed()
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
    this.attempts.renew(run, this.listeners.changed)
    this.uplink.again?.(run, way, () => this.run === run && !this.gone)
    this.listeners.changed()
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
    this.listeners.changed()
  }

  /** The line to the kernel is cut. */
  part(retried: boolean): void {
    if (this.cut?.retried === retried) return
    this.cut = { at: this.cut?.at ?? performance.now(), retried }
    this.listeners.changed()
  }

  /** The line is there again. */
  rejoin(): void {
    if (!this.cut) return
    this.cut = undefined
    this.listeners.changed()
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
    return new Arrivals((from) => this.uplink.arrivals?.(this.run, from), this.listeners.changed)
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
      this.listeners.tell(event)
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
      this.listeners.tell(null)
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
    this.listeners.changed()
  }
}
