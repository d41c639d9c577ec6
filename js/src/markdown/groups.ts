/**
 * The items of a long list and the rows of a long table, in groups.
 *
 * With each frame the browser walks over all of what a list or a table holds, changed or not. So the first items stand in the
 * list itself, later ones in groups of as many, and only the last group grows: those before it are laid out and painted only
 * near the reader. To a screen reader it is one list and one table. A group of
 * rows has columns of its own, which are kept as wide as those of the first (`columns`).
 *
 * Belongs here: where the groups are cut, which depends on the final items alone, and finding them. Does not belong here: which
 * items are final (`tail`).
 */

import { h, set } from '../dom'
import { widen } from './columns'

/** So many items or rows stand in one group. */
export const SIZE = 32
export const ITEMS = 'nb-items'
export const ROWS = 'nb-rows'

export type Long = 'list' | 'table'

/** What `block` is, if it may become long. */
export function longKind(block: Node | null): Long | undefined {
  if (!(block instanceof Element)) return undefined
  if (block.nodeName === 'UL' || block.nodeName === 'OL') return 'list'
  return block.className === 'nb-tblbox' ? 'table' : undefined
}

/** The element in which the last items of `block` stand; none where a table has no rows yet. */
export function lastGroup(block: Element, kind: Long): Element | null {
  const host = kind === 'table' ? block.querySelector('table') : block
  const last = host?.lastElementChild ?? null
  if (kind === 'table') return last?.nodeName === 'TBODY' ? last : null
  return last?.className === ITEMS ? last : host
}

/** All items of the list `block`. */
export function itemsOf(block: Element): Element[] {
  return [...block.children].flatMap((child) => (child.className === ITEMS ? [...child.children] : [child]))
}

/**
 * Move what is too much for the last group of `block`, in which `final` nodes are final, into new ones. Returns how many are in
 * the last one then.
 */
export function divide(block: Element, kind: Long, final?: number): number {
  let into = lastGroup(block, kind)
  if (into === null) return final ?? 0
  const kept = final ?? into.childNodes.length
  const before = into.firstElementChild?.nodeName === 'COLGROUP' ? 1 : 0
  if (kept <= SIZE + before) return kept
  const rest = [...into.childNodes].slice(SIZE + before)
  let left = kept - SIZE - before
  for (;;) {
    into = kind === 'list' ? group(block) : rowsOf(block)
    const columns = into.childNodes.length
    into.append(...(left > SIZE ? rest.splice(0, SIZE) : rest))
    number(block, into)
    if (left <= SIZE) return left + columns
    left -= SIZE
  }
}

function group(list: Element): Element {
  // The role says it of the groups, too.
  set(list, 'role', 'list')
  return list.appendChild(h('div', { class: ITEMS, role: 'none' }))
}

function rowsOf(block: Element): Element {
  const table = block.querySelector('table') ?? block
  // It is a table no longer to the stylesheet.
  set(table, 'role', 'table')
  const rows = table.appendChild(h('tbody', { class: ROWS }))
  widen(table, rows)
  return rows
}

/** A browser may begin to count anew where it passes over what is out of sight. */
function number(list: Element, into: Element): void {
  const first = into.firstElementChild
  if (list.nodeName !== 'OL' || first === null) return
  const start = Number(list.getAttribute('start') ?? 1)
  set(first, 'value', String(start + SIZE * list.querySelectorAll(`:scope > .${ITEMS}`).length))
}
