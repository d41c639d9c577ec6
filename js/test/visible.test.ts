/** What is hidden is shown as the kernel's side shows it (`tests/unit/test_visible.py` has the same cases). */

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pieces, reveal } from '../src/visible'

const vectors = join(import.meta.dirname, '../../tests/vectors')
const cases = JSON.parse(readFileSync(join(vectors, 'visible.json'), 'utf8')) as { name: string; text: string; shown: string }[]

test.each(cases)('$name', ({ text, shown }) => {
  expect(reveal(text)).toBe(shown)
  const found = pieces(text)
  expect(found === undefined).toBe(text === shown)
  expect((found ?? [{ text }]).map((piece) => piece.text).join('')).toBe(shown)
})

test('every character is shown as the kernel shows it', () => {
  const hash = createHash('sha256')
  let text = ''
  for (let point = 0; point < 0x110000; point++) {
    if (point < 0xd800 || point > 0xdfff) text += `${String.fromCodePoint(point)}x`
  }
  hash.update(reveal(text))
  expect(hash.digest('hex')).toBe(readFileSync(join(vectors, 'visible.sha256'), 'utf8').trim())
})

test('a half of a character is none', () => {
  expect(reveal('a\ud800b\udc00c')).toBe('a\ufffdb\ufffdc')
})
