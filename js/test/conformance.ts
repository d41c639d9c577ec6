/**
 * The TypeScript fold against the vectors that both languages read (`tests/vectors/README.md`).
 *
 * Belongs here: reading them and saying what differs; `tests/conformance.py` does the same. Does not belong here: cases. It needs
 * no test runner, so that the mutation script can run it on its own (`conformance.run.ts`).
 */

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ProtocolError } from '../src/errors'
import { decode, type Event, type Wire } from '../src/events'
import { Inbox } from '../src/inbox'
import { digest, type State, Transcript } from '../src/transcript'

/** Tests and scripts run in `js/`. */
const VECTORS = process.env.NBSTREAM_VECTORS ?? '../tests/vectors'
const DEPTH = 4

/** One item of a file; which fields it has is said in the README. */
export type Case = Wire & { readonly name?: string }

type Letter = { readonly name: string; readonly event: Event | undefined; readonly code: string }

/** The items of one file. */
export function load(name: string): readonly Case[] {
  return JSON.parse(readFileSync(join(VECTORS, name), 'utf8'))
}

/** The digest that both languages must give. */
export function committed(): string {
  return readFileSync(join(VECTORS, 'walk.sha256'), 'utf8').trim()
}

/** The one JSON text of a value. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`
}

/** What differs in one case, nothing where all agrees. */
export type Check = (item: Case) => string

function differs(found: unknown, expected: unknown, where = ''): string {
  return canonical(found) === canonical(expected) ? '' : `${where} ${canonical(found)} and not ${canonical(expected)}`
}

/** Decode and apply: `ok` or the code of the refusal. */
function outcome(act: () => void): string {
  try {
    act()
    return 'ok'
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
}

function fold(item: Case): string {
  const transcript = new Transcript()
  for (const { event, code } of item.steps as { event: unknown; code?: string }[]) {
    const found = outcome(() => transcript.apply(decode(event)))
    if (found !== (code ?? 'ok')) return `${found} for ${canonical(event)}`
  }
  const restored = Transcript.fromSnapshot(item.state as unknown as State)
  return differs(transcript.snapshot(), item.state) || differs(restored.snapshot(), item.state, 'restored:')
}

function codec(item: Case): string {
  let event: Event | undefined
  const code = outcome(() => {
    event = decode(item.wire)
  })
  return event ? differs({ event }, { event: item.event }) : differs({ code }, { code: item.code })
}

function sums(item: Case): string {
  const sections = item.sections as { kind: string; text: string }[]
  return differs(digest(sections.map(({ kind, text }) => ({ kind, text: () => text }))), item.digest)
}

function inbox(item: Case): string {
  const box = new Inbox()
  for (const step of item.steps as Wire[]) {
    const found = verdict(box, step)
    if (found !== step.verdict || box.seq !== step.seq) return `${found}, seq ${box.seq}, for ${canonical(step)}`
  }
  return ''
}

function verdict(box: Inbox, step: Wire): string {
  if (step.distrust) box.distrust()
  if ('snapshot' in step) {
    const found = box.snapshot(step.snapshot) ?? 'ignore'
    return typeof found === 'string' ? found : 'apply'
  }
  if (!('frame' in step)) return 'ignore'
  const found = box.frame(step.frame)
  return typeof found === 'string' ? found : 'apply'
}

/** By file. */
export const CHECKS: Readonly<Record<string, Check>> = {
  'fold.json': fold,
  'codec.json': codec,
  'digest.json': sums,
  'inbox.json': inbox,
}

function alphabet(): Letter[] {
  return load('alphabet.json').map((item) => {
    let event: Event | undefined
    const code = outcome(() => {
      event = decode(item.event)
    })
    return { name: String(item.name), event, code }
  })
}

function take(transcript: Transcript, { event, code }: Letter): string {
  return event ? outcome(() => transcript.apply(event)) : code
}

/** The line of every sequence of at most `depth` letters. */
export function* walk(depth = DEPTH): Generator<string> {
  yield* visit(alphabet(), [], undefined, depth)
}

function* visit(
  letters: readonly Letter[],
  path: readonly Letter[],
  before: State | undefined,
  depth: number,
): Generator<string> {
  const transcript = new Transcript()
  let last = 'ok'
  for (const letter of path) {
    last = take(transcript, letter)
    for (const section of transcript.sections) section.text()
  }
  const state = transcript.snapshot()
  const text = canonical(state)
  const letter = path.at(-1)
  if (letter && before) {
    const restored = Transcript.fromSnapshot(before)
    if (take(restored, letter) !== last || canonical(restored.snapshot()) !== text) last += '!'
  }
  yield `${path.map(({ name }) => name).join(' ')}|${last}|${text}\n`
  if (path.length < depth) for (const next of letters) yield* visit(letters, [...path, next], state, depth)
}

/** SHA-256 of all lines. */
export function walkDigest(): string {
  const total = createHash('sha256')
  for (const line of walk()) total.update(line)
  return total.digest('hex')
}

/** What differs first, nothing where all agrees. */
export function difference(): string {
  let where = ''
  try {
    for (const [name, check] of Object.entries(CHECKS)) {
      for (const item of load(name)) {
        where = `${name}, ${item.name ?? ''}`
        const found = check(item)
        if (found) return `${where}: ${found}`
      }
    }
    where = 'the walk'
    return walkDigest() === committed() ? '' : 'the walk: another digest'
  } catch (error) {
    // A mutated fold may throw anything, and any of it is a difference.
    return `${where}: ${String(error)}`
  }
}
