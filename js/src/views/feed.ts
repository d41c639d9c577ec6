/**
 * Much text at once, given to its writer over several frames.
 *
 * Belongs here: how much is written in a frame, so that a page with a long answer (loaded again, replayed, shown the other way)
 * stays alive. Text as it streams is far less, and goes through at once.
 */

export interface Writer {
  append(text: string): void
  close(): void
}

/** In characters. */
const SLICE = 4_096
/** In one frame slices are written until so many milliseconds have gone: Markdown leaves time to others, plain text is soon whole. */
const SHARE = 8
/** But not more than so many: what they cost the browser to lay out comes after that. */
const MOST = 8

export class Feed implements Writer {
  private readonly waiting: string[] = []
  private closing = false

  constructor(private readonly writer: Writer) {}

  get busy(): boolean {
    return this.waiting.length > 0
  }

  append(text: string): void {
    if (!this.busy && text.length <= SLICE) this.writer.append(text)
    else for (let at = 0; at < text.length; at += SLICE) this.waiting.push(text.slice(at, at + SLICE))
  }

  close(): void {
    this.closing = true
    if (!this.busy) this.writer.close()
  }

  /** One frame's share of what waits. */
  work(): void {
    if (!this.busy) return
    const began = performance.now()
    for (let slices = 0; this.busy && slices < MOST && performance.now() - began < SHARE; slices++)
      this.writer.append(this.waiting.shift() ?? '')
    if (this.closing && !this.busy) this.writer.close()
  }
}
