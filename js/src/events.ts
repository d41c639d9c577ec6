/**
 * The protocol as a view reads it: six verbs, their wire form and the checks that need one event alone.
 *
 * Belongs here: the twin of `nbstream/_events.py`, whose docstring is the protocol, and of `_codec.py`; same checks, same order,
 * same codes. Does not belong here: rules that need the events before (`transcript`), frames and their numbers (`inbox`).
 */

import { ProtocolError } from './errors'

/** The wire version that this bundle reads; a higher one comes from a newer kernel and is never folded. */
export const VERSION = 1

export type MetaValue = string | boolean | number
export type Meta = Readonly<Record<string, MetaValue>>
export type EndStatus = 'done' | 'stopped' | 'truncated' | 'error'

export interface Open {
  readonly op: 'open'
  readonly kind: string
  readonly meta?: Meta
}
export interface Append {
  readonly op: 'append'
  readonly at: number
  readonly text: string
}
export interface Amend {
  readonly op: 'amend'
  readonly at: number
  readonly meta: Meta
}
export interface Close {
  readonly op: 'close'
  readonly at: number
}
export interface Note {
  readonly op: 'note'
  readonly meta: Meta
}
/** `reason` is the finish reason (done) or who stopped the run (stopped). */
export interface End {
  readonly op: 'end'
  readonly status: EndStatus
  readonly reason?: string
  readonly error?: Readonly<Record<string, string>>
  readonly sections?: number
  readonly digest?: number
}
export type Event = Open | Append | Amend | Close | Note | End

/** A JSON object as it came, of which nothing is known yet. */
export type Wire = Readonly<Record<string, unknown>>

export function isWire(value: unknown): value is Wire {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The event that `wire` is the form of; throws `unknown-op` or `bad-field`. Unknown fields are left out. */
export function decode(wire: unknown): Event {
  if (!isWire(wire)) throw bad('an event is not an object')
  switch (wire.op) {
    case 'open':
      return { op: 'open', kind: text(wire, 'kind'), ...(has(wire, 'meta') && { meta: meta(wire) }) }
    case 'append':
      return { op: 'append', at: integer(wire, 'at'), text: text(wire, 'text') }
    case 'amend':
      return { op: 'amend', at: integer(wire, 'at'), meta: meta(wire) }
    case 'close':
      return { op: 'close', at: integer(wire, 'at') }
    case 'note':
      return { op: 'note', meta: meta(wire) }
    case 'end':
      return end(wire)
    default:
      throw new ProtocolError('unknown-op', `the verb ${JSON.stringify(wire.op)} is not one of the six`)
  }
}

function end(wire: Wire): End {
  const status = text(wire, 'status')
  if (!isStatus(status)) throw bad(`'${status}' is no status of an end`)
  return {
    op: 'end',
    status,
    ...(has(wire, 'error') && { error: texts(wire.error) }),
    ...(has(wire, 'reason') && { reason: text(wire, 'reason') }),
    ...(has(wire, 'sections') && { sections: integer(wire, 'sections') }),
    ...(has(wire, 'digest') && { digest: integer(wire, 'digest') }),
  }
}

function isStatus(word: string): word is EndStatus {
  return word === 'done' || word === 'stopped' || word === 'truncated' || word === 'error'
}

function has(wire: Wire, name: string): boolean {
  return Object.hasOwn(wire, name)
}

function text(wire: Wire, name: string): string {
  const value = wire[name]
  if (typeof value !== 'string') throw bad(`'${name}' is not text`)
  return wellFormed(value)
}

function integer(wire: Wire, name: string): number {
  const value = wire[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw bad(`'${name}' is not a safe integer`)
  return value
}

function texts(value: unknown): Readonly<Record<string, string>> {
  if (!isWire(value)) throw bad("'error' is not an object of texts")
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== 'string') throw bad("'error' is not an object of texts")
    wellFormed(key)
    wellFormed(item)
  }
  return value as Readonly<Record<string, string>>
}

function meta(wire: Wire): Meta {
  const value = wire.meta
  if (!isWire(value)) throw bad("'meta' is not an object")
  for (const [key, item] of Object.entries(value)) {
    wellFormed(key)
    if (typeof item === 'string') wellFormed(item)
    else if (typeof item !== 'boolean' && !Number.isSafeInteger(item)) {
      throw bad(`meta '${key}' is neither text, boolean nor a safe integer`)
    }
  }
  return value as Meta
}

function wellFormed(value: string): string {
  // A lone surrogate has no UTF-8. String.prototype.isWellFormed would say it too, but older browsers lack it.
  if (LONE_SURROGATE.test(value)) throw bad('the text holds a lone surrogate')
  return value
}

// With the u flag a pair is one code point, so that only a surrogate without its other half matches.
const LONE_SURROGATE = /\p{Surrogate}/u

function bad(message: string): ProtocolError {
  return new ProtocolError('bad-field', message)
}
