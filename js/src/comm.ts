/**
 * The comm: the life of one model's connection, from hello to the last word.
 *
 * Belongs here: hearing the model, the page and the kernel, handing on what comes in, acknowledging it. Does not belong here:
 * what is asked (`requests`), the ways to the kernel (`line`), what a message means (`runstore`).
 *
 * A view that got something acknowledges it, at most once a second, as part of taking a message: a hidden page's timers hardly
 * run. One that cannot know whether it got everything (the page was away, the line is silent) checks: the kernel answers with
 * the number up to which it has sent, and where that is ahead, the view asks for a snapshot.
 */

import { isWire } from './events'
import { Line, type Model } from './line'
import { SavedForm } from './output'
import { parts } from './parts'
import { Requests } from './requests'
import type { RunStore } from './runstore'
import { Timers } from './timers'

/** The pauses between two acknowledgements, in milliseconds. */
const ACK_EVERY = 1000
const ACK_EVERY_HIDDEN = 2500
/** A run that is silent so long is asked about: its last message may be the one that was lost. */
const SILENCE = 5000

export class Comm {
  readonly requests: Requests
  /** The outputs of this model in the page's notebook. */
  readonly saved: SavedForm
  private readonly line: Line
  private readonly timers = new Timers()
  private acknowledged = { seq: 0, at: Number.NEGATIVE_INFINITY }
  private greet = (): void => undefined

  constructor(private readonly model: Model) {
    this.line = new Line(model)
    this.requests = new Requests(this.line)
    this.saved = new SavedForm(model, (rev) => this.requests.want(rev))
  }

  /** Begin to listen and greet; `adopts` says whether an island of this page can hold our view. Ends with `signal`. */
  connect(store: RunStore, adopts: () => boolean, signal: AbortSignal): void {
    const receive = (message: unknown, buffers?: unknown): void => this.receive(message, buffers, store)
    const leave = parts().join((name) => this.requests.part(name))
    const refresh = (): void => store.receiveSnapshot(this.model.get('snapshot'))
    const check = (): void => this.requests.check(store)
    const shown = (): void => {
      if (document.visibilityState !== 'hidden') check()
    }
    refresh()
    if (store.seq > 0) this.saved.inherit(!store.end)
    this.model.on('msg:custom', receive)
    this.model.on('change:snapshot', refresh)
    document.addEventListener('visibilitychange', shown, { signal })
    document.addEventListener('resume', check, { signal })
    window.addEventListener('pageshow', check, { signal })
    window.addEventListener('online', check, { signal })
    const part = (): void => {
      this.model.off('msg:custom', receive)
      this.model.off('change:snapshot', refresh)
      this.timers.clear()
      this.requests.cease()
      this.line.over = true
      leave()
      this.saved.dispose()
      store.lose()
    }
    signal.addEventListener('abort', part)
    this.line.kernel.watch({ lost: part, cut: (retried) => store.part(retried), back: () => this.rejoin(store) }, signal)
    // The hello says what the model came with: what was sent before this module was loaded has reached nobody.
    this.greet = () => {
      this.requests.hello(store, () => ({ adopt: adopts(), fallback: this.saved.able }))
      this.watchSilence(store)
    }
    this.greet()
  }

  /** A view has come where there was none: the kernel was told so at the start, and must be told again after a `bye`. */
  back(): void {
    if (!this.requests.away) return
    this.requests.away = false
    this.greet()
  }

  /** The last view of this model has gone from the page. */
  bye(): void {
    this.requests.away = true
    this.timers.clear()
    this.requests.bye()
  }

  /** The line is there again. */
  private rejoin(store: RunStore): void {
    const { requests } = this
    if (store.cut) requests.forget()
    store.rejoin()
    if (store.frozen) requests.stop(store.run)
    if (requests.away) requests.bye()
    if (requests.pending('hello')) this.greet()
    if (requests.pending('resync')) store.resync()
    else requests.check(store)
  }

  private receive(message: unknown, buffers: unknown, store: RunStore): void {
    if (!isWire(message)) return
    this.requests.answered(message)
    switch (message.type) {
      case 'frame':
        store.receiveFrame(message)
        break
      case 'snapshot':
        store.receiveSnapshot(message.state)
        break
      case 'chunks':
        store.of(message.run)?.chunks.receive(message)
        break
      case 'arrivals':
        store.of(message.run)?.arrivals.receive(message)
        break
      case 'attempt':
        store.attempts.receive(message.state)
        break
      case 'welcome':
        if (message.run !== store.run) store.resync()
        break
      case 'current':
        if (message.run !== store.run || Number(message.seq) > store.received) store.resync()
        break
      case 'static':
        this.saved.announce(message)
        break
      case 'output':
        this.saved.write(message.rev, message.data)
        break
      case 'part':
        parts().receive(message.name, buffers)
    }
    if (store.end) this.requests.stopped()
    this.acknowledge(store, message.type === 'current')
    this.watchSilence(store)
  }

  /** Say how far everything was received; `again` where the kernel seems not to have heard it. */
  private acknowledge(store: RunStore, again: boolean): void {
    const { seq, at } = this.acknowledged
    if (this.requests.away || this.timers.has('ack') || (store.received === seq && !again)) return
    const pause = document.visibilityState === 'hidden' ? ACK_EVERY_HIDDEN : ACK_EVERY
    const wait = pause - (performance.now() - at)
    if (wait > 0) this.timers.after('ack', wait, () => this.ack(store))
    else this.ack(store)
  }

  private ack(store: RunStore): void {
    if (this.line.dead) return
    this.acknowledged = { seq: store.received, at: performance.now() }
    this.line.say({ type: 'ack', view: this.requests.view, run: store.run, seq: store.received }, 'quiet')
  }

  private watchSilence(store: RunStore): void {
    this.timers.cease('silence')
    if (store.end || this.requests.away) return
    this.timers.after('silence', SILENCE, () => {
      if (!this.requests.pending('check')) this.requests.check(store)
      this.watchSilence(store)
    })
  }
}
