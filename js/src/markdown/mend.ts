/**
 * Unfinished syntax at the end of a text that still grows, shown as what it will most likely become.
 *
 * Belongs here: guesses from the text alone, about the last line and about the inside of the last paragraph. A wrong guess is
 * gone with the next characters, and nothing here runs once the section is closed. Every function is linear in its text,
 * because it runs with each frame on what a model chose to write.
 */

import { behindFormula } from './delimiters'
import { PENDING } from './nodes'
import { grows, type Token } from './parser'

// A line of marks that the next character may make a list, a rule, a heading, an underline of the line above, a fence …
const MARKS = /^[ \t]*(?:[-+*=_#|]+|`{1,2}|~{1,2}|\d{1,9}[.)]?|[-+*][ \t]+|[ \t:|-]+)$/
const MARKS_LIMIT = 200
const HEADER = /^ {0,3}\|.*[^\s|]/
const EMPHASIS = new Set(['*', '**', '***', '_', '__', '___', '~~'])
/** More marks than this are not open in any text that means them. */
const OPEN_LIMIT = 8
const COLUMN_LIMIT = 40
const WORD = /[\p{L}\p{N}]/u

/** `tokens`, the blocks of `source`, with the last one mended; `read` reads a text as `source` was read. */
export function mend(tokens: Token[], source: string, read: (text: string) => Token[]): Token[] {
  const last = tokens.findLast(({ nesting }) => nesting === 0)
  if (last?.type === 'fence' || last?.type === 'code_block') return withoutHalfFence(tokens, grows(last))
  if (last?.type === 'plain' || endsBlank(source)) return tokens
  const settled = settle(source)
  const mended = settled === source.trimEnd() ? tokens : read(settled)
  const inline = mended.findLast(({ nesting }) => nesting === 0)
  if (inline?.type === 'inline') inline.content = complete(inline.content)
  return mended
}

/** The last line of an open fence may be the first marks of its end. */
function withoutHalfFence(tokens: Token[], fence: Token): Token[] {
  const cut = fence.content.lastIndexOf('\n') + 1
  const last = fence.content.slice(cut).trim()
  if (last !== '' && last.length < fence.markup.length && fence.markup.startsWith(last))
    fence.content = fence.content.slice(0, cut)
  return tokens
}

/** `source` without a last line that cannot be read yet, and with the second line of a table whose first has come. */
export function settle(source: string): string {
  const cut = source.lastIndexOf('\n') + 1
  const last = source.slice(cut)
  const settled = (last.length < MARKS_LIMIT && MARKS.test(last) ? source.slice(0, cut) : source).trimEnd()
  const start = settled.lastIndexOf('\n') + 1
  const header = settled.slice(start)
  const fresh = start === 0 || /(?:^|\n)[ \t]*\n$/.test(settled.slice(Math.max(0, start - MARKS_LIMIT), start))
  if (!fresh || !HEADER.test(header) || endsBlank(source)) return settled
  const columns = header
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/).length
  return columns > COLUMN_LIMIT ? settled : `${settled}\n${'|---'.repeat(columns)}|`
}

/** Whether `source` ends with an empty line: what stands before it is finished. */
export function endsBlank(source: string): boolean {
  return /\n[ \t]*\n[ \t]*$/.test(source.slice(-MARKS_LIMIT))
}

/** `text`, the inside of a paragraph, with its open emphasis, code or link closed and a trailing half of a mark left out. */
export function complete(text: string): string {
  const kept = decided(text)
  const { open, at, ending } = scan(kept)
  return kept.slice(0, at) + ending + open.reverse().join('')
}

/**
 * The last offset in `text`, the beginning of a paragraph, at which nothing is open: before white space; where there is none, in
 * front of the last white space; else its length. Always behind `least`: one who cuts there again and again comes to the end.
 */
export function clean(text: string, least: number): number {
  let found = least
  scan(text, (at) => {
    found = Math.max(found, at)
  })
  if (found > least) return found
  const space = text.trimEnd().search(/\s\S*$/)
  if (space > least) return space
  // Not between the halves of a character.
  return /[\ud800-\udbff]$/.test(text) ? text.length - 1 : text.length
}

/** What `text` leaves open: emphasis; and code or a link's address, which end it at `at` and are closed by `ending`. */
function scan(text: string, closed?: (at: number) => void): { open: string[]; at: number; ending: string } {
  const open: string[] = []
  let brackets = 0
  let at = 0
  while (at < text.length) {
    const sign = text.charAt(at)
    const behind = sign === '$' || sign === '\\' ? behindFormula(text, at) : -1
    if (behind > at) {
      at = behind
      continue
    }
    const run = '*_~`'.includes(sign) ? runAt(text, at) : sign
    if (sign === '`') {
      const close = closing(text, at + run.length, run)
      if (close < 0) return { open, at: text.length, ending: run }
      at = close
    } else if (sign === ']' && brackets > 0) {
      brackets--
      if (text[at + 1] === '(') {
        const close = parenthesis(text, at + 2)
        if (close < 0) return { open, at, ending: `](${PENDING})` }
        at = close
      }
    } else if (EMPHASIS.has(run)) emphasise(open, run, text[at - 1] ?? ' ', text[at + run.length] ?? ' ')
    else if (sign === '[') brackets++
    else if (sign === '\\') at++
    else if (closed && brackets === 0 && open.length === 0 && at > 0 && sign.trim() === '') closed(at)
    at += run.length
  }
  return { open, at: text.length, ending: '' }
}

/** `text` without trailing spaces and without a last run of marks, of which more may come. */
function decided(text: string): string {
  let end = text.length
  while (end > 0 && '*_~`'.includes(text.charAt(end - 1))) end--
  let slashes = end
  while (slashes > 0 && text[slashes - 1] === '\\') slashes--
  return text.slice(0, end - ((end - slashes) % 2)).trimEnd()
}

/** Open or close emphasis with one run of marks, nearly as CommonMark does. */
function emphasise(open: string[], run: string, before: string, after: string): void {
  let left = run.length
  while (before.trim() !== '' && left > 0) {
    const top = open[open.length - 1]
    if (top === undefined || top[0] !== run[0]) break
    open.pop()
    if (top.length > left) open.push(top.slice(left))
    left -= Math.min(left, top.length)
  }
  if (left === run.length && after.trim() !== '' && !WORD.test(before) && open.length < OPEN_LIMIT) open.push(run)
}

function runAt(text: string, at: number): string {
  let end = at + 1
  while (end < text.length && text[end] === text[at]) end++
  return text.slice(at, end)
}

/** Where the next run of exactly these backticks begins, else -1. */
function closing(text: string, from: number, run: string): number {
  for (let at = text.indexOf('`', from); at >= 0; at = text.indexOf('`', at)) {
    const found = runAt(text, at)
    if (found.length === run.length) return at
    at += found.length
  }
  return -1
}

/** Where the parenthesis that was opened before `from` closes, else -1. */
function parenthesis(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    if (text[at] === '(') depth++
    else if (text[at] === ')' && --depth === 0) return at
  }
  return -1
}
