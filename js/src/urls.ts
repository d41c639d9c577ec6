/**
 * Which addresses of a model's text may become a link.
 *
 * Belongs here: the one decision, and the host's name for showing. Does not belong here: elements (`dom`), and anything that
 * loads an address by itself, which no part of a view does.
 */

declare const checked: unique symbol
declare const inline: unique symbol

/** An address that `safeUrl` let through; `dom` takes no other kind of `href`. */
export type SafeUrl = string & { readonly [checked]: true }

/** An image that is in the text itself, so that showing it asks nobody for anything. */
export type InlineImage = string & { readonly [inline]: true }

const SCHEMES = new Set(['http:', 'https:', 'mailto:'])
/** Longer ones are data in disguise. */
const LIMIT = 4096
/** The beginnings of the images that are shown, as base64: pictures only, so no SVG, which is a document. */
const IMAGES: readonly (readonly [RegExp, string])[] = [
  [/^iVBORw0KGgo/, 'png'],
  [/^\/9j\//, 'jpeg'],
  [/^R0lGOD[dl]h/, 'gif'],
  [/^UklGR[\w+/]{6}XRUJQ/, 'webp'],
]
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * The normalised form of an absolute http, https or mailto address, else undefined.
 *
 * A relative address would point into the notebook server, with the reader's cookies, so it is no link. What is handed out is
 * the parser's own spelling: the string that was checked is the string that is opened.
 */
export function safeUrl(raw: string): SafeUrl | undefined {
  if (raw.length > LIMIT) return undefined
  const url = parse(raw)
  return url !== undefined && SCHEMES.has(url.protocol) ? (url.href as SafeUrl) : undefined
}

/** The picture in `base64`, known by its own first bytes; undefined for anything else, whatever it was called. */
export function inlineImage(base64: string): InlineImage | undefined {
  const kind = IMAGES.find(([begin]) => begin.test(base64))?.[1]
  return kind !== undefined && isBase64(base64) ? (`data:image/${kind};base64,${base64}` as InlineImage) : undefined
}

export function isBase64(text: string): boolean {
  return BASE64.test(text)
}

/** The host that `raw` names, for telling the reader where something would come from; '' where it names none. */
export function hostOf(raw: string): string {
  return parse(raw)?.hostname ?? ''
}

function parse(raw: string): URL | undefined {
  try {
    return new URL(raw)
  } catch {
    // The constructor's only way to say that this is no absolute address.
    return undefined
  }
}
