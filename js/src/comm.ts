/**
 * The comm: the only module that touches the model.
 *
 * Belongs here: which message goes which way and when it is said again. Does not belong here: what a message means (`store`).
 *
 * Two ways lead to the kernel. The comm is ordered and always there, but waits while a cell runs on some kernels, and makes the
 * kernel say busy and idle. The control channel, where the front-end shows its kernel connection, does neither. Stop and hello
 * take both (the kernel does each once); the others take control where there is one.
 */

import { isWire, type Wire } from './events'
import type { RunStore, Uplink } from './store'

/** What we use of an anywidget model. Untyped by nature: traits, messages and the manager are whatever the host made. */
export interface Model {
  get(name: string): unknown
  on(name: string, callback: (message: unknown) => void): void
  off(name: string, callback: (message: unknown) => void): void
  send(message: Wire): void
  readonly widget_manager?: unknown
}

interface Kernel {
  readonly clientId?: string
  readonly username?: string
  readonly statusChanged?: Signal
  readonly disposed?: Signal
  sendControlMessage?(message: Wire, expectReply: boolean): unknown
}

interface Signal {
  connect(slot: KernelSlot): unknown
  disconnect(slot: KernelSlot): unknown
}
type KernelSlot = (sender: unknown, value?: unknown) => void

/** A kernel with one of these has lost its runs; a restart keeps the connection, and models are not told of it. */
const LOST: ReadonlySet<unknown> = new Set(['restarting', 'autorestarting', 'terminating', 'dead'])

/** Before a message is said again, in milliseconds. */
const HELLO_AGAIN = [250, 500, 1000, 2000, 4000, 8000]
const STOP_AGAIN = [1000, 2000, 4000]
const RESYNC_AGAIN = [2000, 4000, 8000, 16000, 30000]
const ACK_EVERY = 1000
/** A run that is silent so long is asked about: its last message may be the one that was lost. */
const SILENCE = 15_000

type Timer = ReturnType<typeof setTimeout>

export class Comm implements Uplink {
  private readonly view = hex(4)
  private readonly timers = new Map<string, Timer>()
  private acknowledged = 0
  private away = false
  private over = false
  private greet = (): void => undefined

  constructor(private readonly model: Model) {}

  /** Begin to listen and greet; `adopts` says whether an island of this page can hold our view. Ends with `signal`. */
  connect(store: RunStore, adopts: () => boolean, signal: AbortSignal): void {
    const receive = (message: unknown): void => this.receive(message, store)
    const refresh = (): void => store.receiveSnapshot(this.model.get('snapshot'))
    const check = (): void => {
      if (document.visibilityState !== 'hidden' && !store.end && !store.gone) store.resync()
    }
    refresh()
    this.model.on('msg:custom', receive)
    this.model.on('change:snapshot', refresh)
    document.addEventListener('visibilitychange', check, { signal })
    document.addEventListener('resume', check, { signal })
    window.addEventListener('pageshow', check, { signal })
    window.addEventListener('online', check, { signal })
    const part = (): void => {
      this.model.off('msg:custom', receive)
      this.model.off('change:snapshot', refresh)
      for (const timer of this.timers.values()) clearTimeout(timer)
      this.timers.clear()
      this.over = true
      store.lose()
    }
    signal.addEventListener('abort', part)
    this.watchKernel(part, signal)
    this.greet = () => this.repeat('hello', [...HELLO_AGAIN], () => this.hello(store, adopts()))
    this.greet()
    // Messages between the making of the model and the loading of this module have reached nobody, and nothing would tell.
    if (!store.end) store.resync()
    this.watchSilence(store)
  }

  /** A view has come where there was none: the kernel was told so at the start, and must be told again after a `bye`. */
  back(): void {
    if (this.away) this.greet()
    this.away = false
  }

  /** The last view of this model has gone from the page. */
  bye(): void {
    this.away = true
    this.cease('hello')
    this.say({ type: 'bye', view: this.view }, 'quiet')
  }

  stop(run: string): void {
    this.repeat('stop', [...STOP_AGAIN], () => this.say({ type: 'stop', run }, 'both'))
  }

