/**
 * What a text may do to its reader: control and invisible characters are made visible.
 *
 * Belongs here: the characters that hide text or reorder it, and what is shown in their place; the twin of
 * `nbstream/_visible.py`, whose docstring says which and why. Does not belong here: where it is used (code, tool arguments,
 * addresses); prose keeps every character.
 */

// Flags of regions (a black flag, tags, a cancel tag) come first, so that the run of hidden characters does not take their tags.
const NOTABLE = new RegExp(
  [
    '(?<keep>\\u{1F3F4}[\\u{E0030}-\\u{E0039}\\u{E0061}-\\u{E007A}]{1,8}\\u{E007F})',
    '(?<line>\\r\\n?|[\\u0085\\u2028\\u2029])',
    '(?<control>[\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f])',
    '(?<hidden>(?:[\\x80-\\x84\\x86-\\x9f\\xad\\u180e\\u200b\\u202a-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{E0000}-\\u{E007F}]' +
      '|[\\ufe00-\\ufe0f\\u{E0100}-\\u{E01EF}]{2,}|[\\u200c\\u200d]{2,})+)',
    '(?<none>[\\u{D800}-\\u{DFFF}\\ufdd0-\\ufdef\\ufffe\\uffff])',
  ].join('|'),
  'gu',
)
/** Most texts hold none of them, and this is quicker to say so. */
const SUSPECT = /[^\t\n -~\u00a0-\u00ac\u00ae-\u180d\u2010-\u2027\u2030-\u205f\u2070-\ud7ff\uf900-\ufdcf\ufe10-\ufefe]/

/** `text` with newline as the only line end and every control or invisible character made visible. */
export function reveal(text: string): string {
  return SUSPECT.test(text) ? text.replace(NOTABLE, shown) : text
}

/** A piece of a text: as it was, or what stands for something that would not be seen. */
export interface Piece {
  readonly text: string
  readonly stands: boolean
}

/** The pieces of `reveal(text)`; undefined where there is nothing to reveal. */
export function pieces(text: string): Piece[] | undefined {
  if (!SUSPECT.test(text)) return undefined
  const out: Piece[] = []
  let at = 0
  for (const match of text.matchAll(NOTABLE)) {
    if (match.groups?.keep !== undefined) continue
    if (match.index > at) out.push({ text: text.slice(at, match.index), stands: false })
    out.push({ text: shown(match[0], match.groups), stands: true })
    at = match.index + match[0].length
  }
  if (at > 0 && at < text.length) out.push({ text: text.slice(at), stands: false })
  return out.length > 0 ? out : undefined
}

/** `reveal` for text that arrives in pieces, the same however it was cut: what may be a part of something longer is held. */
export class Revealer {
  private held = ''

  /** What is certain now. */
  feed(text: string): string {
    const whole = this.held + text
    const cut = certain(whole)
    this.held = whole.slice(cut)
    return reveal(whole.slice(0, cut))
  }

  /** What was held: nothing more will come. */
  flush(): string {
    const held = reveal(this.held)
    this.held = ''
    return held
  }
}

// As alternatives, because a variation selector must not stand in a class beside what it would vary.
const HELD =
  /^(?:[\r\x80-\x84\x86-\x9f\xad\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u200c\u200d]|[\ufe00-\ufe0f]|[\u{E0000}-\u{E01EF}])$/u
const FLAG = '\u{1F3F4}'

/** Where in `text` the characters begin that more text could join. */
function certain(text: string): number {
  let at = text.length
  while (at > 0) {
    const size = /[\udc00-\udfff]/.test(text.charAt(at - 1)) ? 2 : 1
    if (!HELD.test(text.slice(at - size, at))) break
    at -= size
  }
  return text.endsWith(FLAG, at) ? at - FLAG.length : at
}

function shown(match: string, ...rest: unknown[]): string {
  const groups = rest[rest.length - 1] as Readonly<Record<string, string | undefined>>
  if (groups.keep !== undefined) return match
  if (groups.line !== undefined) return '\n'
  if (groups.control !== undefined) return match === '\x7f' ? '\u2421' : String.fromCharCode(0x2400 + match.charCodeAt(0))
  if (groups.none !== undefined) return '\ufffd'
  const signs = [...match]
  const code = match.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')
  return signs.length === 1 ? `[U+${code}]` : `[${signs.length} hidden characters]`
}
