/** Where the caret stands: in the element in which the next character will. */

import { keeperOf } from './kept'
import { GROUP } from './lines'

/** Elements that hold blocks; the caret goes into the last one that does not. */
const HOLDERS = new Set(['UL', 'OL', 'LI', 'BLOCKQUOTE', 'DIV', 'TABLE', 'TBODY', 'THEAD', 'TR', 'FIGURE', 'PRE'])
const INSIDE = /^(?:P|H\d|T[HD]|CODE)$/

/** The element in `host` in which the next character will stand; `caret` itself does not count. */
export function spot(host: Element, caret: Node): Element {
  let element = host
  for (;;) {
    const end = element.lastChild === caret ? caret.previousSibling : element.lastChild
    const last = element.tagName === 'TR' ? lastFilled(element, caret) : end
    const keeper = last ? keeperOf(last) : undefined
    if (keeper) return keeper.spot
    if (!(last instanceof HTMLElement)) return element
    if (last.className === GROUP) return last
    // Its last child is a button.
    if (last.className === 'nb-tblbox' && last.firstElementChild) {
      element = last.firstElementChild
      continue
    }
    if (!(element === host || HOLDERS.has(element.tagName))) return element
    if (!HOLDERS.has(last.tagName) && !INSIDE.test(last.tagName)) return element
    if (last.tagName === 'CODE' && element.tagName !== 'PRE') return element
    element = last
  }
}

/** The cells that a row still lacks are there already, empty. */
function lastFilled(row: Element, caret: Node): Element | null {
  let cell = row.lastElementChild
  while (cell?.previousElementSibling && (cell.firstChild ?? caret) === caret) cell = cell.previousElementSibling
  return cell
}
