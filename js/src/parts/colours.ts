/**
 * The colours of one block of code.
 *
 * Belongs here: which lines are given to the highlighter and when, and handing its answer back a few lines a frame. Does not
 * belong here: elements (`markdown/code`), the highlighter (`highlight`).
 *
 * While a block grows, only what follows its last empty line is looked at again; a string that goes on over an empty line is then
 * wrong for a while. Once the block is closed all of it is looked at once more, in pieces that depend on the text alone, so that
 * a finished block has the same colours however it came.
 */

import { KINDS } from './kinds'
import type { Runs } from './tokens'

export interface Run {
  readonly length: number
  readonly kind: string
}

/** What we need of a block. */
export interface Coloured {
  readonly root: Element
  readonly length: number
  readonly texts: readonly string[]
  readonly language: string
  readonly open: boolean
  readonly starts: readonly number[]
  readonly version: number
  paint(line: number, runs: readonly Run[]): void
}

/** The runs of a text in a language; undefined where there are none. */
export type Highlight = (language: string, text: string) => Promise<Runs | undefined>
/** Calls a job with the next frame. */
export type Frame = (job: () => void) => void

/** While a block grows, at most so many characters are looked at. */
const LIVE = 12_000
/** A finished block is cut at the first empty line after so many characters. */
const PIECE = 50_000
/** What stands after so many characters gets no colours. */
const LIMIT = 200_000
const NONE = new Uint32Array()
/** Lines that are painted in one frame. */
const LINES_PER_FRAME = 150

/** Lines from `from` on, up to and without `to`. */
interface Pass {
  readonly from: number
  readonly to: number
}

export class Colours {
  private busy = false
  /** How much of the text the last look at the growing block saw, and up to which line it was complete then. */
  private seen = 0
  private settled = 0
  /** Up to which line the closed block has its colours. */
  private exact = 0
  private version = 0
  private hopeless = false
  /** What the lines look like, to leave alone what is right already. */
  private readonly looks: string[] = []

  constructor(
    private readonly block: Coloured,
    private readonly highlight: Highlight,
    private readonly frame: Frame,
  ) {}

  /** The text has grown, or is closed. */
  changed(): void {
    if (this.busy) return
    this.busy = true
    this.work().then(
      () => {
        this.busy = false
      },
      // It stays busy: a block whose colours fail once keeps those that it has.
      (error: unknown) => reportError(error),
    )
  }

  private async work(): Promise<void> {
    const { block } = this
    for (let pass = this.next(); pass !== undefined && block.root.isConnected; pass = this.next()) {
      const { version, open } = block
      const start = block.starts[pass.from] ?? 0
      const text = block.texts.slice(pass.from, pass.to).join('')
      const runs = await this.highlight(block.language, text)
      if (version !== block.version) continue
      if (runs === undefined && open) this.hopeless = true
      // A piece that had no answer is plain, also where the growing block had colours.
      else await this.apply(pass, start, runs ?? NONE)
      if (!open) this.exact = pass.to
      else {
        this.seen = start + text.length
        this.settled = text.endsWith('\n') ? pass.to : pass.to - 1
      }
    }
  }

  /** What is to be looked at next. */
  private next(): Pass | undefined {
    const { block } = this
    if (this.version !== block.version) {
      this.version = block.version
      this.seen = this.settled = this.exact = 0
      this.looks.length = 0
    }
    return block.open ? this.nextOpen() : this.nextPiece()
  }

  private nextOpen(): Pass | undefined {
    const { starts, length } = this.block
    if (this.hopeless || this.seen === length || length > LIMIT) return undefined
    let from = this.blank(this.settled)
    if (from === 0 && length > LIVE) from = this.blank(starts.length - 1)
    return length - (starts[from] ?? 0) > LIVE ? undefined : { from, to: starts.length }
  }

  private nextPiece(): Pass | undefined {
    const { starts } = this.block
    const { exact } = this
    const start = starts[exact]
    if (start === undefined || start >= LIMIT) return undefined
    let to = exact + 1
    for (let at = starts[to]; at !== undefined && at < LIMIT; at = starts[++to]) {
      if (at - start >= PIECE && this.isBlank(to - 1)) break
    }
    return { from: exact, to }
  }

  /** The line after the last empty one before `line`. */
  private blank(line: number): number {
    let from = line
    while (from > 0 && !this.isBlank(from - 1)) from--
    return from
  }

  private isBlank(line: number): boolean {
    return this.block.texts[line] === '\n'
  }

  private async apply({ from, to }: Pass, start: number, runs: Runs): Promise<void> {
    const { block } = this
    const { version } = block
    const reader = new Reader(runs)
    let last = start
    for (let line = from; line < to; line++) {
      if (line > from && (line - from) % LINES_PER_FRAME === 0) {
        await new Promise<void>(this.frame)
        if (version !== block.version) return
      }
      // As it was when the colours were asked for; the last line may be longer by now.
      const end = block.starts[line + 1] ?? block.length
      const own = reader.take(end - last)
      const look = `${end - last} ${own.map(({ length, kind }) => `${length}${kind}`).join()}`
      last = end
      if (look === this.looks[line]) continue
      this.looks[line] = look
      block.paint(line, own)
    }
  }
}

/** Reads runs in portions. */
class Reader {
  private at = 0
  private left = 0

  constructor(private readonly runs: Runs) {
    this.left = runs[0] ?? 0
  }

  /** The runs of the next `length` characters. */
  take(length: number): Run[] {
    const out: Run[] = []
    let wanted = length
    while (wanted > 0 && this.at < this.runs.length) {
      const size = Math.min(wanted, this.left)
      if (size > 0) out.push({ length: size, kind: KINDS[this.runs[this.at + 1] ?? 0] ?? '' })
      wanted -= size
      this.left -= size
      if (this.left === 0) {
        this.at += 2
        this.left = this.runs[this.at] ?? 0
      }
    }
    return out
  }
}
