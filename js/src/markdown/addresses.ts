/**
 * Which bare words of a text are addresses: those that begin with http://, https:// or mailto:.
 *
 * The build puts this in the place of markdown-it's own package for it (`instead.json`), whose guesses at hosts without a scheme are not
 * wanted here and whose tables take 6 kB of the bundle. Belongs here: what of it markdown-it calls. Does not belong here: what may
 * become a link (`urls`).
 */

const START =
  /(?<![\p{L}\p{N}_])(?:https?:\/\/[\p{L}\p{N}[]|mailto:[\p{L}\p{N}._%+-]+@[\p{L}\p{N}])[^\s<>\p{Cc}\u3000-\u303f\uff00-\uffef]*/giu
/** Ends a sentence more likely than an address. */
const TRAILING = /[?!.,:;*_~'"`|]$/
const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

interface Match {
  readonly schema: string
  readonly index: number
  readonly lastIndex: number
  readonly text: string
  readonly url: string
}

export class LinkifyIt {
  /** There is nothing to set. */
  set(): this {
    return this
  }

  test(text: string): boolean {
    return text.includes(':') && text.search(START) >= 0
  }

  match(text: string): Match[] {
    return [...text.matchAll(START)].map((found) => matched(found[0], found.index))
  }

  matchAtStart(text: string): Match | null {
    START.lastIndex = 0
    const found = START.exec(text)
    return found?.index === 0 ? matched(found[0], 0) : null
  }
}

function matched(whole: string, index: number): Match {
  const text = trimmed(whole)
  return { schema: `${text.split(':', 1)[0]}:`, index, lastIndex: index + text.length, text, url: text }
}

/** `address` without what follows it in its sentence: marks, and a bracket that was opened before it. */
function trimmed(address: string): string {
  let end = address.length
  for (;;) {
    const last = address.charAt(end - 1)
    const opener = PAIRS[last]
    if (opener === undefined ? !TRAILING.test(last) : count(address, opener, end) >= count(address, last, end)) {
      return address.slice(0, end)
    }
    end--
  }
}

function count(text: string, sign: string, end: number): number {
  let found = 0
  for (let at = text.indexOf(sign); at >= 0 && at < end; at = text.indexOf(sign, at + 1)) found++
  return found
}
