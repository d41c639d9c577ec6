/** What a reader has seen must not be taken back while the text grows. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { Markdown } from '../src/markdown'

vi.setConfig({ testTimeout: 60_000 })

const CORPUS = join(import.meta.dirname, '../../../shared/tools/markdown-bench/corpus.js')

interface Corpus {
  readonly corpora: { readonly mixed: (tokens: number) => string }
  readonly tokenise: (text: string) => string[]
}

/** The module as an address: it lies outside of what the test runner serves. */
function moduleOf(path: string): string {
  return `data:text/javascript,${encodeURIComponent(readFileSync(path, 'utf8'))}`
}

/** Whether all characters of `old` are in `now`, in their order. */
function kept(old: string, now: string): boolean {
  let at = 0
  while (at < old.length && old[at] === now[at]) at++
  let next = at
  for (const sign of old.slice(at)) {
    next = now.indexOf(sign, next) + 1
    if (next === 0) return false
  }
  return true
}

// The corpus is not part of the repository.
test.skipIf(!existsSync(CORPUS))('at most one frame in a hundred takes back a character', async () => {
  const { corpora, tokenise } = (await import(/* @vite-ignore */ moduleOf(CORPUS))) as Corpus
  const tokens = tokenise(corpora.mixed(2_000))
  const host = document.createElement('div')
  const markdown = new Markdown(host)
  const taken: string[] = []
  let old = ''
  for (const token of tokens) {
    markdown.append(token)
    const now = host.textContent ?? ''
    if (!kept(old, now)) taken.push(`${JSON.stringify(old.slice(-40))} > ${JSON.stringify(now.slice(-40))}`)
    old = now
  }
  expect(tokens.length).toBeGreaterThan(1_500)
  expect(taken.length, taken.join('\n')).toBeLessThanOrEqual(tokens.length / 100)
})

test('what takes back a character is seen', () => {
  expect(kept('one two', 'one two three')).toBe(true)
  expect(kept('one two', 'one, two')).toBe(true)
  expect(kept('**one', 'one')).toBe(false)
  expect(kept('one two', 'one')).toBe(false)
})
