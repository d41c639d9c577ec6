/**
 * Named characters, such as `&copy;`.
 *
 * Belongs here: what markdown-it takes from the package `entities`, in whose place the build puts this module: the browser has the
 * same table, and in the bundle it was a fifth of everything. Only a name between & and ; is ever handed to the parser, never
 * what stands around it, and only the text of the result is used.
 */

const NAMED = /^&[A-Za-z][A-Za-z0-9]{1,31};$/
const MOST = 1000
const known = new Map<string, string>()

/** The character that `entity` names; `entity` itself where it names none. */
export function decodeHTMLStrict(entity: string): string {
  if (!NAMED.test(entity)) return entity
  const found = known.get(entity)
  if (found !== undefined) return found
  if (known.size >= MOST) known.clear()
  const sign = read(entity)
  known.set(entity, sign)
  return sign
}

function read(entity: string): string {
  try {
    // Behind a letter, because white space at the beginning (&Tab;) would be dropped.
    const text = (new DOMParser().parseFromString(`x${entity}`, 'text/html').body.textContent ?? '').slice(1)
    // Of a name that only begins as one does (&copyx;) the parser reads the beginning, and leaves the end.
    return text.endsWith(';') && entity !== '&semi;' ? entity : text
  } catch {
    // A policy of the page forbids parsing; the text stays as it was typed.
    return entity
  }
}
