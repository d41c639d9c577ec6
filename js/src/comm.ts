/**
 * The comm: the only module that touches the model.
 *
 * Belongs here: which message goes which way and when it is said again. Does not belong here: what a message means (`store`).
 *
 * Two ways lead to the kernel. The comm is ordered and always there, but waits while a cell runs on some kernels, and makes the
 * kernel say busy and idle. The control channel, where the front-end shows its kernel connection, does neither. Stop and hello
 * take both (the kernel does each once); the others take control where there is one.
 *
 * While the line is cut nothing is said: JupyterLab would keep it, and whatever it keeps holds up its own first question to the
 * kernel, behind which all others wait, until three seconds are over. When the line is back, what is still to be said goes out.
 *
 * A view that got something acknowledges it, at most once a second, as part of taking a message: a hidden page's timers hardly
 * run. One that cannot know whether it got everything (the page was away, the line is silent) checks: the kernel answers with
 * the number up to which it has sent, and where that is ahead, the view asks for a snapshot.
 */

import type { Way as Again } from './attempts'
import { isWire, type Wire } from './events'
import { hex, Kernel } from './kernel'
import { SavedForm } from './output'
import { type PartName, parts } from './parts'
import type { RunStore, Uplink } from './store'
import { Timers } from './timers'

/** What we use of an anywidget model. Untyped by nature: traits, messages and the manager are whatever the host made. */
export interface Model {
  get(name: string): unknown
  on(name: string, callback: (message: unknown, buffers?: unknown) => void): void
  off(name: string, callback: (message: unknown, buffers?: unknown) => void): void
  send(message: Wire): void
  readonly widget_manager?: unknown
}

/** Before a message is said again, in milliseconds. */
const HELLO_AGAIN = [250, 500, 1000, 2000, 4000, 8000]
const STOP_AGAIN = [1000, 2000, 4000]
/** Often at first: a line is called connected before the server has joined it to the kernel, and what is asked then is lost. */
const ASK_AGAIN = [250, 250, 500, ...Array<number>(9).fill(1000), 2000, 4000, 8000, 16000, 30000]
const WANT_AGAIN = [2000, 4000]
const PART_AGAIN = [3000, 6000]
/** The pauses between two acknowledgements, in milliseconds. */
const ACK_EVERY = 1000
const ACK_EVERY_HIDDEN = 2500
/** A run that is silent so long is asked about: its last message may be the one that was lost. */
const SILENCE = 5000
/** What was asked within this time is not asked again because something else happens. */
const ASK_PAUSE = 250
/** A message that does not fit, so long after a resync was asked for: the question or the answer was lost. */
const RESYNC_PAUSE = 1000

export class Comm implements Uplink {
  private readonly view = hex(4)
  private readonly timers = new Timers()
  /** Numbers the requests of this view, so that the kernel answers the two copies of one once. */
  private count = 0
  private asked = Number.NEGATIVE_INFINITY
  private acknowledged = { seq: 0, at: Number.NEGATIVE_INFINITY }
  private away = false
  private over = false
  private greet = (): void => undefined
  private readonly kernel: Kernel
  /** The outputs of this model in the page's notebook. */
  readonly saved: SavedForm

  constructor(private readonly model: Model) {
    this.kernel = new Kernel(model.widget_manager)
    this.saved = new SavedForm(model, (rev) => this.want(rev))
  }

