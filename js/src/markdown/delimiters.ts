/**
 * Where a text speaks in formulas: $…$, $$…$$, \(…\) and \[…\], as rules of markdown-it.
 *
 * Belongs here: what is a formula and what is a price, a path, a variable of a shell. Does not belong here: elements (`math`).
 * A `$` is a delimiter only where nothing else is likely: no space inside it, no word before it, no digit after it, and between
 * two of them something that a formula could be. What is not closed is no formula: while the text grows its source is shown, and
 * a block that is not closed within 60 lines or 4,000 characters is given up, for it would be parsed again for ever.
 */

import type { MarkdownIt, StateBlock, StateInline } from 'markdown-it'

const LINES = 60
const CHARACTERS = 4000
/** So many `$` may follow each other before one closes. */
const CANDIDATES = 8

/** What only formulas have. */
const SIGNS = /[\\^_={}<>+|*]/
const WORD = /\p{L}{4}/u
const SPACED = /\p{L}{2,} |^\p{L} \p{L}{2}/u
const MONEY = /^[\d.,]+\D*\p{L}{2}|€|^[\d.,]+$/u
/** What may stand behind a block: the end of a sentence, the number of the formula. */
const BEHIND = /^\s*[.,;:]?\s*(?:\(\d+\))?\s*$/

/** For each closing delimiter: what was asked last, and the answer. */
type Closers = Map<string, { readonly from: number; readonly at: number }>

/** What may become that. */
const COMING = /^\s*[.,;:]?\s*(?:\(\d*\)?)?\s*$/

export interface Span {
  readonly content: string
  /** The index after the closing delimiter. */
  readonly end: number
  readonly markup: string
}

/** The formula that begins at `at` of `text`, if one does. */
export function spanAt(text: string, at: number, max = text.length, closers?: Closers): Span | undefined {
  const markup = opening(text, at)
  if (markup === '') return undefined
  const from = at + markup.length
  const close = CLOSING[markup] ?? markup
  const to = markup === '$' ? dollar(text, at, max) : nextCloser(text, close, from, closers)
  if (to <= from || to + close.length > max || to - from > CHARACTERS) return undefined
  const content = text.slice(from, to)
  const fits = content.trim() !== '' && content.split('\n').length <= LINES && !isWords(content, markup)
  return fits ? { content, end: to + close.length, markup } : undefined
}

/** Where `complete` may go on behind the formula at `at`: nothing in one is a mark. -1 where there is none. */
export function behindFormula(text: string, at: number): number {
  const span = spanAt(text, at)
  if (span) return span.end
  // The rest is a formula in the making.
  return opening(text, at).startsWith('\\') ? text.length : -1
}

const CLOSING: Readonly<Record<string, string>> = { '\\(': '\\)', '\\[': '\\]' }

/** Teach `engine` formulas; their tokens are `math_inline`, `math_block` and, of a block that is not closed yet, `math_source`. */
export function addFormulas(engine: MarkdownIt): void {
  // Before the rule that would eat the backslash of `\(`.
  engine.inline.ruler.before('escape', 'math', inline)
  engine.block.ruler.before('fence', 'math', block, { alt: ['paragraph', 'reference', 'blockquote', 'list'] })
}

const known = new WeakMap<StateInline | StateBlock, Closers>()

/** Where the next closers of a text are; it is asked from the left to the right. */
function closersOf(state: StateInline | StateBlock): Closers {
  const found = known.get(state) ?? (new Map() as Closers)
  known.set(state, found)
  return found
}

function inline(state: StateInline, silent: boolean): boolean {
  const { src, pos, posMax } = state
  const markup = opening(src, pos)
  if (markup === '') return false
  const span = spanAt(src, pos, posMax, closersOf(state))
  if (span === undefined) {
    if (markup.startsWith('$') || !isGrowing(state)) return false
    if (!silent) state.pending += markup
    state.pos += markup.length
    return true
  }
  if (!silent) {
    const token = state.push('math_inline', '', 0)
    token.content = span.content
    token.markup = markup
  }
  state.pos = span.end
  return true
}

