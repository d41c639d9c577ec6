/** The inbox: every bad frame is dropped, refused or healed; whatever the line does, the fold ends where the kernel's is. */

import { describe, expect, test } from 'vitest'
import { type Event, VERSION } from '../src/events'
import { Inbox } from '../src/inbox'
import { page } from '../src/page'
import { RunStore } from '../src/runstore'
import { type Snapshot, Transcript } from '../src/transcript'
import type { Uplink } from '../src/uplink'
import { random } from './helpers'

const OPEN: Event = { op: 'open', kind: 'content' }
const END: Event = { op: 'end', status: 'done', reason: 'stop' }
const append = (text: string, at = 0): Event => ({ op: 'append', at, text })
const frame = (from: number, to: number, events: readonly unknown[], more: object = {}): object => ({
  v: VERSION,
  run: 'r',
  from,
  to,
  events,
  ...more,
})

describe('a frame', () => {
  const begun = (): Inbox => {
    const inbox = new Inbox()
    inbox.frame(frame(1, 2, [OPEN, append('a')]))
    return inbox
  }

  test.each<[string, unknown, unknown]>([
    ['that follows', frame(3, 3, [append('b')]), { to: 3, events: [append('b')] }],
    ['that comes twice', frame(1, 2, [OPEN, append('a')]), 'drop'],
    ['after a lost one', frame(4, 4, [append('c')]), 'resync'],
    ['that overlaps', frame(2, 3, [append('ab')]), 'resync'],
    ['of another run', frame(1, 1, [OPEN], { run: 'other' }), 'resync'],
    ['of a newer protocol', frame(3, 3, [{ op: 'sing' }], { v: VERSION + 1 }), 'outdated'],
    ['with an unknown verb', frame(3, 3, [{ op: 'sing' }]), 'illegal'],
    ['with a null', frame(3, 3, [{ op: 'append', at: 0, text: null }]), 'illegal'],
    ['with half a character', frame(3, 3, [append('\ud83d')]), 'illegal'],
    ['without events', { v: VERSION, run: 'r', from: 3, to: 3 }, 'illegal'],
    ['that runs backwards', frame(4, 3, []), 'illegal'],
    ['with a broken number', frame(3, 3.5, []), 'illegal'],
    ['with a number beyond safety', frame(3, 2 ** 53, []), 'illegal'],
    ['without a version', { run: 'r', from: 3, to: 3, events: [] }, 'illegal'],
    ['that is no object', 'frame', 'illegal'],
    ['that is nothing', null, 'illegal'],
  ])('%s', (_, wire, verdict) => {
    expect(begun().frame(wire)).toEqual(verdict)
  })

  test('that was refused is not counted as received', () => {
    const inbox = begun()
    inbox.frame(frame(3, 4, [append('b'), { op: 'sing' }]))
    expect(inbox.seq).toBe(2)
  })

  test('is not taken after the fold has failed, until a snapshot comes', () => {
    const inbox = begun()
    inbox.distrust()
    expect(inbox.frame(frame(3, 3, [append('b')]))).toBe('resync')
    expect(inbox.snapshot({ v: 1, run: 'r', seq: 2, sections: [], meta: {} })).toBeDefined()
    expect(inbox.frame(frame(3, 3, [OPEN]))).toEqual({ to: 3, events: [OPEN] })
  })
})

describe('a snapshot', () => {
  const state = { v: VERSION, run: 'r', seq: 1, sections: [], meta: {} }
  const begun = (): Inbox => {
    const inbox = new Inbox()
    inbox.frame(frame(1, 2, [OPEN, append('a')]))
    return inbox
  }

  test.each<[string, unknown, 'taken' | 'outdated' | undefined]>([
    ['that knows more', { ...state, seq: 9 }, 'taken'],
    ['that frames have overtaken', state, undefined],
    ['of another run', { ...state, run: 'other' }, 'taken'],
    ['of a newer protocol', { ...state, v: VERSION + 1, seq: 9 }, 'outdated'],
    ['without a run', { ...state, run: undefined, seq: 9 }, undefined],
    ['with a broken number', { ...state, seq: '9' }, undefined],
    ['with broken sections', { ...state, seq: 9, sections: [{ kind: 'content' }] }, undefined],
    ['with an end that is none', { ...state, seq: 9, end: { status: 'perhaps' } }, undefined],
    ['that is empty', {}, undefined],
    ['that is nothing', undefined, undefined],
  ])('%s', (_, wire, verdict) => {
    expect(begun().snapshot(wire)).toEqual(verdict === 'taken' ? wire : verdict)
  })
})

/** A kernel that makes up a run, and a line that does with its messages what chance says. */
class Rough implements Uplink {
  readonly store = new RunStore(this)
  readonly kernel = new Transcript()
  bad = true
  asked = false
  readonly invented: string[] = []
  private sent = 0
  private waiting: Event[] = []
  private readonly said: Event[] = []
  private readonly late: object[] = []

  constructor(private readonly chance: () => number) {}

  stop(): void {}
  resync(): void {
    this.asked = true
  }
  settled(): void {
    this.asked = false
  }
  mismatch(): void {}

