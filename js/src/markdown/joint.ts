/**
 * A block that was cut: its final part stands, the rest is read apart and joined to it.
 *
 * Belongs here: which element holds the parts, and what makes the joined block equal to one that was read whole. Does not belong
 * here: where a block may be cut (`cut`), when a list is loose (`loose`).
 */

import { CodeBlock } from './code'
import { type Kind, STAND_IN } from './cut'
import { lastGroup } from './groups'
import { keeperOf } from './kept'
import { appendLines } from './lines'
import { morph } from './morph'

/** A block that goes on after a cut. */
export interface Going {
  readonly kind: Kind
  readonly prefix: string
  /** How many children of its holder are final; characters where it holds lines. */
  readonly kept: number
  /** A list: whether its items hold paragraphs. */
  readonly loose: boolean
}

/** The element whose children are the last parts of `block`; none where a table has no rows yet. */
export function holder(block: Node | null, kind: Kind): Element | null {
  if (!(block instanceof Element)) return null
  return kind === 'table' || kind === 'list' ? lastGroup(block, kind) : block
}

export function holdsLines(kind: Kind): boolean {
  return kind === 'code' || kind === 'plain'
}

/** How much `block` holds. */
export function amount(block: Node | null, kind: Kind): number {
  if (kind === 'code') return codeIn(block)?.length ?? 0
  const element = holder(block, kind)
  return (holdsLines(kind) ? element?.textContent?.length : element?.childNodes.length) ?? 0
}

/** Take what a paragraph was prefixed with out of `block`. */
export function withoutStandIn(block: Node | null): void {
  const text = block?.firstChild
  if (!(text instanceof Text) || !text.data.startsWith(STAND_IN)) return
  text.deleteData(0, STAND_IN.length)
  if (text.length === 0) text.remove()
}

/** Append the parts of `more` to those of `block`. */
export function join(block: Node | null, more: Node | null, kind: Kind): void {
  const from = holder(more, kind)
  if (from === null) return
  if (holdsLines(kind)) writeLines(block, more, kind, amount(block, kind))
  else holder(block, kind)?.append(...from.childNodes)
}

/** Make what follows the final parts of `block` equal to the parts of `rest`. Returns the block, which may be another one now. */
export function renew(block: Element, rest: Node | null, going: Going, guest: Node): Element {
  if (holdsLines(going.kind)) {
    writeLines(block, rest, going.kind, going.kept)
    return block
  }
  const into = holder(block, going.kind)
  if (into === null) return block
  const from = holder(rest, going.kind) ?? document.createDocumentFragment()
  morph(into, from, guest, into.childNodes[going.kept] ?? null)
  if (going.kind !== 'paragraph' || !(rest instanceof HTMLElement) || rest.nodeName === block.nodeName) return block
  // It was underlined: what looked like a paragraph is a heading.
  rest.replaceChildren(...block.childNodes)
  block.replaceWith(rest)
  return rest
}

function codeIn(block: Node | null): CodeBlock | undefined {
  const keeper = block ? keeperOf(block) : undefined
  return keeper instanceof CodeBlock ? keeper : undefined
}

/** Make what `block` holds behind its first `kept` characters what `more` holds. */
function writeLines(block: Node | null, more: Node | null, kind: Kind, kept: number): void {
  const into = holder(block, kind)
  if (kind === 'code') writeCode(block, codeIn(more)?.text ?? '', kept, codeIn(more)?.open ?? false)
  else if (into) write(into, more?.textContent ?? '', kept)
}

/** Make the text of the code in `block` behind its first `kept` characters `text`; `open` if it may grow. */
export function writeCode(block: Node | null, text: string, kept: number, open: boolean): void {
  const code = codeIn(block)
  if (code === undefined) return
  const standing = code.length - kept
  code.open = open
  if (text.length >= standing) code.append(text.slice(standing))
  else code.become(new CodeBlock(code.text.slice(0, kept) + text, code.info, open))
}

/** Make the text of `host` behind its first `kept` characters `text`. */
export function write(host: Element, text: string, kept: number): void {
  const open = lengthOf(host) - kept
  if (text.length >= open) appendLines(host, text.slice(open))
  else {
    const whole = (host.textContent ?? '').slice(0, kept) + text
    host.replaceChildren()
    appendLines(host, whole)
  }
  lengths.set(host, kept + text.length)
}

/** The lengths of texts that grow, which would take long to read. */
const lengths = new WeakMap<Element, number>()

function lengthOf(host: Element): number {
  return lengths.get(host) ?? host.textContent?.length ?? 0
}
