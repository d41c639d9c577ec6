// @vitest-environment node
import { describe, expect, test } from 'vitest'
import { CHECKS, committed, load, walkDigest } from './conformance'

describe.each(Object.entries(CHECKS))('the cases of %s', (name, check) => {
  test.each(load(name).map((item, n) => [`${n + 1}: ${item.name ?? ''}`, item] as const))('%s', (_, item) => {
    expect(check(item)).toBe('')
  })
})

test('every sequence to depth 4 gives the committed digest', { timeout: 60_000 }, () => {
  expect(walkDigest()).toBe(committed())
})
