/** Parts: one question a page, whoever needs one; source text where nothing comes. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type PartName, Parts, type PartTypes } from '../src/parts'

const BYTES = [new DataView(new ArrayBuffer(3))]
const settled = (): Promise<void> => new Promise((resolve) => queueMicrotask(() => queueMicrotask(resolve)))

/** A page with one kernel, which hears questions and can be told to be deaf. */
class Page {
  readonly heard: PartName[] = []
  readonly loads: PartName[] = []
  deaf = false
  readonly parts = new Parts((name, bytes) => {
    this.loads.push(name)
    return bytes.byteLength === 0 ? Promise.reject(new Error('refused')) : Promise.resolve(bytes)
  })
  readonly leave = this.parts.join((name) => {
    if (this.deaf) return false
    this.heard.push(name)
    return true
  })

  /** Somebody who needs the font; returns what was taken. */
  need(): PartTypes['mathfont'][] {
    const taken: PartTypes['mathfont'][] = []
    const taker = { take: (part: ArrayBuffer) => void taken.push(part) }
    keep.push(taker)
    this.parts.need('mathfont', taker)
    return taken
  }
}

const keep: unknown[] = []
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

test('many who need a part are one question and one load', async () => {
  const page = new Page()
  const takers = [page.need(), page.need(), page.need()]
  expect(page.heard).toEqual(['mathfont'])
  page.parts.receive('mathfont', BYTES)
  page.parts.receive('mathfont', BYTES)
  await settled()
  expect(page.loads).toEqual(['mathfont'])
  for (const taken of takers) expect(taken.map(({ byteLength }) => byteLength)).toEqual([3])
  expect(page.need()).toHaveLength(1)
  expect(page.heard).toHaveLength(1)
})

test('a kernel that is silent is asked again after 15 s, by the next one who needs it', () => {
  const page = new Page()
  page.need()
  vi.advanceTimersByTime(14_999)
  page.need()
  expect(page.heard).toHaveLength(1)
  vi.advanceTimersByTime(1)
  page.need()
  expect(page.heard).toHaveLength(2)
})

test('a late answer serves those who waited in vain', async () => {
  const page = new Page()
  const taken = page.need()
  vi.advanceTimersByTime(60_000)
  page.parts.receive('mathfont', BYTES)
  await settled()
  expect(taken).toHaveLength(1)
})

test('a part that cannot be loaded is never asked for again, and nobody hears of it', async () => {
  const page = new Page()
  const taken = page.need()
  page.parts.receive('mathfont', [new ArrayBuffer(0)])
  await settled()
  vi.advanceTimersByTime(60_000)
  page.need()
  page.parts.receive('mathfont', BYTES)
  await settled()
  expect(page.heard).toHaveLength(1)
  expect(page.loads).toHaveLength(1)
  expect(taken).toEqual([])
})

test('what nobody asked for is not loaded', async () => {
  const page = new Page()
  for (const [name, buffers] of [
    ['mathfont', BYTES],
    ['evil', BYTES],
    [undefined, BYTES],
  ])
    page.parts.receive(name, buffers)
  page.need()
  for (const buffers of [undefined, [], ['text'], [{}]]) page.parts.receive('mathfont', buffers)
  await settled()
  expect(page.loads).toEqual([])
})

test('a kernel that joins late is asked for what was needed before; one that left or has no line is not', () => {
  const page = new Page()
  page.deaf = true
  page.need()
  expect(page.heard).toEqual([])
  const other: PartName[] = []
  const leave = page.parts.join((name) => other.push(name) > 0)
  expect(other).toEqual(['mathfont'])
  leave()
  page.leave()
  vi.advanceTimersByTime(60_000)
  page.need()
  expect(other).toHaveLength(1)
})

test('a taker that fails does not keep the others from theirs', async () => {
  const page = new Page()
  const report = vi.fn()
  vi.stubGlobal('reportError', report)
  const bad = {
    take: () => {
      throw new Error('mine alone')
    },
  }
  page.parts.need('mathfont', bad)
  const taken = page.need()
  page.parts.receive('mathfont', BYTES)
  await settled()
  expect(taken).toHaveLength(1)
  expect(report).toHaveBeenCalledOnce()
  vi.unstubAllGlobals()
})
