/**
 * Which addresses of a model's text may become a link.
 *
 * Belongs here: the one decision, and the host's name for showing. Does not belong here: elements (`dom`), and anything that
 * loads an address by itself, which no part of a view does.
 */

declare const checked: unique symbol

/** An address that `safeUrl` let through; `dom` takes no other kind of `href`. */
export type SafeUrl = string & { readonly [checked]: true }

const SCHEMES = new Set(['http:', 'https:', 'mailto:'])
/** Longer ones are data in disguise. */
const LIMIT = 4096

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
