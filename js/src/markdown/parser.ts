/**
 * The Markdown dialect: CommonMark, with the tables, strikethrough and bare http addresses of GFM.
 *
 * Belongs here: the one configured markdown-it, parsing into top-level blocks, and the record of which link labels a text asked
 * for. Does not belong here: elements (`nodes`), what may still change (`tail`).
 */

import MarkdownIt, { type Env, type Token } from 'markdown-it'
import { addFormulas } from './delimiters'

export type { Token }
export type References = NonNullable<Env['references']>

// Raw HTML is text. Nesting is bounded, because each level is an element that the browser must lay out.
const engine = new MarkdownIt({ html: false, linkify: true, maxNesting: 40 })
// What may become a link is decided where elements are made; a refusal here would show the brackets of every image.
engine.validateLink = () => true
// Only what is spelled as an address becomes one: "readme.md" is a file, not a site in Moldova.
engine.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false })

addFormulas(engine)

/** The tokens of a text, and where its top-level blocks begin. */
export interface Parsed {
  readonly tokens: Token[]
  /** Line in the source and index in `tokens` of each top-level block. */
  readonly blocks: readonly { readonly line: number; readonly index: number }[]
}

/**
 * Parse `source`, resolving link labels by `references`; definitions in `source` are added to it. In a text that is `growing` a
 * formula that is not closed shows its source.
 */
export function parse(source: string, references: References, growing = false): Parsed {
  const tokens = engine.parse(source, environment(references, growing))
  const blocks: { line: number; index: number }[] = []
  tokens.forEach((token, index) => {
    if (token.level > 0 || token.nesting < 0) return
    const line = token.map?.[0] ?? 0
    // What may turn out to be text after all goes on with the paragraph before it.
    if (token.type === 'math_source' && !isBlank(source, line - 1)) return
    blocks.push({ line, index })
  })
  return { tokens, blocks }
}

/** Whether line `line` of `source` is empty, or before its beginning. */
function isBlank(source: string, line: number): boolean {
  return (source.split('\n', line + 1)[line] ?? '').trim() === ''
}

/** Parse `source` as the inside of one paragraph of a text that grows. */
export function parseInline(source: string, references: References): Token[] {
  return engine.parseInline(source, environment(references, true))[0]?.children ?? []
}

function environment(references: References, growing: boolean): Env {
  return { references, growing } as Env
}

/** `text` without its backslash escapes and character references. */
export function unescaped(text: string): string {
  return engine.utils.unescapeAll(text)
}

/** Say that the text of `token`, the last of a text that grows, may grow, too. */
export function grows(token: Token): Token {
  token.meta = { grows: true }
  return token
}

export function isGrowing({ meta }: Token): boolean {
  return (meta as { readonly grows?: boolean } | null)?.grows === true
}

export function noReferences(): References {
  return Object.create(null) as References
}

/** A scope whose own definitions do not reach `outer`. */
export function within(outer: References): References {
  return Object.create(outer) as References
}

/** `references`, seen through a record of the labels that were defined and of those that were asked for in vain. */
export function watched(references: References): { references: References; defined: Set<string>; missed: Set<string> } {
  const defined = new Set<string>()
  const missed = new Set<string>()
  const proxy = new Proxy(references, {
    get(target, label: string) {
      if (target[label] === undefined) missed.add(label)
      return target[label]
    },
    set(target, label: string, value: References[string]) {
      target[label] = value
      defined.add(label)
      // markdown-it asks before it defines.
      missed.delete(label)
      return true
    },
  })
  return { references: proxy, defined, missed }
}