  says(event: Event): void {
    this.kernel.apply(event)
    this.said.push(this.kernel.end ?? event)
    this.waiting.push(this.kernel.end ?? event)
  }

  flush(): void {
    if (this.waiting.length > 0) this.carry(frame(this.sent + 1, this.sent + this.waiting.length, this.waiting))
    this.sent += this.waiting.length
    this.waiting = []
    // The view says it again and again; an answer may be lost as well.
    if (this.asked && (!this.bad || this.chance() < 0.3)) this.answer()
  }

  answer(): void {
    this.flushed()
    this.carry({ snapshot: { ...this.kernel.snapshot(), run: 'r' } })
  }

  /** The line is back: what it held arrives, and the page, which has been told so, asks. */
  mend(): void {
    this.bad = false
    for (const message of this.late.splice(0)) this.arrive(message)
    this.flush()
    this.store.resync()
    while (this.asked) this.answer()
  }

  private flushed(): void {
    this.sent += this.waiting.length
    this.waiting = []
  }

  private carry(message: object): void {
    const fate = this.bad ? this.chance() : 1
    if (fate < 0.12) return
    if (fate < 0.24) this.late.push(message)
    else this.arrive(message)
    if (fate > 0.24 && fate < 0.36) this.arrive(message)
    if (fate > 0.36 && fate < 0.44) this.arrive(this.spoilt(message))
    if (this.late.length > 0 && this.chance() < 0.3)
      this.arrive(this.late.splice(Math.floor(this.chance() * this.late.length), 1)[0] ?? {})
  }

  private arrive(message: object): void {
    const copy: unknown = JSON.parse(JSON.stringify(message))
    if ('snapshot' in message) this.store.receiveSnapshot((copy as { snapshot: Snapshot }).snapshot)
    else this.store.receiveFrame(copy)
    // At no moment is anything shown that was not said.
    for (const [at, section] of this.store.sections.entries())
      if (!this.kernel.sections[at]?.text().startsWith(section.text())) this.invented.push(section.text())
  }

  private spoilt(message: object): object {
    const fits = this.store.seq + 1
    const back = Math.max(1, this.store.seq - 1)
    const ways: object[] = [
      frame(fits, fits, [append('x')], { run: 'other' }),
      frame(fits + 40, fits + 41, [append('x')]),
      frame(fits, fits, [append('x', 99)]),
      frame(back, this.said.length, this.said.slice(back - 1)),
      { ...message, events: null },
      { snapshot: { ...this.kernel.snapshot(), run: 'r', sections: 'none' } },
    ]
    return ways[Math.floor(this.chance() * ways.length)] ?? {}
  }
}

/** A random legal event of `kernel`. */
function next(kernel: Transcript, chance: () => number): Event {
  const open = kernel.sections.filter((section) => !section.closed)
  const at = open[Math.floor(chance() * open.length)]?.at
  const roll = chance()
  if (at === undefined || roll < 0.08) return { op: 'open', kind: roll < 0.04 ? 'thinking' : 'content' }
  if (roll < 0.12) return { op: 'close', at }
  if (roll < 0.18) return { op: 'amend', at, meta: { name: `n${Math.floor(chance() * 9)}` } }
  if (roll < 0.24) return { op: 'note', meta: { attempt: Math.floor(chance() * 9) } }
  return append(['a', 'é', '🙂', '\n', '</b>'][Math.floor(chance() * 5)] ?? '', at)
}

/** What the store shows, in the form of a snapshot. */
function shown(store: RunStore): object {
  const sections = store.sections.map((s) => ({ kind: s.kind, text: s.text(), meta: s.meta, closed: s.closed }))
  return { seq: store.seq, sections, meta: store.meta, end: store.end?.status }
}

function held(kernel: Transcript): object {
  const { seq, sections, meta, end } = kernel.snapshot()
  return { seq, sections, meta, end: end?.status }
}

describe('whatever the line does', () => {
  test.each(Array.from({ length: 150 }, (_, seed) => seed))('seed %i: the page ends where the kernel is', (seed) => {
    const chance = random(seed)
    const line = new Rough(chance)
    const before = page().counts.mismatches
    for (let step = 0; step < 120; step++) {
      line.says(next(line.kernel, chance))
      if (chance() < 0.4) line.flush()
      if (step % 30 === 29) {
        line.mend()
        expect(shown(line.store)).toEqual(held(line.kernel))
        line.bad = true
      }
    }
    line.says(END)
    line.mend()
    expect(shown(line.store)).toEqual(held(line.kernel))
    expect(page().counts.mismatches).toBe(before)
    expect(line.invented).toEqual([])
  })

  test('a frame that lost half its events is found by the digest of the end, and healed', () => {
    const line = new Rough(() => 1)
    line.bad = false
    const before = page().counts.mismatches
    line.says(OPEN)
    line.flush()
    line.kernel.apply(append('lost '))
    line.kernel.apply(append('kept'))
    line.store.receiveFrame(frame(2, 3, [append('kept')]))
    line.kernel.apply(END)
    line.store.receiveFrame(frame(4, 4, [line.kernel.end]))
    expect(page().counts.mismatches).toBe(before + 1)
    expect(line.asked).toBe(true)
    line.answer()
    expect(shown(line.store)).toEqual(held(line.kernel))
  })
})
