/**
 * When the texts of a run came: what the timeline draws.
 *
 * Belongs here: collecting the pages that the kernel sends. Does not belong here: how they travel (`comm`), what stands in a page
 * (the kernel's `_inspector` says), how it looks (`views/timeline`). All views of a store share it.
 */

import { isWire, type Wire } from './events'

/** A question without an answer may be asked again after so many milliseconds. */
const PATIENCE = 5000
/** While the answer comes, what is new is asked for once in so many milliseconds. */
const EVERY = 1000

export type Letter = 't' | 'a' | 'c'

export class Arrivals {
  /** In seconds since the request, in the order of arrival. */
  readonly times: number[] = []
  /** One letter for each: thinking, answer, call of a tool. */
  kinds = ''
  private next = 0
  private asked = Number.NEGATIVE_INFINITY
  private waiting = false
  /** An answer that was asked for after the end brought nothing: there is nothing more. */
  private final = false
  private over = false

  /** `news` is called when more is known. */
  constructor(
    private readonly send: (from: number) => void,
    private readonly news: () => void = () => undefined,
  ) {}

  /** Ask for what has come since, if it is time; `over` says that nothing more will come. */
  ask(now: number, over: boolean): void {
    if (this.final || now - this.asked < (this.waiting ? PATIENCE : over && !this.over ? 0 : EVERY)) return
    this.asked = now
    this.waiting = true
    this.over = over
    this.send(this.next)
  }

  /** Take the kernel's message, which is a stranger's until it has been looked at. */
  receive(wire: unknown): void {
    if (!isWire(wire) || !this.waiting || wire.from !== this.next) return
    const page = pageOf(wire)
    if (!page) return
    this.waiting = false
    this.final = this.over && page.next === this.next
    // More of what was there before the end is asked for at once.
    if (page.next > this.next) this.asked = Number.NEGATIVE_INFINITY
    this.next = page.next
    this.kinds += page.kinds
    for (const time of page.times) this.times.push(time / 1e6)
    this.news()
  }
}

function pageOf({ next, kinds, t_us: times }: Wire): { next: number; kinds: string; times: number[] } | undefined {
  if (!Number.isSafeInteger(next) || typeof kinds !== 'string' || !/^[tac]*$/.test(kinds)) return undefined
  if (!Array.isArray(times) || times.length !== kinds.length || !times.every((time) => Number.isSafeInteger(time)))
    return undefined
  return { next: next as number, kinds, times: times as number[] }
}
