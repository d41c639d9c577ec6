/**
 * Lines of text that grow: code, and Markdown that is too much to be read as such.
 *
 * Belongs here: where the lines stand. With each append the browser lays out the whole block that grows; so the first lines
 * stand in the element itself, later ones in blocks of as many. Where they are cut depends on the text alone.
 */

import { h } from '../dom'

const LINES = 64
export const GROUP = 'nb-piece'

/** Append `text` to what `host` holds; a caret at its end stays at the end. */
export function appendLines(host: Element, text: string): void {
  let last = host.lastElementChild?.className === GROUP ? host.lastElementChild : host
  let used = count(last.textContent ?? '')
  let rest = text
  while (rest !== '') {
    if (used >= LINES) {
      last = h('span', { class: GROUP })
      host.append(last)
      used = 0
    }
    const cut = after(rest, LINES - used)
    extend(last, rest.slice(0, cut))
    rest = rest.slice(cut)
    used = LINES
  }
}

function extend(group: Element, text: string): void {
  const end = group.lastChild instanceof Element ? group.lastChild.previousSibling : group.lastChild
  if (end instanceof Text) end.appendData(text)
  else group.prepend(text)
}

function count(text: string): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++
  return lines
}

/** The offset behind the next `lines` lines of `text`. */
function after(text: string, lines: number): number {
  let at = 0
  for (let left = lines; left > 0; left--) {
    at = text.indexOf('\n', at) + 1
    if (at === 0) return text.length
  }
  return at
}
