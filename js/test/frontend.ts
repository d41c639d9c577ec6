/**
 * A front-end for tests: a model, its comm, and a kernel connection where it shows one.
 *
 * Belongs here: what stands on the other side of the comm, and looking at what was said to it. Time stands still in tests that
 * import this, until they move it.
 */

import { afterEach, beforeEach, vi } from 'vitest'
import { Comm } from '../src/comm'
import type { Wire } from '../src/events'
import type { Model } from '../src/line'
import { RunStore } from '../src/runstore'

let controller: AbortController

beforeEach(() => {
  vi.useFakeTimers()
  controller = new AbortController()
})
afterEach(() => {
  controller.abort()
  vi.useRealTimers()
})

/** The model goes. */
export const leave = (): void => controller.abort()

/** How a front-end tells that something changed. */
class Signal {
  readonly slots = new Set<(sender: unknown, value?: unknown) => void>()

  connect(slot: (sender: unknown, value?: unknown) => void): void {
    this.slots.add(slot)
  }
  disconnect(slot: (sender: unknown, value?: unknown) => void): void {
    this.slots.delete(slot)
  }
  emit(value: unknown): void {
    for (const slot of this.slots) slot(this, value)
  }
}

/** What a front-end gives: traits, a comm, and a kernel connection where it shows one. */
export class FrontEnd implements Model {
  readonly comm: Wire[] = []
  readonly control: Wire[] = []
  readonly envelopes: Wire[] = []
  readonly traits: Record<string, unknown>
  refuses = false
  readonly status = new Signal()
  readonly connection = new Signal()
  readonly iopub = new Signal()
  readonly widget_manager: unknown
  private readonly listeners = new Map<string, Set<(message: unknown) => void>>()

  constructor(hasKernel: boolean, traits: Record<string, unknown> = {}) {
    this.traits = { key: 'cafe0123', snapshot: { v: 1, run: 'r', seq: 0, sections: [], meta: {} }, ...traits }
    const sendControlMessage = (message: Wire): void => this.takeControl(message)
    const signals = { statusChanged: this.status, connectionStatusChanged: this.connection, iopubMessage: this.iopub }
    const kernel = { clientId: 'client', username: 'me', connectionStatus: 'connected', ...signals, sendControlMessage }
    this.connection.connect((_, status) => {
      kernel.connectionStatus = String(status)
    })
    this.widget_manager = hasKernel ? { kernel, context: { model: {} } } : { kernel: null }
  }

  get(name: string): unknown {
    return this.traits[name]
  }
  on(name: string, callback: (message: unknown) => void): void {
    this.listeners.set(name, (this.listeners.get(name) ?? new Set()).add(callback))
  }
  off(name: string, callback: (message: unknown) => void): void {
    this.listeners.get(name)?.delete(callback)
  }
  send(message: Wire): void {
    this.comm.push(message)
  }
  hears(message: unknown, name = 'msg:custom'): void {
    for (const callback of this.listeners.get(name) ?? []) callback(message)
  }

  private takeControl(envelope: Wire): void {
    if (this.refuses) throw new Error('Kernel is dead')
    this.envelopes.push(envelope)
    this.control.push((envelope.content as { message: Wire }).message)
  }
}

export interface Connection {
  readonly front: FrontEnd
  readonly comm: Comm
  readonly store: RunStore
}

/** Connect a store to `front`; it ends with the test, or with `leave`. */
export function connect(front: FrontEnd, adopts = true): Connection {
  const comm = new Comm(front)
  const store = new RunStore(comm.requests)
  comm.connect(store, () => adopts, controller.signal)
  return { front, comm, store }
}

export const kinds = (messages: readonly Wire[], type: string): Wire[] => messages.filter((message) => message.type === type)
export const frame = (from: number, to: number, ...events: Wire[]): Wire => ({
  type: 'frame',
  v: 1,
  run: 'r',
  from,
  to,
  events,
})
export const state = (seq: number): Wire => ({ v: 1, run: 'r', seq, sections: [], meta: {} })
export const settle = (front: FrontEnd, seq = 0): void => front.hears({ type: 'snapshot', state: state(seq) })
export const questions = (front: FrontEnd): string[] =>
  front.control.map(({ type }) => String(type)).filter((type) => type === 'resync' || type === 'check')
export const checks = (front: FrontEnd): Wire[] => kinds(front.control, 'check')
