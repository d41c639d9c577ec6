/**
 * Timers by name: each name has one at a time.
 *
 * Belongs here: setting, repeating and clearing. Does not belong here: what they are for (`comm`).
 */

export class Timers {
  private readonly running = new Map<string, ReturnType<typeof setTimeout>>()

  has(name: string): boolean {
    return this.running.has(name)
  }

  /** Do `action` in `delay` milliseconds, in the place of what `name` was to do. */
  after(name: string, delay: number, action: () => void): void {
    this.cease(name)
    const timer = setTimeout(() => {
      this.running.delete(name)
      action()
    }, delay)
    this.running.set(name, timer)
  }

  /** Do `action` now and after each of `delays` (milliseconds), until `cease(name)`. */
  repeat(name: string, delays: readonly number[], action: () => void): void {
    this.cease(name)
    const [delay, ...rest] = delays
    if (delay !== undefined) this.after(name, delay, () => this.repeat(name, rest, action))
    action() // last: it may cease what it began
  }

  cease(name: string): void {
    clearTimeout(this.running.get(name))
    this.running.delete(name)
  }

  clear(): void {
    for (const name of [...this.running.keys()]) this.cease(name)
  }
}
