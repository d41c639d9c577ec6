/**
 * The quick way to bring the tail up to date: only the end of its last block has changed.
 *
 * Belongs here: finding that out from the tokens, and the change. Does not belong here: all other changes (`tail`, `morph`).
 */

import { spot } from './caret'
import { type Going, holdsLines, write, writeCode } from './joint'
import { morph } from './morph'
import { buildInline } from './nodes'
import { isGrowing, type Token } from './parser'

/** The open tail as it stands. */
export interface Tail {
  /** The block that goes on, if one does, and its element. */
  readonly going: Going | undefined
  readonly block: ChildNode | null
  /** The element that the blocks stand in. */
  readonly host: Element
  readonly caret: Node
  readonly parseInlines: (tokens: readonly Token[]) => void
}

/** Bring the tail up to date where only the end of its last block has changed; returns false where more has to be done. */
export function refresh(old: readonly Token[], tokens: readonly Token[], tail: Tail): boolean {
  const { going, block, caret } = tail
  const at = changed(old, tokens)
  if (at === undefined) return true
  const [only] = tokens
  if (going && holdsLines(going.kind) && only && tokens.length === 1) {
    if (going.kind === 'code') writeCode(block, only.content, going.kept, isGrowing(only))
    else if (block instanceof Element) write(block, only.content, going.kept)
    return true
  }
  // Not the formula that may be the last thing in it.
  const inside = spot(tail.host, caret).closest('p, li, h3, h4, h5, h6')
  if (inside === null || !isInside(tokens, at, going)) return false
  tail.parseInlines(tokens.slice(at, at + 1))
  const fragment = document.createDocumentFragment()
  buildInline(tokens, at, fragment)
  morph(inside, fragment, caret)
  return true
}

/** Whether the token at `index` is all that stands in the element in which the caret is. */
function isInside(tokens: readonly Token[], index: number, going: Going | undefined): boolean {
  const opening = tokens[index - 1]
  if (tokens[index]?.type !== 'inline' || tokens.slice(index + 1).some(({ nesting }) => nesting >= 0)) return false
  if (opening?.type !== 'paragraph_open' && opening?.type !== 'heading_open') return false
  // The beginning of a paragraph that goes on stands already.
  if (index === 1 && going?.kind === 'paragraph') return false
  return !opening.hidden || tokens[index - 2]?.type === 'list_item_open'
}

/** The index of the first token that is not as it was; undefined where none is. */
function changed(old: readonly Token[], tokens: readonly Token[]): number | undefined {
  const at = tokens.findIndex((token, index) => !alike(token, old[index]))
  if (at >= 0) return tokens.length === old.length ? at : -1
  return tokens.length === old.length ? undefined : -1
}

function alike(token: Token, old: Token | undefined): boolean {
  return (
    token.type === old?.type &&
    token.tag === old.tag &&
    token.hidden === old.hidden &&
    token.content === old.content &&
    token.info === old.info &&
    String(token.attrs) === String(old.attrs)
  )
}
