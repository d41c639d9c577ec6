/** The store: what a view is told and what it reads, event by event, and through Stop. */

import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type Event, VERSION } from '../src/events'
import { page } from '../src/page'
import { append, END, KernelLine, OPEN } from './kernelline'

let line: KernelLine
beforeEach(() => {
  line = new KernelLine()
})

describe('frames', () => {
  test('each event is told once, after it was folded', () => {
    const seen: (string | undefined)[] = []
    line.store.subscribe(() => seen.push(line.text()))
    line.says([OPEN, append('a')])
    line.says([append('b')])
    expect(line.told).toEqual([OPEN, append('a'), append('b')])
    expect(seen).toEqual(['', 'a', 'ab'])
  })

  test('a frame that came before changes nothing', () => {
    const events = [OPEN, append('a')]
    line.says(events)
    line.store.receiveFrame({ v: 1, run: 'r', from: 1, to: 2, events })
    expect(line.text()).toBe('a')
    expect(line.asked).toEqual([])
  })

  test('after a loss nothing is taken until the snapshot, and then only what was missing is told', () => {
    line.says([OPEN, append('a')])
    line.says([append('b')], 'is lost')
    line.says([append('c')])
    expect(line.text()).toBe('a')
    expect(line.asked).toEqual(['resync r 2'])
    line.snapshot()
    expect(line.told.slice(2)).toEqual([append('bc')])
    line.says([append('d')])
    expect(line.text()).toBe('abcd')
  })

  test('an illegal event is counted, refused, and mended by a snapshot', () => {
    const before = page().counts.illegal
    line.says([OPEN])
    line.store.receiveFrame({ v: 1, run: 'r', from: 2, to: 3, events: [append('x'), append('y', 7)] })
    expect(page().counts.illegal).toBe(before + 1)
    line.says([append('a')])
    expect(line.asked.at(-1)).toMatch(/^resync r/)
    line.snapshot()
    expect(line.text()).toBe('a')
    expect(line.told.at(-1)).toBeNull()
  })

  test('one listener that fails does not keep the others from hearing', () => {
    // jsdom has none; in a browser this is what puts an error into the console.
    const report = vi.fn()
    vi.stubGlobal('reportError', report)
    const fresh = new KernelLine()
    fresh.store.subscribe(() => {
      throw new Error('a view is broken')
    })
    const heard: (Event | null)[] = []
    fresh.store.subscribe((event) => heard.push(event))
    fresh.says([OPEN])
    expect(heard).toEqual([OPEN])
    expect(report).toHaveBeenCalledOnce()
    vi.unstubAllGlobals()
  })

  test('who has unsubscribed hears nothing more', () => {
    const heard: (Event | null)[] = []
    const leave = line.store.subscribe((event) => heard.push(event))
    line.says([OPEN])
    leave()
    line.says([append('a')])
    expect(heard).toEqual([OPEN])
  })
})

describe('the end', () => {
  test('text that was lost unseen is found by the digest, counted and mended', () => {
    const before = page().counts.mismatches
    line.says([OPEN])
    line.says([append('lost')], 'is lost')
    // The number of the lost frame, with other events: no gap tells of it.
    line.store.receiveFrame({ v: 1, run: 'r', from: 2, to: 2, events: [append('other')] })
    line.says([END])
    expect(page().counts.mismatches).toBe(before + 1)
    expect(line.asked).toEqual(['mismatch r 3', 'resync r 3'])
    line.snapshot()
    expect(line.text()).toBe('lost')
    expect(line.store.status).toBe('done')
    expect(page().counts.mismatches).toBe(before + 1)
  })

  test('a snapshot whose digest is wrong is counted, shown all the same, and not asked for for ever', () => {
    const before = page().counts.mismatches
    line.says([OPEN, append('a')])
    line.says([END], 'is lost')
    const end = { status: 'done', sections: 1, digest: 1 } as const
    line.snapshot({ end })
    line.snapshot({ end })
    line.snapshot({ end })
    expect(page().counts.mismatches).toBe(before + 1)
    expect(line.asked.filter((word) => word.startsWith('resync'))).toHaveLength(1)
    expect(line.store.status).toBe('done')
  })
})

describe('stop', () => {
  beforeEach(() => {
    line.says([OPEN, append('a')])
    line.store.stop()
  })

  test('it is asked for once, with the id of the run, and shown at once', () => {
    line.store.stop()
    expect(line.asked).toEqual(['stop r'])
    expect([line.store.status, line.store.frozen, line.changes]).toEqual(['stopping', true, 1])
  })

  test('what comes in is neither told nor read before the end, and then told event by event', () => {
    line.says([append('b')])
    line.says([append('c')])
    expect([line.told.length, line.text(), line.store.seq, line.store.received]).toEqual([2, 'a', 2, 4])
    line.says([{ op: 'end', status: 'stopped', reason: 'user' }])
    expect(line.told.slice(2).map((event) => event?.op)).toEqual(['append', 'append', 'end'])
    expect([line.text(), line.store.status, line.store.frozen]).toEqual(['abc', 'stopped', false])
    expect(line.store.end?.reason).toBe('user')
  })

  test('a snapshot without an end waits as well, and takes the place of what waited', () => {
    line.says([append('b')], 'is lost')
    line.says([append('c')])
    line.snapshot()
    expect(line.text()).toBe('a')
    line.says([{ op: 'end', status: 'stopped' }])
    expect(line.told.slice(2).map((event) => event?.op)).toEqual(['append', 'end'])
    expect(line.text()).toBe('abc')
  })

  test('a snapshot with the end releases', () => {
    line.says([append('b'), { op: 'end', status: 'stopped' }], 'is lost')
    line.snapshot()
    expect([line.text(), line.store.status]).toEqual(['ab', 'stopped'])
  })

  test('neither it nor what waited concerns the run that replaces the stopped one', () => {
    line.says([append('b')])
    line.restarts('s')
    line.says([OPEN, append('abc')], 'is lost')
    line.snapshot()
    expect(line.told.slice(2)).toEqual([null])
    line.says([append('d')])
    expect([line.text(), line.store.frozen]).toEqual(['abcd', false])
  })

  test('when the kernel goes, what waited is shown', () => {
    line.says([append('b')])
    line.store.lose()
    expect([line.text(), line.store.gone, line.store.frozen, line.changes]).toEqual(['ab', true, false, 2])
  })

  test('after the end there is nothing to stop', () => {
    line.says([END])
    line.store.stop()
    expect(line.asked).toEqual(['stop r'])
    expect(line.store.status).toBe('done')
  })
})

describe('a newer kernel', () => {
  test('its frames and snapshots are not folded, and the reader is told once', () => {
    line.says([OPEN])
    line.store.receiveFrame({ v: VERSION + 1, run: 'r', from: 2, to: 2, events: [{ op: 'rewind' }] })
    line.store.receiveSnapshot({ v: VERSION + 1, run: 'r', seq: 2, sections: 'other' })
    expect([line.store.outdated, line.changes, line.store.seq]).toEqual([true, 1, 1])
    expect(line.asked).toEqual([])
  })
})
