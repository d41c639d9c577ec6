/**
 * The Markdown dialect: CommonMark, with the tables, strikethrough and bare http addresses of GFM.
 *
 * Belongs here: the one configured markdown-it, its two halves (blocks; what stands inside of them), and the record of which
 * link labels a text asked for. Does not belong here: elements (`nodes`), what may still change (`cut`, `tail`).
 */

import MarkdownIt, { type Env, type Token } from 'markdown-it'
import { addFormulas } from './delimiters'

export type { Token }
export type References = NonNullable<Env['references']>

/** Each level is an element that the browser must lay out; markdown-it leaves out what stands deeper. */
const NESTING = 40

const outer = dialect('normalize', 'block', 'strip_references')
const inner = dialect('inline', 'linkify', 'text_join')

// Raw HTML is text.
function dialect(...rules: string[]): InstanceType<typeof MarkdownIt> {
  const engine = new MarkdownIt({ html: false, linkify: true, maxNesting: NESTING })
  engine.core.ruler.enableOnly(rules)
  // What may become a link is decided where elements are made; a refusal here would show the brackets of every image.
  engine.validateLink = () => true
  // Only what is spelled as an address becomes one: "readme.md" is a file, not a site in Moldova.
  engine.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false })
  addFormulas(engine)
  return engine
}

/**
 * The blocks of `source`, their insides not read yet; definitions in it are added to `references`. A block that is nested
 * deeper than is shown becomes one of type `plain`. In a text that is `growing` a formula that is not closed shows its source.
 */
export function parseBlocks(source: string, references: References, growing = false): Token[] {
  const tokens = outer.parse(source, environment(references, growing))
  return tokens.some(isTooDeep) ? flattened(tokens, source) : tokens
}

/** Read the insides of `tokens`, resolving link labels by `references`. */
export function parseInlines(tokens: readonly Token[], references: References, growing = false): void {
  const inline = tokens.filter(({ type }) => type === 'inline')
  for (const token of inline) token.children = []
  const state = new inner.core.State('', inner, environment(references, growing))
  state.tokens = inline
  inner.core.process(state)
}

/** Both. */
export function parse(source: string, references: References, growing = false): Token[] {
  const tokens = parseBlocks(source, references, growing)
  parseInlines(tokens, references, growing)
  return tokens
}

function environment(references: References, growing: boolean): Env {
  return { references, growing } as Env
}

/** Say that the text of `token`, the last of a text that grows, may grow, too. */
export function grows(token: Token): Token {
  token.meta = { grows: true }
  return token
}

export function isGrowing({ meta }: Token): boolean {
  return (meta as { readonly grows?: boolean } | null)?.grows === true
}

/** A block of text that is no Markdown. */
export function plain(content: string, map: [number, number]): Token {
  const state = new outer.core.State('', outer, {})
  const token = new state.Token('plain', '', 0)
  token.content = content
  token.map = map
  return token
}

/** Where the top-level blocks begin in `tokens`. */
export function blockStarts(tokens: readonly Token[]): number[] {
  const starts: number[] = []
  tokens.forEach((token, index) => {
    if (token.level === 0 && token.nesting >= 0) starts.push(index)
  })
  return starts
}

/** The offset of each line of `text`, and its length at the end. */
export function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  if (starts[starts.length - 1] !== text.length) starts.push(text.length)
  return starts
}

function isTooDeep({ level, nesting }: Token): boolean {
  return nesting > 0 && level >= NESTING - 1
}

function flattened(tokens: Token[], source: string): Token[] {
  const starts = blockStarts(tokens)
  const lines = lineStarts(source)
  return starts.flatMap((start, number) => {
    const block = tokens.slice(start, starts[number + 1])
    const [from = 0, to = 0] = block[0]?.map ?? []
    return block.some(isTooDeep) ? [plain(source.slice(lines[from], lines[to]), [from, to])] : block
  })
}

/** `text` without its backslash escapes and character references. */
export function unescaped(text: string): string {
  return inner.utils.unescapeAll(text)
}

export function noReferences(): References {
  return Object.create(null) as References
}

/** A scope whose own definitions do not reach `outer`. */
export function within(references: References): References {
  return Object.create(references) as References
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
