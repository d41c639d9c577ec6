/** What several tests need: the corpora, where they are present, and a repeatable source of chance. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Corpus {
  /** Why there are no lines: the corpora are not part of the repository. */
  readonly missing: boolean
  readonly lines: readonly { readonly id: string; readonly text: string }[]
}

/** The lines of `../shared/corpora/NAME` beside the repository, none where it is absent. */
export function corpus(name: string): Corpus {
  const path = join(import.meta.dirname, '../../../shared/corpora', name)
  if (!existsSync(path)) return { missing: true, lines: [] }
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  return { missing: false, lines: lines.map((line) => JSON.parse(line) as { id: string; text: string }) }
}

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
