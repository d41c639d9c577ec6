/**
 * Where a growing text can be cut in two that are read apart: what stands before is final, what follows is read alone.
 *
 * Belongs here: which places are safe, and what the rest must be prefixed with to be read as what it is. Does not belong here:
 * elements.
 *
 * Only the last top-level block can still change, but which one is the last is known late: an incomplete line may turn out to
 * be an underline, a table's second line or part of a list. With two complete lines after its beginning a block is there to
 * stay, and all before it are final. Within the last one, an item of a list is final when the next one has begun so, a row of a
 * table or a line of code when it is complete. A list may turn loose with any later item: whoever joins the parts sees to that.
 *
 * These cuts change nothing. One kind does, and is stated in the docs: a paragraph of many thousand characters is read in
 * stretches, which no emphasis and no link reaches across.
 */

import { clean } from './mend'
import { blockStarts, lineStarts, type Token } from './parser'

/** What a block that was cut is; `plain` is text that is not read as Markdown any more. */
export type Kind = 'list' | 'table' | 'code' | 'paragraph' | 'plain'

export interface Cut {
  /** In the source, prefix included. */
  readonly offset: number
  /** Undefined where a new block begins. */
  readonly kind: Kind | undefined
  readonly prefix: string
}

/** Complete lines that must follow the beginning of a block before those above it are final. */
const LOOK_AHEAD = 2
/** A block is not cut for less, in characters: each cut has a price, too. */
export const LEAST = 400
/** A paragraph is read in stretches of at most so many characters, once it has twice as many. */
export const STRETCH = 4_000
/** Stands for what was cut off a paragraph; a letter, because a blank would make what follows the beginning of one. */
export const STAND_IN = 'x'

/** The last place to cut `source`, of which `tokens` were read; `going` is what it goes on with, `least` what is worth it. */
export function findCut(
  tokens: readonly Token[],
  source: string,
  going: { readonly kind: Kind; readonly prefix: string } | undefined,
  least: number,
): Cut | undefined {
  const starts = blockStarts(tokens)
  const lines = lineStarts(source)
  const long = starts.findIndex((start) => isLong(tokens, start, lines))
  if (long >= 0) return stretch(tokens[starts[long] ?? 0], source, lines, going?.prefix.length ?? 0)
  const complete = lines.length - (source.endsWith('\n') ? 1 : 2)
  const last = starts.at(-1)
  const inside = last === undefined ? undefined : within(tokens, last, source, lines, complete)
  if (inside && inside.offset - (going?.prefix.length ?? 0) >= least && (inside.kind !== 'plain' || going?.kind === 'plain'))
    return inside
  const block = starts.findLast(
    (start) => lineOf(tokens[start]) + LOOK_AHEAD <= complete && isOwn(tokens[start], source, lines),
  )
  if (block === undefined || block === starts[0]) return undefined
  return { offset: lines[lineOf(tokens[block])] ?? 0, kind: undefined, prefix: '' }
}

/** What may turn out to be no formula after all goes on with the paragraph before it. */
function isOwn(token: Token | undefined, source: string, lines: readonly number[]): boolean {
  const line = lineOf(token)
  return token?.type !== 'math_source' || source.slice(lines[line - 1] ?? 0, lines[line]).trim() === ''
}

function lineOf(token: Token | undefined): number {
  return token?.map?.[0] ?? 0
}

function within(
  tokens: readonly Token[],
  start: number,
  source: string,
  lines: readonly number[],
  complete: number,
): Cut | undefined {
  const block = tokens[start]
  if (block === undefined) return undefined
  const [from, to] = block.map ?? [0, 0]
  const opening = (count: number): string => source.slice(lines[from], lines[from + count])
  const here = lines[complete] ?? 0
  if (block.type.endsWith('_list_open')) {
    const item = tokens.findLast(
      ({ type, level, map }, at) =>
        at > start && type === 'list_item_open' && level === 1 && (map?.[0] ?? 0) + LOOK_AHEAD <= complete,
    )
    const line = lineOf(item)
    return line > from ? { offset: lines[line] ?? 0, kind: 'list', prefix: '' } : undefined
  }
  if (to < complete) return undefined
  if (block.type === 'table_open') return complete - from > 2 ? { offset: here, kind: 'table', prefix: opening(2) } : undefined
  if (block.type === 'fence' && complete > from && isOpen(block, source, lines))
    return { offset: here, kind: 'code', prefix: opening(1) }
  if (block.type === 'plain') return { offset: here, kind: 'plain', prefix: '' }
  return undefined
}

/** Whether a fence's end has not come: then all its lines but the first are in it. */
function isOpen({ map, content }: Token, source: string, lines: readonly number[]): boolean {
  const [from, to] = map ?? [0, 0]
  const text = source.slice(lines[from + 1] ?? source.length, lines[to] ?? source.length)
  return lineStarts(content).length === lineStarts(text).length
}

function isLong(tokens: readonly Token[], start: number, lines: readonly number[]): boolean {
  const block = tokens[start]
  // An underlined heading is a paragraph until its last line.
  if (block?.type !== 'paragraph_open' && !(block?.type === 'heading_open' && /^[-=]/.test(block.markup))) return false
  const [from, to] = block.map ?? [0, 0]
  return (lines[to] ?? 0) - (lines[from] ?? 0) >= 2 * STRETCH
}

function stretch(block: Token | undefined, source: string, lines: readonly number[], prefix: number): Cut {
  const from = lines[lineOf(block)] ?? 0
  // What stands for the stretch before is none of it, and before the white space behind that it was cut.
  const least = from === 0 ? prefix : 0
  return { offset: from + clean(source.slice(from, from + STRETCH), least), kind: 'paragraph', prefix: STAND_IN }
}
