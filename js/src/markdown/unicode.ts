/**
 * What browsers know of Unicode, in the place of the tables that markdown-it would bring along (`instead.json`).
 *
 * Belongs here: the classes of punctuation and signs, and the host names of links, which are shown as they were written.
 */

export const P = /\p{P}/u
export const S = /\p{S}/u

const same = (host: string): string => host

export default { toASCII: same, toUnicode: same }
