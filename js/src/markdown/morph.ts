/**
 * Making standing elements equal to new ones with the fewest changes.
 *
 * Belongs here: the comparison. Text grows by `appendData` where the new text begins with the old one, so that a selection and
 * what a screen reader holds survive, and the browser lays out only what is new.
 */

import { set } from '../dom'
import { keeperOf } from './kept'

/**
 * Make the children of `into` from `first` up to `stop` (which stays) equal to the children of `from`, which is used up.
 * `guest` is no part of what is compared: where it is the last child of an element that stays, it stays, too.
 */
export function morph(
  into: Node,
  from: Node,
  guest: Node,
  first: Node | null = into.firstChild,
  end: Node | null = null,
): void {
  const stop = end === null && into.lastChild === guest ? guest : end
  let old = first
  let next = from.firstChild
  while (next !== null) {
    const after = next.nextSibling
    if (old === null || old === stop) into.insertBefore(next, stop)
    else {
      const following: Node | null = old.nextSibling
      if (!reuse(old, next, guest)) into.replaceChild(next, old)
      old = following
    }
    next = after
  }
  while (old !== null && old !== stop) {
    const following: Node | null = old.nextSibling
    into.removeChild(old)
    old = following
  }
}

function reuse(old: Node, next: Node, guest: Node): boolean {
  if (old instanceof Text && next instanceof Text) {
    if (next.data.startsWith(old.data)) {
      if (next.length > old.length) old.appendData(next.data.slice(old.length))
    } else old.data = next.data
    return true
  }
  const keeper = keeperOf(old)
  const other = keeperOf(next)
  if (keeper || other) return keeper !== undefined && other !== undefined && keeper.become(other)
  if (!(old instanceof Element && next instanceof Element) || old.nodeName !== next.nodeName) return false
  for (const name of old.getAttributeNames()) if (!next.hasAttribute(name)) set(old, name, undefined)
  for (const name of next.getAttributeNames()) set(old, name, next.getAttribute(name) ?? '')
  morph(old, next, guest)
  return true
}
