import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Timers } from '../src/timers'

let timers: Timers
let rung: string[]

beforeEach(() => {
  vi.useFakeTimers()
  timers = new Timers()
  rung = []
})
afterEach(() => {
  vi.useRealTimers()
})

const ring = (name: string) => () => void rung.push(name)

describe('timers', () => {
  it('rings once, after its delay, and is gone then', () => {
    timers.after('a', 100, ring('a'))
    expect(timers.has('a')).toBe(true)
    vi.advanceTimersByTime(99)
    expect(rung).toEqual([])
    vi.advanceTimersByTime(1)
    expect(rung).toEqual(['a'])
    expect(timers.has('a')).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('has one timer a name: the later one counts', () => {
    timers.after('a', 100, ring('first'))
    timers.after('a', 200, ring('second'))
    timers.after('b', 100, ring('other'))
    vi.advanceTimersByTime(1000)
    expect(rung).toEqual(['other', 'second'])
  })

  it('repeats at once and after each pause, and then no more', () => {
    timers.repeat('a', [100, 200], ring('a'))
    expect(rung).toHaveLength(1)
    vi.advanceTimersByTime(100)
    expect(rung).toHaveLength(2)
    vi.advanceTimersByTime(199)
    expect(rung).toHaveLength(2)
    vi.advanceTimersByTime(10_000)
    expect(rung).toHaveLength(3)
    expect(timers.has('a')).toBe(false)
  })

  it('may be ceased by what it does', () => {
    let times = 0
    timers.after('a', 10, () =>
      timers.repeat('b', [10, 10, 10], () => {
        times += 1
        if (times === 2) timers.cease('b')
      }),
    )
    vi.advanceTimersByTime(10)
    expect(times).toBe(1)
    vi.advanceTimersByTime(1000)
    expect(times).toBe(2)
  })

  it('may be set again by what it does', () => {
    timers.after('a', 10, () => timers.after('a', 10, ring('again')))
    vi.advanceTimersByTime(20)
    expect(rung).toEqual(['again'])
  })

  it('leaves nothing behind when cleared', () => {
    timers.after('a', 10, ring('a'))
    timers.repeat('b', [10, 10], ring('b'))
    timers.clear()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(1000)
    expect(rung).toEqual(['b'])
  })
})
