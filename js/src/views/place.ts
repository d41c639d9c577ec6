/**
 * The reader's place in a text that is shown another way: raw text instead of Markdown, or back.
 *
 * Belongs here: finding the place again. Both ways show the same words; so the place is the words at the upper edge, and where
 * they stand is looked for near the same share of the height.
 */

/** So many letters and digits tell a place; marks are left out, because only one of the ways shows them. */
const WORDS = 24
const NEAR = 24
const LETTER = /[\p{L}\p{N}]/u

/** Remember the place in `body`, which `scroller` scrolls. Returns what goes there again once the text is shown another way. */
export function placeIn(scroller: HTMLElement, body: HTMLElement): () => void {
  const { scrollTop, scrollHeight, clientHeight } = scroller
  if (scrollTop <= 0) return () => undefined
  if (scrollTop + clientHeight >= scrollHeight - NEAR)
    return () => {
      scroller.scrollTop = scroller.scrollHeight
    }
  const edge = scroller.getBoundingClientRect().top
  const old = body.getBoundingClientRect()
  const share = old.height > 0 ? (edge - old.top) / old.height : 0
  const words = wordsAt(body, edge)
  return () => {
    const fresh = body.getBoundingClientRect()
    const near = fresh.top + share * fresh.height
    const found = words === '' ? undefined : find(body, words, near)
    scroller.scrollTop += (found ?? near) - edge
  }
}

function* texts(body: HTMLElement): Generator<Text> {
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) if (node instanceof Text) yield node
}

/** The first letters that stand at or below `edge`. */
function wordsAt(body: HTMLElement, edge: number): string {
  let words = ''
  for (const text of texts(body)) {
    if (words === '' && bottom(text) <= edge) continue
    const from = words === '' ? firstBelow(text, edge) : 0
    for (const sign of text.data.slice(from)) if (LETTER.test(sign)) words += sign
    if (words.length >= WORDS) return words.slice(0, WORDS)
  }
  return words
}

/** The top of the place nearest to `near` at which `words` begin. */
function find(body: HTMLElement, words: string, near: number): number | undefined {
  const letters: string[] = []
  const places: { text: Text; at: number }[] = []
  for (const text of texts(body))
    for (let at = 0; at < text.length; at++)
      if (LETTER.test(text.data.charAt(at))) {
        letters.push(text.data.charAt(at))
        places.push({ text, at })
      }
  const whole = letters.join('')
  let best: number | undefined
  for (let at = whole.indexOf(words); at >= 0; at = whole.indexOf(words, at + 1)) {
    const place = places[at]
    const top = place && topOf(place.text, place.at)
    if (top !== undefined && (best === undefined || Math.abs(top - near) < Math.abs(best - near))) best = top
  }
  return best
}

/** The offset of the first character of `text` whose line ends below `edge`. */
function firstBelow(text: Text, edge: number): number {
  let low = 0
  let high = text.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (boxOf(text, middle, middle + 1).bottom > edge) high = middle
    else low = middle + 1
  }
  return low
}

function bottom(text: Text): number {
  return boxOf(text, 0, text.length).bottom
}

function topOf(text: Text, at: number): number {
  return boxOf(text, at, at + 1).top
}

function boxOf(text: Text, from: number, to: number): DOMRect {
  const range = document.createRange()
  range.setStart(text, from)
  range.setEnd(text, Math.min(to, text.length))
  return range.getBoundingClientRect()
}