  /** Begin to listen and greet; `adopts` says whether an island of this page can hold our view. Ends with `signal`. */
  connect(store: RunStore, adopts: () => boolean, signal: AbortSignal): void {
    const receive = (message: unknown, buffers?: unknown): void => this.receive(message, buffers, store)
    const leave = parts().join((name) => this.part(name))
    const refresh = (): void => store.receiveSnapshot(this.model.get('snapshot'))
    const check = (): void => this.check(store)
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
      this.over = true
      leave()
      this.saved.dispose()
      store.lose()
    }
    signal.addEventListener('abort', part)
    this.kernel.watch({ lost: part, cut: (retried) => store.part(retried), back: () => this.rejoin(store) }, signal)
    // The hello says what the model came with: what was sent before this module was loaded has reached nobody.
    this.greet = () => {
      this.timers.repeat('hello', HELLO_AGAIN, () => this.hello(store, adopts()))
      this.watchSilence(store)
    }
    this.greet()
  }

  /** A view has come where there was none: the kernel was told so at the start, and must be told again after a `bye`. */
  back(): void {
    if (!this.away) return
    this.away = false
    this.greet()
  }

  /** The last view of this model has gone from the page. */
  bye(): void {
    this.away = true
    for (const name of ['hello', 'ack', 'check', 'resync', 'silence']) this.timers.cease(name)
    this.sayBye()
  }

  stop(run: string): void {
    this.timers.repeat('stop', STOP_AGAIN, () => this.say({ type: 'stop', run }, 'both'))
  }

  /** Both ways, like Stop: who asks may block the cell that the comm waits for. The kernel takes the first answer. */
  approval(run: string, id: string, approved: boolean, waits: () => boolean): void {
    const name = `approval ${id}`
    this.timers.repeat(name, STOP_AGAIN, () => {
      if (waits()) this.say({ type: 'approval', run, id, approved }, 'both')
      else this.timers.cease(name)
    })
  }

  arrivals(run: string, from: number): void {
    this.say({ type: 'arrivals', run, from }, 'quiet')
  }

  attempt(run: string): void {
    this.say({ type: 'attempt', run }, 'both')
  }

  again(run: string, way: Again, waits: () => boolean): void {
    this.timers.repeat('again', WANT_AGAIN, () => {
      if (waits()) this.say({ type: 'again', run, way }, 'both')
      else this.timers.cease('again')
    })
  }

  resync(run: string, have: number): void {
    if (this.away || (this.timers.has('resync') && this.since(this.asked) < RESYNC_PAUSE)) return
    this.timers.cease('check')
    // First quietly; if nothing comes, by the comm as well: a kernel may not listen to our control messages.
    let way: Way = 'quiet'
    this.timers.repeat('resync', ASK_AGAIN, () => {
      this.asked = performance.now()
      this.say({ type: 'resync', view: this.view, run, have, n: ++this.count }, way)
      way = 'both'
    })
  }

  settled(): void {
    this.timers.cease('resync')
  }

  /** Ask for the output as it is to be saved, which the kernel has refreshed `rev` times. */
  private want(rev: number): void {
    this.timers.repeat('want', WANT_AGAIN, () => this.say({ type: 'want', rev }, 'quiet'))
  }

  mismatch(run: string, seq: number): void {
    this.say({ type: 'mismatch', run, seq }, 'quiet')
  }

  chunks(run: string, from: number, count: number): void {
    this.say({ type: 'chunks', run, from, count }, 'quiet')
  }

  /** The line is there again. */
  private rejoin(store: RunStore): void {
    if (store.cut) this.asked = Number.NEGATIVE_INFINITY // what was asked on the old line is lost, or its answer is
    store.rejoin()
    if (store.frozen) this.stop(store.run)
    if (this.away) this.sayBye()
    if (this.timers.has('hello')) this.greet()
    if (this.timers.has('resync')) store.resync()
    else this.check(store)
  }

  /** Ask for a part of the front-end, first quietly, as for a snapshot. */
  private part(name: PartName): boolean {
    if (this.over || this.kernel.cut) return false
    let way: Way = 'quiet'
    this.timers.repeat(`part ${name}`, PART_AGAIN, () => {
      this.say({ type: 'part', name }, way)
      way = 'both'
    })
    return true
  }

  private receive(message: unknown, buffers: unknown, store: RunStore): void {
    if (!isWire(message)) return
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
        this.timers.cease('hello')
        if (message.run !== store.run) store.resync()
        break
      case 'current':
        if (message.run !== store.run || Number(message.seq) > store.received) store.resync()
        break
      case 'static':
        this.saved.announce(message)
        break
      case 'output':
        this.timers.cease('want')
        this.saved.write(message.rev, message.data)
        break
      case 'part':
        this.timers.cease(`part ${message.name}`)
        parts().receive(message.name, buffers)
    }
    this.timers.cease('check')
    if (store.end) this.timers.cease('stop')
    this.acknowledge(store, message.type === 'current')
    this.watchSilence(store)
  }

  private hello(store: RunStore, adopt: boolean): void {
    const { run, received } = store
    const fallback = this.saved.able
    this.say({ type: 'hello', view: this.view, run, have: received, n: ++this.count, adopt, fallback }, 'both')
  }

  /** Ask whether there is more than was received; where the answer is yes, a resync follows. */
  private check(store: RunStore): void {
    if (store.end || store.gone || this.away || this.timers.has('resync') || this.since(this.asked) < ASK_PAUSE) return
    let way: Way = 'quiet'
    this.timers.repeat('check', ASK_AGAIN, () => {
      this.asked = performance.now()
      this.say({ type: 'check', view: this.view, run: store.run, have: store.received, n: ++this.count }, way)
      way = 'both'
    })
  }

  /** Say how far everything was received; `again` where the kernel seems not to have heard it. */
  private acknowledge(store: RunStore, again: boolean): void {
    const { seq, at } = this.acknowledged
    if (this.away || this.timers.has('ack') || (store.received === seq && !again)) return
    const pause = document.visibilityState === 'hidden' ? ACK_EVERY_HIDDEN : ACK_EVERY
    const wait = pause - this.since(at)
    if (wait > 0) this.timers.after('ack', wait, () => this.ack(store))
    else this.ack(store)
  }

  private ack(store: RunStore): void {
    if (this.kernel.cut) return
    this.acknowledged = { seq: store.received, at: performance.now() }
    this.say({ type: 'ack', view: this.view, run: store.run, seq: store.received }, 'quiet')
  }

  private watchSilence(store: RunStore): void {
    this.timers.cease('silence')
    if (store.end || this.away) return
    this.timers.after('silence', SILENCE, () => {
      if (!this.timers.has('check')) this.check(store)
      this.watchSilence(store)
    })
  }

  private sayBye(): void {
    this.say({ type: 'bye', view: this.view }, 'quiet')
  }

  private since(time: number): number {
    return performance.now() - time
  }

  private say(message: Wire, way: Way): void {
    if (this.over || this.kernel.cut) return
    const controlled = this.kernel.control({ key: this.model.get('key'), message })
    if (way === 'both' || !controlled) this.model.send(message)
  }
}

type Way = 'quiet' | 'both'