function block(state: StateBlock, first: number, last: number, silent: boolean): boolean {
  if ((state.sCount[first] ?? 0) - state.blkIndent >= 4) return false
  const markup = opening(state.src, begin(state, first))
  if (markup.length < 2 || markup === '\\(') return false
  const close = CLOSING[markup] ?? markup
  // Most that are not closed are told by one look.
  const reach = begin(state, first) + markup.length
  const next = nextCloser(state.src, close, reach, closersOf(state))
  if (next < 0 ? !mayGrow(state, first, last) : next - reach > 2 * CHARACTERS) return false
  let body = ''
  for (let line = first; line < Math.min(last, first + LINES); line++) {
    const from = begin(state, line) + (line === first ? markup.length : 0)
    const to = state.eMarks[line] ?? 0
    // The block that it stands in ends here.
    if (line > first && (state.sCount[line] ?? 0) < state.blkIndent && from < to) return false
    const text = state.src.slice(from, to)
    const end = closer(text, close, 0)
    if (end >= 0) {
      const content = body + text.slice(0, end)
      const behind = text.slice(end + close.length)
      const known = isGrowing(state) && to >= state.src.length ? COMING : BEHIND
      if (!known.test(behind) || content.trim() === '' || isWords(content, markup)) return false
      if (!silent) push(state, 'math_block', content, first, line + 1, markup, behind.trim())
      return true
    }
    body += `${text}\n`
    if (body.length > CHARACTERS) return false
  }
  if (!mayGrow(state, first, last)) return false
  if (!silent) push(state, 'math_source', markup + body.replace(/\n$/, ''), first, last, markup, '')
  return true
}

function push(state: StateBlock, type: string, content: string, from: number, to: number, markup: string, info: string): void {
  const token = state.push(type, '', 0)
  token.block = true
  token.content = content
  token.markup = markup
  token.info = info
  token.map = [from, to]
  state.line = to
}

/** Whether the lines from `first` on may be a block that is closed later. */
function mayGrow(state: StateBlock, first: number, last: number): boolean {
  return (
    isGrowing(state) &&
    last - first <= LINES &&
    last >= state.lineMax &&
    state.src.length - begin(state, first) <= 3 * CHARACTERS
  )
}

function begin(state: StateBlock, line: number): number {
  return (state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0)
}

function isGrowing({ env }: StateBlock | StateInline): boolean {
  return (env as { readonly growing?: boolean }).growing === true
}

function opening(text: string, at: number): string {
  const next = text[at + 1]
  if (text[at] === '$') return next === '$' ? '$$' : '$'
  return text[at] === '\\' && (next === '(' || next === '[') ? `\\${next}` : ''
}

/** The index of the `$` that closes the one at `at`, else -1. */
function dollar(text: string, at: number, max: number): number {
  if (/[\p{L}\d_$]/u.test(text[at - 1] ?? '') || /[\s$]/.test(text[at + 1] ?? ' ')) return -1
  let to = at
  for (let tries = 0; tries < CANDIDATES; tries++) {
    to = closer(text, '$', to + 1)
    if (to < 0 || to >= max || to - at > CHARACTERS || /\s/.test(text[to - 1] ?? '')) return -1
    if (/[\d{]/.test(text[to + 1] ?? '')) continue
    const content = text.slice(at + 1, to)
    return /[\n`]/.test(content) ? -1 : to
  }
  return -1
}

/** Whether what stands between two delimiters is no formula. */
function isWords(content: string, markup: string): boolean {
  // Escapes that stand next to each other.
  if (markup.startsWith('\\') && !/[\p{L}\p{N}]/u.test(content)) return true
  if (SIGNS.test(content)) return false
  if (markup === '$') return /[:/,;]$/.test(content) || (MONEY.test(content) && /[^\d.,]/.test(content)) || isProse(content)
  // \[1\] and \[ \] are escaped brackets.
  return markup === '\\[' && /^ ?(?:x|\d+)? ?$/.test(content) ? true : isProse(content)
}

function isProse(content: string): boolean {
  return WORD.test(content) || SPACED.test(content)
}

/** The index of the first `close` from `from` on that is not escaped, else -1. */
function closer(text: string, close: string, from: number): number {
  for (let at = text.indexOf(close, from); at >= 0; at = text.indexOf(close, at + 1)) {
    let slashes = at
    while (text[slashes - 1] === '\\') slashes--
    if ((at - slashes) % 2 === 0) return at
  }
  return -1
}

/** The same for one text that is mostly asked from the left to the right, and is then gone through once. */
function nextCloser(text: string, close: string, from: number, closers: Closers | undefined): number {
  const last = closers?.get(close)
  if (last && last.from <= from && (last.at < 0 || last.at >= from)) return last.at
  const at = closer(text, close, from)
  closers?.set(close, { from, at })
  return at
}
