/**
 * Parts: what only some answers need, asked for from a kernel when it is needed.
 *
 * Belongs here: which parts there are, who waits for them, the question (through whoever can ask) and making a module of the
 * answer. Does not belong here: the comm (it joins), what a part does (`parts/`).
 *
 * All widgets of a page share one answer, so this lives on globalThis, under a name that changes with the parts themselves.
 * Nothing here is ever an error to a reader: a view shows source text from the start, and goes on showing it where a part does
 * not come or a page's policy forbids to load it.
 */

import { attempt } from './page'
import type { HighlightPart } from './parts/highlight'
import type { MathPart } from './parts/math'

/** The parts by their names on the wire, and what a view gets. */
export interface PartTypes {
  highlight: HighlightPart
  math: MathPart
  mathfont: ArrayBuffer
}
export type PartName = keyof PartTypes

/** Who needs a part. Held weakly: one that has gone needs nothing. */
export interface Taker<N extends PartName> {
  take(part: PartTypes[N]): void
}

/** Sends the question for a part to a kernel; false where it cannot at the moment. */
export type Asker = (name: PartName) => boolean

/** Set by the build: changes with the parts' content. */
declare const NBSTREAM_PARTS: string

/** A kernel that has not answered for so long, in milliseconds, is not waited for: the next one who needs the part asks again. */
const SILENCE = 15_000
/** Takers that have gone are looked for when so many wait, then when twice as many as were left do. */
const SWEEP = 64

interface Entry {
  asked: number
  state: 'wanted' | 'loading' | 'ready' | 'broken'
  part?: PartTypes[PartName]
  takers: WeakRef<Taker<PartName>>[]
  sweep: number
}

export type Load = (name: PartName, bytes: ArrayBuffer) => Promise<PartTypes[PartName]>

export class Parts {
  private readonly entries = new Map<PartName, Entry>()
  private readonly askers = new Set<Asker>()

  constructor(private readonly load: Load = loadPart) {}

  /** From now on `asker` may be told to ask; returns the function that ends this. */
  join(asker: Asker): () => void {
    this.askers.add(asker)
    for (const [name, entry] of this.entries) if (entry.takers.length > 0) this.ask(name, entry)
    return () => void this.askers.delete(asker)
  }

  /** Give `taker` the part: now if it is there, else when it has come. Until `taker` is garbage, so keep it. */
  need<N extends PartName>(name: N, taker: Taker<N>): void {
    const entry = this.entry(name)
    if (entry.state === 'ready') taker.take(entry.part as PartTypes[N])
    else if (entry.state !== 'broken') {
      entry.takers.push(new WeakRef(taker as Taker<PartName>))
      if (entry.takers.length > entry.sweep) sweep(entry)
      this.ask(name, entry)
    }
  }

  /** A kernel's answer. What this page has not asked for, it does not load. */
  receive(name: unknown, buffers: unknown): void {
    const entry = this.entries.get(name as PartName)
    const bytes = bytesOf(buffers)
    if (entry?.state !== 'wanted' || entry.asked === Number.NEGATIVE_INFINITY || bytes === undefined) return
    entry.state = 'loading'
    this.load(name as PartName, bytes).then(
      (part) => {
        entry.state = 'ready'
        entry.part = part
        for (const taker of entry.takers.splice(0)) attempt(() => taker.deref()?.take(part))
      },
      () => {
        // The page's policy forbids it, or the bytes are no module: source text it is.
        entry.state = 'broken'
        entry.takers = []
      },
    )
  }

  private entry(name: PartName): Entry {
    let entry = this.entries.get(name)
    if (entry === undefined) {
      entry = { asked: Number.NEGATIVE_INFINITY, state: 'wanted', takers: [], sweep: SWEEP }
      this.entries.set(name, entry)
    }
    return entry
  }

  private ask(name: PartName, entry: Entry): void {
    const now = performance.now()
    if (entry.state !== 'wanted' || now - entry.asked < SILENCE) return
    // The last one first: it is the likeliest to have a kernel that lives.
    if ([...this.askers].reverse().some((asker) => asker(name))) entry.asked = now
  }
}

const PARTS: unique symbol = Symbol.for(`nbstream.parts.${NBSTREAM_PARTS}`) as never

/** The parts of this page. */
export function parts(): Parts {
  const home = globalThis as typeof globalThis & { [PARTS]?: Parts }
  home[PARTS] ??= new Parts()
  return home[PARTS]
}

async function loadPart(name: PartName, bytes: ArrayBuffer): Promise<PartTypes[PartName]> {
  if (name === 'mathfont') return bytes
  const address = URL.createObjectURL(new Blob([bytes], { type: 'text/javascript' }))
  try {
    return (await import(/* @vite-ignore */ address)) as PartTypes[PartName]
  } finally {
    URL.revokeObjectURL(address)
  }
}

/** The first buffer of a message; hosts give it as one of these. */
function bytesOf(buffers: unknown): ArrayBuffer | undefined {
  const first: unknown = Array.isArray(buffers) ? buffers[0] : undefined
  if (first instanceof ArrayBuffer) return first
  if (!ArrayBuffer.isView(first)) return undefined
  const copy = new ArrayBuffer(first.byteLength)
  new Uint8Array(copy).set(new Uint8Array(first.buffer, first.byteOffset, first.byteLength))
  return copy
}

function sweep(entry: Entry): void {
  entry.takers = entry.takers.filter((taker) => taker.deref() !== undefined)
  entry.sweep = Math.max(SWEEP, 2 * entry.takers.length)
}
