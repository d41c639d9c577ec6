/** The store: what a view is told, and what it reads, through losses, snapshots and Stop. */

import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type Event, VERSION } from '../src/events'
import { page } from '../src/page'
import { RunStore } from '../src/runstore'
import { type Snapshot, Transcript } from '../src/transcript'
import type { Uplink } from '../src/uplink'

/** A kernel and its line to one store; what the store asks for is written down, what is sent may be lost. */
class Line implements Uplink {
  readonly asked: string[] = []
  readonly told: (Event | null)[] = []
  readonly store = new RunStore(this)
  changes = 0
  private kernel = new Transcript()
  private sent = 0

  constructor(private run = 'r') {
    this.store.subscribe(
      (event) => this.told.push(event),
      () => {
        this.changes += 1
      },
    )
  }

  stop(run: string): void {
    this.asked.push(`stop ${run}`)
  }
  resync(run: string, have: number): void {
    this.asked.push(`resync ${run} ${have}`)
  }
  settled(): void {
    this.asked.push('settled')
  }
  mismatch(run: string, seq: number): void {
    this.asked.push(`mismatch ${run} ${seq}`)
  }

  /** The kernel does these; the frame arrives unless it is lost. */
  says(events: readonly Event[], fate: 'arrives' | 'is lost' = 'arrives'): void {
    const taken = events.map((event) => {
      this.kernel.apply(event)
      return this.kernel.end ?? event
    })
    const from = this.sent + 1
    this.sent += events.length
    if (fate === 'arrives') this.store.receiveFrame({ v: VERSION, run: this.run, from, to: this.sent, events: taken })
  }

  snapshot(more: Partial<Snapshot> = {}): void {
    this.store.receiveSnapshot({ ...this.kernel.snapshot(), run: this.run, ...more })
  }

  /** Another attempt replaces the run. */
  restarts(run: string): void {
    this.run = run
    this.kernel = new Transcript()
    this.sent = 0
  }

  text(at = 0): string | undefined {
    return this.store.sections[at]?.text()
  }
}

const OPEN: Event = { op: 'open', kind: 'content' }
const END: Event = { op: 'end', status: 'done', reason: 'stop' }
const append = (text: string, at = 0): Event => ({ op: 'append', at, text })

let line: Line
beforeEach(() => {
  line = new Line()
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
    const fresh = new Line()
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

describe('snapshots', () => {
  test('one that says what is known already is told to nobody', () => {
    line.says([OPEN, append('a'), { op: 'note', meta: { model: 'm' } }])
    const { length } = line.told
    line.snapshot()
    expect(line.told).toHaveLength(length)
    line.says([END])
    line.snapshot()
    expect(line.told).toHaveLength(length + 1)
  })

  test('one that only adds is told as the events that are missing, in the order of the sections', () => {
    line.says([OPEN, append('a')])
    const lost: Event[] = [
      append('b'),
      { op: 'close', at: 0 },
      { op: 'amend', at: 0, meta: { duration_us: 5 } },
      { op: 'open', kind: 'tool', meta: { name: 'f' } },
      append('{}', 1),
      { op: 'note', meta: { cost_nanousd: 3 } },
      END,
    ]
    line.says(lost, 'is lost')
    line.snapshot()
    expect(line.told.slice(2).map((event) => event?.op)).toEqual([
      'amend',
      'append',
      'close',
      'open',
      'append',
      'close',
      'note',
      'end',
    ])
    expect([line.text(0), line.text(1)]).toEqual(['ab', '{}'])
    expect(line.store.status).toBe('done')
    expect(line.store.seq).toBe(9)
  })

  test.each<[string, Partial<Snapshot>]>([
    ['other text', { sections: [{ kind: 'content', text: 'xyz', meta: {}, closed: false }] }],
    ['less text', { sections: [{ kind: 'content', text: '', meta: {}, closed: false }] }],
    ['another kind', { sections: [{ kind: 'tool', text: 'a', meta: {}, closed: false }] }],
    ['no section', { sections: [] }],
    ['less meta', { meta: {} }],
  ])('one with %s than what is known is told as null', (_, change) => {
    line.says([OPEN, append('a'), { op: 'note', meta: { model: 'm' } }])
    line.snapshot({ seq: 9, ...change })
    expect(line.told.at(-1)).toBeNull()
  })

  test.each<[string, Partial<Snapshot>]>([
    ['more text', { sections: [{ kind: 'content', text: 'ab', meta: {}, closed: true }] }],
    ['an open section', { sections: [{ kind: 'content', text: 'a', meta: {}, closed: false }] }],
  ])('one with %s where the known section is closed is told as null, and is no fault of the protocol', (_, change) => {
    const { illegal } = page().counts
    line.says([OPEN, append('a'), { op: 'close', at: 0 }])
    line.snapshot({ seq: 9, ...change })
    expect(line.told.slice(3)).toEqual([null])
    expect(line.text()).toBe(change.sections?.[0]?.text)
    expect(page().counts.illegal).toBe(illegal)
  })

  test.each<[string, Partial<Snapshot>]>([
    ['another end', { end: { status: 'error', error: { code: 'server', message: '', hint: '' } } }],
    ['more meta', { meta: { model: 'm' } }],
  ])('one with %s than the known one is told as null, for nothing may follow an end', (_, change) => {
    line.says([OPEN, append('a'), END])
    line.snapshot(change)
    expect(line.told.slice(3)).toEqual([null])
  })

  test('one that frames have overtaken is left alone', () => {
    line.says([OPEN, append('a')])
    const state = { v: 1, run: 'r', seq: 1, sections: [{ kind: 'content', text: '', meta: {}, closed: false }], meta: {} }
    line.store.receiveSnapshot(state)
    expect(line.text()).toBe('a')
    expect(line.asked).toEqual([])
  })

  test.each([null, undefined, {}, [], 'x', { v: 1, run: 'r', seq: 9 }, { v: 1, run: 'r', seq: 9, meta: {}, sections: [null] }])(
    'what is none is left alone: %j',
    (wire) => {
      line.says([OPEN, append('a')])
      line.store.receiveSnapshot(wire)
      expect(line.text()).toBe('a')
      expect(line.told).toHaveLength(2)
    },
  )

  test('another run replaces the old one, also after its end', () => {
    line.says([OPEN, append('old'), END])
    line.restarts('s')
    line.says([OPEN])
    expect(line.asked.at(-1)).toBe('resync r 3')
    line.snapshot()
    expect(line.told.at(-1)).toBeNull()
    expect([line.store.run, line.store.status, line.text()]).toEqual(['s', 'streaming', ''])
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

describe('the clock of the request', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 })
    line = new Line()
    return () => vi.useRealTimers()
  })

  test('it starts when the request is handed over', () => {
    vi.advanceTimersByTime(700)
    line.says([{ op: 'note', meta: { phase: 'loading' } }])
    vi.advanceTimersByTime(300)
    line.says([{ op: 'note', meta: { phase: 'waiting' } }])
    expect(performance.now() - line.store.startedAt).toBe(0)
  })

  test('a late view is told how long ago that was', () => {
    line.says([{ op: 'note', meta: { phase: 'waiting' } }], 'is lost')
    line.snapshot({ elapsed_ms: 4200 })
    expect(performance.now() - line.store.startedAt).toBe(4200)
  })

  test('a snapshot that does not say so leaves it alone', () => {
    line.says([{ op: 'note', meta: { phase: 'waiting' } }])
    vi.advanceTimersByTime(500)
    line.says([OPEN], 'is lost')
    line.snapshot()
    expect(performance.now() - line.store.startedAt).toBe(500)
  })
})
