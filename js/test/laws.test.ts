/** The laws of the protocol, on random runs that are legal and on ones that are not. */

import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../src/errors'
import type { Event } from '../src/events'
import { RunStore } from '../src/runstore'
import { Transcript } from '../src/transcript'
import type { Uplink } from '../src/uplink'
import { random } from './helpers'
import { append, end, open } from './run'

const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1)
const PIECES = ['a', 'é', '😀', '', ' \n', '\u2028', '\0', 'word ']

type Chance = () => number

const pick = <T>(chance: Chance, items: readonly T[]): T => items[Math.floor(chance() * items.length)] as T

/** Some events, many of them illegal. */
function anyEvents(chance: Chance, count: number): Event[] {
  const at = (): number => Math.floor(chance() * 4) - 1
  const makers: readonly (() => Event)[] = [
    () => ({ op: 'open', kind: pick(chance, ['thinking', 'content', 'tool']) }),
    () => ({ op: 'append', at: at(), text: pick(chance, PIECES) }),
    () => ({ op: 'append', at: at(), text: pick(chance, PIECES) }),
    () => ({ op: 'append', at: at(), text: pick(chance, PIECES) }),
    () => ({ op: 'amend', at: at(), meta: { [pick(chance, ['state', 'n'])]: pick(chance, ['x', 1, true]) } }),
    () => (chance() < 0.3 ? { op: 'close', at: at() } : { op: 'append', at: 0, text: pick(chance, PIECES) }),
    () => ({ op: 'note', meta: { [pick(chance, ['model', 'n'])]: pick(chance, ['y', 2, false]) } }),
  ]
  return Array.from({ length: count }, () => pick(chance, makers)())
}

/** The legal ones of some events, which is what a kernel's gate lets pass, and an end. */
function legalEvents(chance: Chance, count: number): Event[] {
  const gate = new Transcript()
  const twice = [append(0, 'one'), append(0, 'two')]
  const events: readonly Event[] = [open('content'), ...twice, ...anyEvents(chance, count), end('done')]
  return events.filter((event) => accepts(gate, event)).map((event) => (event.op === 'end' && gate.end ? gate.end : event))
}

function accepts(transcript: Transcript, event: Event): boolean {
  return outcome(transcript, event) === 'ok'
}

function outcome(transcript: Transcript, event: Event): string {
  try {
    transcript.apply(event)
    return 'ok'
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
}

function folded(events: readonly Event[]): Transcript {
  const transcript = new Transcript()
  for (const event of events) transcript.apply(event)
  return transcript
}

/** A store that must never ask for anything. */
function undemandingStore(): RunStore {
  const fail = (): never => {
    throw new Error('a run without losses needs nothing')
  }
  const uplink: Uplink = { stop: fail, resync: fail, settled: () => undefined, mismatch: fail }
  return new RunStore(uplink)
}

/** Send events in frames that end where `cut` says so. */
function deliver(store: RunStore, events: readonly (readonly [Event, number])[], cut: () => boolean): void {
  let frame: Event[] = []
  let from = 1
  let to = 0
  for (const [event, weight] of events) {
    frame.push(event)
    to += weight
    if (cut() || event.op === 'end') {
      store.receiveFrame({ v: 1, run: 'r', from, to, events: frame })
      frame = []
      from = to + 1
    }
  }
}

/** Adjacent appends to one section as one event, with the count of events that it stands for. */
function merged(events: readonly Event[]): [Event, number][] {
  const out: [Event, number][] = []
  for (const event of events) {
    const before = out.at(-1)
    if (event.op === 'append' && before?.[0].op === 'append' && before[0].at === event.at) {
      out[out.length - 1] = [{ ...event, text: before[0].text + event.text }, before[1] + 1]
    } else out.push([event, 1])
  }
  return out
}

function stateOf(store: RunStore): unknown {
  const sections = store.sections.map((s) => ({ kind: s.kind, text: s.text(), meta: s.meta, closed: s.closed }))
  return { seq: store.seq, sections, meta: store.meta, end: store.end }
}

describe.each(SEEDS)('seed %i', (seed) => {
  const legal = legalEvents(random(seed), 120)

  test('L1: the same events give the same state and the same codes, and a refused one changes nothing', () => {
    const events = [...anyEvents(random(seed), 120), end('done'), ...anyEvents(random(seed), 10)]
    const one = new Transcript()
    const two = new Transcript()
    for (const event of events) {
      const before = one.snapshot()
      const code = outcome(one, event)
      expect(outcome(two, event)).toBe(code)
      if (code !== 'ok') expect(one.snapshot()).toEqual(before)
    }
    expect(two.snapshot()).toEqual(one.snapshot())
  })

  test('L2: it does not matter where frames are cut', () => {
    const chance = random(seed)
    const single = undemandingStore()
    const cut = undemandingStore()
    const events = legal.map((event) => [event, 1] as const)
    deliver(single, events, () => true)
    deliver(cut, events, () => chance() < 0.2)
    expect(stateOf(cut)).toEqual(stateOf(single))
    expect(cut.seq).toBe(legal.length)
  })

  test('L3: merging adjacent appends to one section does not matter', () => {
    const chance = random(seed)
    const plain = undemandingStore()
    const short = undemandingStore()
    deliver(
      plain,
      legal.map((event) => [event, 1] as const),
      () => true,
    )
    deliver(short, merged(legal), () => chance() < 0.3)
    expect(merged(legal).length).toBeLessThan(legal.length)
    expect(stateOf(short)).toEqual(stateOf(plain))
  })

  test('L4: the snapshot at any event and the events after it say the same as all events', () => {
    const all = folded(legal).snapshot()
    for (let k = 0; k <= legal.length; k += 7) {
      const later = Transcript.fromSnapshot(folded(legal.slice(0, k)).snapshot())
      for (const event of legal.slice(k)) later.apply(event)
      expect(later.snapshot()).toEqual(all)
    }
  })

  test('L7: the text of a closed section never changes', () => {
    const transcript = new Transcript()
    const final = new Map<number, string>()
    for (const event of anyEvents(random(seed), 200)) {
      outcome(transcript, event)
      for (const section of transcript.sections) {
        if (!section.closed) continue
        const text = final.get(section.at) ?? section.text()
        expect(section.text()).toBe(text)
        final.set(section.at, text)
      }
    }
  })
})
