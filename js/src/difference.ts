/**
 * The difference: the events that lead from a known transcript to a snapshot of the same run.
 *
 * Belongs here: the one comparison that spares views a repaint (which loses the reader's selection) when a snapshot only adds
 * to what they show. Does not belong here: which snapshots are looked at (`inbox`).
 */

import type { Event, Meta } from './events'
import type { Passage, SectionState, State, Transcript } from './transcript'

/**
 * The events that fold `known` into the state `next`, an empty list where they are equal already; undefined where `next` is no
 * continuation, so that no events could lead there. They are not the events that the kernel sent: those are lost, the state counts.
 */
export function difference(known: Transcript, next: State): Event[] | undefined {
  if (known.sections.length > next.sections.length) return undefined
  const events: Event[] = []
  for (const [at, state] of next.sections.entries()) {
    const more = sectionDifference(at, known.sections[at], state)
    if (!more) return undefined
    events.push(...more)
  }
  const meta = metaDifference(known.meta, next.meta)
  if (!meta) return undefined
  if (Object.keys(meta).length > 0) events.push({ op: 'note', meta })
  if (!known.end) return next.end ? [...events, { op: 'end', ...next.end }] : events
  return events.length === 0 && next.end && sameEnd(known.end, next.end) ? events : undefined
}

function sectionDifference(at: number, known: Passage | undefined, next: SectionState): Event[] | undefined {
  const events: Event[] = []
  const text = known?.text() ?? ''
  if (!known) events.push({ op: 'open', kind: next.kind, meta: next.meta })
  else if (known.kind !== next.kind || !next.text.startsWith(text)) return undefined
  else if (known.closed && (!next.closed || next.text.length > text.length)) return undefined
  else {
    const meta = metaDifference(known.meta, next.meta)
    if (!meta) return undefined
    if (Object.keys(meta).length > 0) events.push({ op: 'amend', at, meta })
  }
  if (next.text.length > text.length) events.push({ op: 'append', at, text: next.text.slice(text.length) })
  if (next.closed && !known?.closed) events.push({ op: 'close', at })
  return events
}

/** What a merge must add to `known`; undefined if a key has gone, which no merge can do. */
function metaDifference(known: Meta, next: Meta): Meta | undefined {
  if (Object.keys(known).some((key) => !Object.hasOwn(next, key))) return undefined
  return Object.fromEntries(Object.entries(next).filter(([key, value]) => !Object.hasOwn(known, key) || known[key] !== value))
}

function sameEnd(known: NonNullable<State['end']>, next: NonNullable<State['end']>): boolean {
  return known.status === next.status && known.reason === next.reason && known.error?.code === next.error?.code
}
