/**
 * JSON text for reading.
 *
 * Belongs here: the layout of a text that is known to be JSON, and its one-line preview. Values are never converted: 1.0 stays
 * 1.0 and a long number keeps its digits, because what is shown may be what a reader approves.
 */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g
const INDENT = '  '
/** What fits stays on one line. */
const WIDTH = 80
const SIZE_LIMIT = 200_000
const DEPTH_LIMIT = 100
const PREVIEW_LIMIT = 160

/** `text` laid out over lines; undefined where it is not JSON, or too big or deep to be worth it. */
export function pretty(text: string): string | undefined {
  const tokens = tokensOf(text)
  return tokens && value(tokens.reverse(), '', 0)
}

/** `text` in one line; the members of an object without its braces, inner values as an ellipsis. */
export function preview(text: string): string {
  const tokens = tokensOf(text)
  if (!tokens) return text.slice(0, PREVIEW_LIMIT).replace(/\s+/g, ' ').trim()
  const bare = tokens[0] === '{'
  let line = ''
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    const opens = token === '{' || token === '['
    const closes = token === '}' || token === ']'
    if (closes) depth--
    if (depth === 0 && !bare) line += token
    else if (depth === 1 && !closes) line += opens ? folded(token, tokens[index + 1]) : flat(token, tokens[index + 1])
    if (opens) depth++
    if (line.length > PREVIEW_LIMIT) return `${line.slice(0, PREVIEW_LIMIT)}…`
  }
  return line
}

function folded(token: string, next: string | undefined): string {
  if (token === '{') return next === '}' ? '{}' : '{…}'
  return next === ']' ? '[]' : '[…]'
}

function flat(token: string, next: string | undefined): string {
  if (token === ',' || token === ':') return `${token} `
  return next === ':' ? unquoted(token) : token
}

function tokensOf(text: string): string[] | undefined {
  if (text.length > SIZE_LIMIT) return undefined
  try {
    JSON.parse(text)
  } catch {
    // Not JSON (yet); the caller shows the text as it is.
    return undefined
  }
  return text.match(TOKEN) ?? undefined
}

function unquoted(key: string): string {
  return /^"[\w$-]+"$/.test(key) ? key.slice(1, -1) : key
}

/** The value at the end of `rest`, which holds tokens in reverse and is used up; undefined where it is too deep. */
function value(rest: string[], indent: string, depth: number): string | undefined {
  const token = rest.pop() ?? ''
  if (token !== '{' && token !== '[') return token
  if (depth > DEPTH_LIMIT) return undefined
  const end = token === '{' ? '}' : ']'
  const inner = indent + INDENT
  const items: string[] = []
  while (rest.at(-1) !== end) {
    if (rest.at(-1) === ',') rest.pop()
    const key = rest.at(-2) === ':' ? `${rest.pop() ?? ''}${rest.pop() ?? ''} ` : ''
    const item = value(rest, inner, depth + 1)
    if (item === undefined) return undefined
    items.push(key + item)
  }
  rest.pop()
  if (items.length === 0) return token + end
  const line = token + items.join(', ') + end
  if (depth > 0 && indent.length + line.length <= WIDTH && !line.includes('\n')) return line
  return `${token}\n${items.map((item) => inner + item).join(',\n')}\n${indent}${end}`
}
