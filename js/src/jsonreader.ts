/**
 * Reads JSON while it arrives.
 *
 * Belongs here: the grammar, one character after the other, and what it tells of: brackets, and tokens in pieces. Does not belong
 * here: values, which are never made (1.0 stays 1.0, and a long number keeps its digits); how it looks (`views/tree`).
 */

/** Gets what is read, in order; the text of a token comes in pieces, exactly as it stands. */
export interface Sink {
  open(bracket: string): void
  shut(bracket: string): void
  begin(kind: TokenKind): void
  grow(text: string): void
  finish(): void
  colon(): void
  comma(): void
}
export type TokenKind = 'key' | 'string' | 'number' | 'word'

type Expected = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end' | 'nothing'

const DEPTH_LIMIT = 100
const SPACE = ' \t\n\r'
const NUMBER = /^-?(?:(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)$/
const WORDS = ['true', 'false', 'null', 'NaN', 'Infinity']
const LONGEST_NUMBER = 2000

export class JsonReader {
  /** Whether what came so far cannot begin any JSON. Nothing is read after that. */
  bad = false
  private expected: Expected = 'value'
  private readonly ends: string[] = []
  private token: TokenKind | undefined
  /** Of a number or word, what came of it; of a string, whether the next character is escaped. */
  private held = ''
  private escaped = false

  constructor(private readonly sink: Sink) {}

  /** Whether the whole value has come. */
  get complete(): boolean {
    return !this.bad && this.expected === 'nothing' && this.token === undefined
  }

  feed(text: string): void {
    let at = 0
    while (at < text.length && !this.bad) {
      if (this.token === 'key' || this.token === 'string') at = this.inString(text, at)
      else if (this.token !== undefined) at = this.inBare(text, at)
      else this.outside(text.charAt(at++))
    }
  }

  /** The text is at its end: a number that nothing followed is whole. */
  end(): void {
    if (!this.bad && (this.token === 'number' || this.token === 'word')) this.finishBare()
  }

  private outside(sign: string): void {
    if (SPACE.includes(sign)) return
    const { expected } = this
    if (sign === this.ends.at(-1) && expected.endsWith('or end')) this.shut(sign)
    else if (expected === 'comma or end' && sign === ',') {
      this.expected = this.ends.at(-1) === '}' ? 'key' : 'value'
      this.sink.comma()
    } else if (expected === 'colon' && sign === ':') {
      this.expected = 'value'
      this.sink.colon()
    } else if (expected.startsWith('key') && sign === '"') this.begin('key', sign)
    else if (expected.startsWith('value')) this.value(sign)
    else this.bad = true
  }

  private value(sign: string): void {
    if (sign === '{' || sign === '[') this.open(sign)
    else if (sign === '"') this.begin('string', sign)
    else if (sign === '-' || (sign >= '0' && sign <= '9')) this.begin('number', sign)
    else if (/[a-zA-Z]/.test(sign)) this.begin('word', sign)
    else this.bad = true
  }

  private open(bracket: string): void {
    if (this.ends.length >= DEPTH_LIMIT) {
      this.bad = true
      return
    }
    this.ends.push(bracket === '{' ? '}' : ']')
    this.expected = bracket === '{' ? 'key or end' : 'value or end'
    this.sink.open(bracket)
  }

  private shut(bracket: string): void {
    this.ends.pop()
    this.after()
    this.sink.shut(bracket)
  }

  private begin(token: TokenKind, sign: string): void {
    this.token = token
    this.escaped = false
    this.held = sign
    this.sink.begin(token)
    this.sink.grow(sign)
  }

  /** Take the string as far as it goes; its escapes are checked no closer than that they do not end it. */
  private inString(text: string, from: number): number {
    let at = from
    for (; at < text.length; at++) {
      const sign = text.charCodeAt(at)
      if (this.escaped) this.escaped = false
      else if (sign === 0x5c) this.escaped = true
      else if (sign === 0x22) {
        this.sink.grow(text.slice(from, at + 1))
        this.finish()
        return at + 1
      }
      if (sign < 0x20) {
        this.bad = true
        return at
      }
    }
    this.sink.grow(text.slice(from, at))
    return at
  }

  private inBare(text: string, from: number): number {
    const piece = /^[\w.+-]*/.exec(text.slice(from, from + LONGEST_NUMBER))?.[0] ?? ''
    this.held += piece
    if (piece !== '') this.sink.grow(piece)
    const at = from + piece.length
    if (this.held.length > LONGEST_NUMBER) this.bad = true
    else if (at < text.length) this.finishBare()
    return at
  }

  private finishBare(): void {
    const { held } = this
    if (this.token === 'number' ? NUMBER.test(held) : WORDS.includes(held)) this.finish()
    else this.bad = true
  }

  private finish(): void {
    if (this.token === 'key') this.expected = 'colon'
    else this.after()
    this.token = undefined
    this.sink.finish()
  }

  private after(): void {
    this.expected = this.ends.length === 0 ? 'nothing' : 'comma or end'
  }
}
