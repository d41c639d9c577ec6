/**
 * Links whose definition comes late: a final piece remembers the labels that it asked for in vain, and is made again in place
 * when one of them is defined.
 *
 * Belongs here: who waits for which label, and the making again. Does not belong here: reading (`parser`).
 */

import type { Kind } from './cut'
import { type Going, holder, holdsLines } from './joint'
import { areLoose, loosen } from './loose'
import { morph } from './morph'

/** A final piece of the text. */
export interface Piece {
  /** Its blocks as they would be now; the first and the last one may be parts of a block. */
  readonly make: () => DocumentFragment
  /** What the block is that it goes on with, and the one in which it ends; undefined at the edge of a block. */
  readonly head: Kind | undefined
  readonly tail: Kind | undefined
  /** The nodes that stand for it: one group for each block. */
  readonly groups: ChildNode[][]
}

export class Late {
  private readonly waiting = new Map<string, Set<Piece>>()

  wait(labels: Iterable<string>, piece: Piece): void {
    for (const label of labels) this.waiting.set(label, (this.waiting.get(label) ?? new Set()).add(piece))
  }

  /** The pieces that ask for one of `labels`, which are defined now. */
  take(labels: Iterable<string>): Set<Piece> {
    const found = new Set<Piece>()
    for (const label of labels) {
      for (const piece of this.waiting.get(label) ?? []) found.add(piece)
      this.waiting.delete(label)
    }
    return found
  }
}

/** What of `blocks`, which were made of one piece, is no part of another one: a group for each block. */
export function groupsOf(blocks: readonly ChildNode[], head: Kind | undefined, tail: Kind | undefined): ChildNode[][] {
  return blocks.map((block, index) => {
    const kind = index === 0 && head ? head : index === blocks.length - 1 ? tail : undefined
    // Lines hold no links.
    return kind === undefined ? [block] : holdsLines(kind) ? [] : [...(holder(block, kind)?.childNodes ?? [])]
  })
}

/** The groups of a piece that stands now, of which each has `sizes` nodes in the block that `at` gives; it goes on with `going`. */
export function standing(
  sizes: readonly number[],
  at: (index: number) => ChildNode | null,
  going: Going | undefined,
  tail: Kind | undefined,
): ChildNode[][] {
  return sizes.map((size, index) => {
    const block = at(index)
    const kind = index === 0 && going ? going.kind : index === sizes.length - 1 ? tail : undefined
    if (kind === undefined) return block ? [block] : []
    const skipped = index === 0 && going ? going.kept : 0
    return [...(holder(block, kind)?.childNodes ?? [])].slice(skipped, skipped + size)
  })
}

export function makeAgain(piece: Piece, guest: Node): void {
  const made = groupsOf([...piece.make().childNodes], piece.head, piece.tail)
  piece.groups.forEach((old, index) => {
    const next = [...(made[index] ?? [])]
    const fresh: ChildNode[] = []
    for (let rest = old; rest.length > 0; ) {
      const parent = rest[0]?.parentNode
      // Items and rows may stand in several groups; there are as many of them as before.
      const here = rest.findIndex(({ parentNode }) => parentNode !== parent)
      const count = here < 0 ? rest.length : here
      if (parent) fresh.push(...exchange(parent, rest.slice(0, count), here < 0 ? next : next.splice(0, count), guest))
      rest = rest.slice(count)
    }
    piece.groups[index] = fresh
  })
}

/** Make `old`, neighbours in `parent`, equal to `next`; returns what stands in their place. */
function exchange(parent: Node, old: readonly ChildNode[], next: readonly ChildNode[], guest: Node): ChildNode[] {
  const first = old[0]
  if (!first) return []
  const before = first.previousSibling
  const stop = old.at(-1)?.nextSibling ?? null
  const fragment = document.createDocumentFragment()
  fragment.append(...next)
  if (first.nodeName === 'LI' && areLoose(old)) loosen(fragment.childNodes)
  morph(parent, fragment, guest, first, stop)
  const fresh: ChildNode[] = []
  for (let node = before ? before.nextSibling : parent.firstChild; node && node !== stop; node = node.nextSibling)
    fresh.push(node)
  return fresh
}