  resync(run: string, have: number): void {
    if (this.timers.has('resync')) return
    // First quietly; if nothing comes, by the comm as well: a kernel may not listen to our control messages.
    let way: Way = 'quiet'
    this.repeat('resync', [...RESYNC_AGAIN], () => {
      this.say({ type: 'resync', run, have }, way)
      way = 'both'
    })
  }

  settled(): void {
    this.cease('resync')
  }

  mismatch(run: string, seq: number): void {
    this.say({ type: 'mismatch', run, seq }, 'quiet')
  }

  chunks(run: string, from: number, count: number): void {
    this.say({ type: 'chunks', run, from, count }, 'quiet')
  }

  private watchKernel(lost: () => void, signal: AbortSignal): void {
    const { kernel } = this
    const onStatus: KernelSlot = (_, status) => {
      if (LOST.has(status)) lost()
    }
    kernel?.statusChanged?.connect(onStatus)
    kernel?.disposed?.connect(lost)
    signal.addEventListener('abort', () => {
      kernel?.statusChanged?.disconnect(onStatus)
      kernel?.disposed?.disconnect(lost)
    })
  }

  private receive(message: unknown, store: RunStore): void {
    if (!isWire(message)) return
    switch (message.type) {
      case 'frame':
        store.receiveFrame(message)
        break
      case 'snapshot':
        store.receiveSnapshot(message.state)
        break
      case 'chunks':
        if (message.run === store.run) store.chunks.receive(message)
        break
      case 'welcome':
        this.cease('hello')
        if (message.run !== store.run) store.resync()
    }
    if (store.end) this.cease('stop')
    this.acknowledge(store)
    this.watchSilence(store)
  }

  private hello(store: RunStore, adopt: boolean): void {
    const fallback = dig(this.model.widget_manager, 'context', 'model') !== undefined
    this.say({ type: 'hello', view: this.view, run: store.run, adopt, fallback }, 'both')
  }

  private acknowledge(store: RunStore): void {
    if (this.timers.has('ack') || store.received === this.acknowledged) return
    this.after('ack', ACK_EVERY, () => {
      this.acknowledged = store.received
      this.say({ type: 'ack', run: store.run, seq: store.received }, 'quiet')
    })
  }

  private watchSilence(store: RunStore): void {
    this.cease('silence')
    if (store.end) return
    this.after('silence', SILENCE, () => {
      store.resync()
      this.watchSilence(store)
    })
  }

  /** Do `action` now and after each of `delays`, until `cease(name)`. */
  private repeat(name: string, delays: number[], action: () => void): void {
    this.cease(name)
    action()
    const delay = delays.shift()
    if (delay !== undefined) this.after(name, delay, () => this.repeat(name, delays, action))
  }

  private after(name: string, delay: number, action: () => void): void {
    this.timers.set(
      name,
      setTimeout(() => {
        this.timers.delete(name)
        action()
      }, delay),
    )
  }

  private cease(name: string): void {
    clearTimeout(this.timers.get(name))
    this.timers.delete(name)
  }

  private say(message: Wire, way: Way): void {
    if (this.over) return
    const controlled = this.control(message)
    if (way === 'both' || !controlled) this.model.send(message)
  }

  private get kernel(): Kernel | undefined {
    return dig(this.model.widget_manager, 'kernel') as Kernel | undefined
  }

  private control(message: Wire): boolean {
    const { kernel } = this
    if (typeof kernel?.sendControlMessage !== 'function') return false
    const header = {
      msg_id: hex(16),
      msg_type: 'nbstream',
      session: kernel.clientId ?? '',
      username: kernel.username ?? '',
      date: new Date().toISOString(),
      version: '5.3',
    }
    const content = { key: this.model.get('key'), message }
    try {
      kernel.sendControlMessage({ header, parent_header: {}, metadata: {}, content, channel: 'control', buffers: [] }, false)
      return true
    } catch (error) {
      // The connection says no (a kernel that is dead or restarting throws); the comm is the way that is left.
      if (error instanceof Error) return false
      throw error
    }
  }
}

type Way = 'quiet' | 'both'

/** The value at a path of properties that a host may or may not have. */
function dig(value: unknown, ...path: string[]): unknown {
  let found: unknown = value
  for (const name of path) found = (found as Record<string, unknown> | null | undefined)?.[name]
  return found ?? undefined
}

/** Random bytes as hexadecimal digits; `crypto.randomUUID` does not exist on plain http. */
function hex(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
