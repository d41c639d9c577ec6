/**
 * Loose lists: one empty line between two items makes paragraphs of the insides of all.
 *
 * Belongs here: whether a list is loose, as tokens and as elements, and making it so: the item that decides may come when the
 * ones before it are final. Does not belong here: the parts of a list that was cut (`joint`).
 */

import { h } from '../dom'
import { lineStarts, type Token } from './parser'

const BLOCKS = /^(?:P|UL|OL|BLOCKQUOTE|DIV|FIGURE|H[3-6R])$/

/** Whether the list that `tokens`, read from `source`, begin with is loose: also where it has no paragraph to show it. */
export function isLoose(tokens: readonly Token[], source: string): boolean {
  if (ownParagraphs(tokens).some(({ hidden }) => !hidden)) return true
  const lines = lineStarts(source)
  const begin = tokens[0]?.map?.[0] ?? 0
  return own(tokens).some(({ nesting, map }) => {
    if (nesting < 0 || !map || map[0] <= begin) return false
    return source.slice(lines[map[0] - 1], lines[map[0]]).trim() === ''
  })
}

/** Make the list that `tokens` begin with loose. */
export function loosenTokens(tokens: readonly Token[]): void {
  for (const token of ownParagraphs(tokens)) token.hidden = false
}

/** The items of the list that `tokens` begin with, and the blocks in them. */
function own(tokens: readonly Token[]): Token[] {
  const end = tokens.findIndex(({ level, nesting }) => level === 0 && nesting < 0)
  return tokens.slice(0, end).filter(({ level }) => level === 1 || level === 2)
}

function ownParagraphs(tokens: readonly Token[]): Token[] {
  return own(tokens).filter(({ level, type }) => level === 2 && type.startsWith('paragraph_'))
}

/** Wrap what stands bare in `items` of a list. */
export function loosen(items: Iterable<Node>): void {
  for (const item of items) {
    let paragraph: Element | undefined
    for (const node of [...item.childNodes]) {
      if (BLOCKS.test(node.nodeName)) paragraph = undefined
      else {
        if (!paragraph) {
          paragraph = h('p')
          item.insertBefore(paragraph, node)
        }
        paragraph.append(node)
      }
    }
  }
}

/** Whether any of `items` holds paragraphs. */
export function areLoose(items: readonly Node[]): boolean {
  return items.some((item) => [...item.childNodes].some(({ nodeName }) => nodeName === 'P'))
}
