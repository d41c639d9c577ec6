/**
 * JSON text in one line.
 *
 * Belongs here: the preview beside a closed heading, and whether two texts say the same. Values are never converted: 1.0 stays 1.0
 * and a long number keeps its digits. Does not belong here: the layout over lines (`tree`).
 */

import { reveal } from '../visible'

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g
const SIZE_LIMIT = 200_000
const PREVIEW_LIMIT = 160

/** `text` in one line; the members of an object without its braces, inner values as an ellipsis. */
export function preview(text: string): string {
  return reveal(shortened(text)).replace(/\s+/g, ' ').trim()
}

/** Whether `a` and `b` are the same JSON, white space aside. */
export function equal(a: string, b: string): boolean {
  return a === b || compact(a) === compact(b)
}

function compact(text: string): string {
  return tokensOf(text)?.join('') ?? text
}

function shortened(text: string): string {
  const tokens = tokensOf(text)
  if (!tokens) return text.slice(0, PREVIEW_LIMIT)
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
