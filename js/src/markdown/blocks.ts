/**
 * The blocks of a stretch of the text, which may begin within a block that was cut: as tokens, and as elements.
 *
 * Belongs here: reading a stretch as what it goes on with. Does not belong here: the dialect (`parser`), which element stands
 * for which token (`nodes`), the insides of blocks.
 */

import { type Going, withoutStandIn } from './joint'
import { build } from './nodes'
import { lineStarts, parseBlocks, plain, type References, type Token } from './parser'

const EMPTY_LINE = /\n[ \t]*\n/

/** The blocks of `source`; text that is no Markdown any more is so up to the next empty line. */
export function read(source: string, references: References, going: Going | undefined, growing = false): Token[] {
  if (going?.kind !== 'plain') return parseBlocks(source, references, growing)
  const end = EMPTY_LINE.exec(source)
  const text = end ? source.slice(0, end.index + 1) : source
  const lines = lineStarts(text).length - 1
  const after = end ? parseBlocks(source.slice(text.length), references, growing) : []
  for (const token of after) if (token.map) token.map = [token.map[0] + lines, token.map[1] + lines]
  return [plain(text, [0, lines]), ...after]
}

/** The elements of `tokens`. */
export function made(tokens: readonly Token[], going: Going | undefined): DocumentFragment {
  const fragment = document.createDocumentFragment()
  build(tokens, fragment)
  if (going?.kind === 'paragraph') withoutStandIn(fragment.firstChild)
  return fragment
}
