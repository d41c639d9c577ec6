/**
 * The transcript: the fold of a run's events, as a view keeps it.
 *
 * Belongs here: the twin of `nbstream/_transcript.py`: the rules that need earlier events (`ended`, `no-section`,
 * `closed-section`), the state, its snapshot and its digest. Does not belong here: frames and their numbers (`inbox`), who is
 * told (`listeners`).
 */

import { ProtocolError } from './errors'
import { decode, type End, type Event, isWire, type Meta, VERSION, type Wire } from './events'

/** The whole state in wire form; it and the events after its `seq` say the same as all events. */
export interface State {
  readonly v: number
  readonly seq: number
  readonly sections: readonly SectionState[]
  readonly meta: Meta
  readonly end?: Omit<End, 'op'>
}

/** A state as the kernel sends it. */
export interface Snapshot extends State {
  readonly run: string
  /** Since the request was handed to the client, in milliseconds, when the snapshot was taken; not part of the fold. */
  readonly elapsed_ms?: number
}

export interface SectionState {
  readonly kind: string
  readonly text: string
  readonly meta: Meta
  readonly closed: boolean
}

/** One section; its text is kept in the pieces in which it came until somebody reads it. */
export class Passage {
  closed = false
  length = 0
  meta: Meta
  private parts: string[] = []

  constructor(
    readonly at: number,
    readonly kind: string,
    meta: Meta = {},
  ) {
    this.meta = { ...meta }
  }

  text(): string {
    if (this.parts.length > 1) this.parts = [this.parts.join('')]
    return this.parts[0] ?? ''
  }

  grow(text: string): void {
    this.parts.push(text)
    this.length += text.length
  }
}

export class Transcript {
  /** The number of the last event in it; `inbox` sets it where merged events stand for several numbers. */
  seq = 0
  readonly sections: Passage[] = []
  meta: Meta = {}
  end: End | undefined

  static fromSnapshot(state: State): Transcript {
    const transcript = new Transcript()
    transcript.seq = state.seq
    transcript.meta = { ...state.meta }
    for (const { kind, text, meta, closed } of state.sections) {
      const passage = new Passage(transcript.sections.length, kind, meta)
      passage.grow(text)
      passage.closed = closed
      transcript.sections.push(passage)
    }
    if (state.end) transcript.end = { op: 'end', ...state.end }
    return transcript
  }

  /** Take one event; throws `ended`, `no-section` or `closed-section`, and then nothing has changed. */
  apply(event: Event): void {
    if (this.end) throw new ProtocolError('ended', 'the run has ended')
    switch (event.op) {
      case 'open':
        this.sections.push(new Passage(this.sections.length, event.kind, event.meta))
        break
      case 'append':
        this.writable(event.at).grow(event.text)
        break
      case 'amend': {
        const passage = this.passage(event.at)
        // Spread, not assign: a key named __proto__ stays a key.
        passage.meta = { ...passage.meta, ...event.meta }
        break
      }
      case 'close':
        this.writable(event.at).closed = true
        break
      case 'note':
        this.meta = { ...this.meta, ...event.meta }
        break
      case 'end':
        for (const passage of this.sections) passage.closed = true
        // Like the kernel's gate: the count and the digest are of this fold, whoever sent the event compares (`inbox`).
        this.end = { ...event, sections: this.sections.length, digest: digest(this.sections) }
    }
    this.seq += 1
  }

  snapshot(): State {
    const { op: _, ...end } = this.end ?? { op: 'end' }
    return {
      v: VERSION,
      seq: this.seq,
      sections: this.sections.map((s) => ({ kind: s.kind, text: s.text(), meta: { ...s.meta }, closed: s.closed })),
      meta: { ...this.meta },
      ...('status' in end && { end }),
    }
  }

  private passage(at: number): Passage {
    const passage = this.sections[at]
    if (!passage) throw new ProtocolError('no-section', `there is no section ${at}`)
    return passage
  }

  private writable(at: number): Passage {
    const passage = this.passage(at)
    if (passage.closed) throw new ProtocolError('closed-section', `section ${at} is closed`)
    return passage
  }
}

/** FNV-1a, 32 bit, over the UTF-8 of each section's kind, NUL, text, NUL, in order. */
export function digest(sections: Iterable<{ readonly kind: string; text(): string }>): number {
  const encoder = new TextEncoder()
  let value = 0x811c9dc5
  for (const section of sections) {
    for (const byte of encoder.encode(`${section.kind}\0${section.text()}\0`)) value = Math.imul(value ^ byte, 0x01000193)
  }
  return value >>> 0
}

/** The snapshot that `wire` is, undefined for anything else: the trait is empty until the kernel has a run. */
export function asSnapshot(wire: unknown): Snapshot | undefined {
  if (!isWire(wire) || typeof wire.run !== 'string' || !Number.isSafeInteger(wire.v) || !Number.isSafeInteger(wire.seq))
    return undefined
  if (!Array.isArray(wire.sections) || !wire.sections.every(isSectionState) || !isWire(wire.meta)) return undefined
  return wire.end === undefined || isEnd(wire.end) ? (wire as unknown as Snapshot) : undefined
}

function isSectionState(wire: unknown): boolean {
  if (!isWire(wire) || !isWire(wire.meta)) return false
  return typeof wire.kind === 'string' && typeof wire.text === 'string' && typeof wire.closed === 'boolean'
}

function isEnd(wire: unknown): wire is Wire {
  try {
    return isWire(wire) && decode({ ...wire, op: 'end' }).op === 'end'
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
}
