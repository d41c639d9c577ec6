/**
 * The kernel connection of the host, where it shows one: the control channel, and news of the kernel.
 *
 * Belongs here: what we use of a front-end's kernel object, looked up by feature. Does not belong here: messages (`comm`).
 */

import type { Wire } from './events'

interface Connection {
  readonly clientId?: string
  readonly username?: string
  readonly connectionStatus?: string
  readonly statusChanged?: Signal
  readonly disposed?: Signal
  readonly connectionStatusChanged?: Signal
  readonly iopubMessage?: Signal
  sendControlMessage?(message: Wire, expectReply: boolean): unknown
}

interface Signal {
  connect(slot: Slot): unknown
  disconnect(slot: Slot): unknown
}
type Slot = (sender: unknown, value?: unknown) => void

/** A kernel with one of these has lost its runs; a restart keeps the connection, and models are not told of it. */
const LOST: ReadonlySet<unknown> = new Set(['restarting', 'autorestarting', 'terminating', 'dead'])

/** What only a kernel says by itself; other states, and warnings in its name, may come from the server. */
const SPOKEN: ReadonlySet<unknown> = new Set(['busy', 'idle'])

export interface Watcher {
  /** The kernel has gone, with all its runs. */
  lost(): void
  /** The line to the kernel is cut; whether the front-end tries to connect again by itself. */
  cut(retried: boolean): void
  /** A line that was cut is there again. */
  back(): void
}

export class Kernel {
  constructor(private readonly manager: unknown) {}

  /** Whether the front-end has no line to the kernel at the moment. */
  get cut(): boolean {
    return (this.connection?.connectionStatus ?? 'connected') !== 'connected'
  }

  /** Tell `watcher` of the kernel and of the line to it, until `signal`. */
  watch({ lost, cut, back }: Watcher, signal: AbortSignal): void {
    const { connection } = this
    const onConnection: Slot = (_, status) => {
      if (status === 'connected') back()
      else cut(status === 'connecting')
    }
    const onStatus: Slot = (_, status) => {
      if (LOST.has(status)) lost()
    }
    // A restart that another client asks for changes no status here; but the new kernel speaks in a session of its own.
    let session: string | undefined
    const onMessage: Slot = (_, message) => {
      const spoken = sessionOf(message)
      session ??= spoken
      if (spoken !== undefined && spoken !== session) lost()
    }
    connection?.statusChanged?.connect(onStatus)
    connection?.iopubMessage?.connect(onMessage)
    connection?.disposed?.connect(lost)
    connection?.connectionStatusChanged?.connect(onConnection)
    signal.addEventListener('abort', () => {
      connection?.statusChanged?.disconnect(onStatus)
      connection?.iopubMessage?.disconnect(onMessage)
      connection?.disposed?.disconnect(lost)
      connection?.connectionStatusChanged?.disconnect(onConnection)
    })
  }

  /** Send `content` over the control channel; false where there is none. */
  control(content: Wire): boolean {
    const { connection } = this
    if (typeof connection?.sendControlMessage !== 'function') return false
    const header = {
      msg_id: hex(16),
      msg_type: 'nbstream',
      session: connection.clientId ?? '',
      username: connection.username ?? '',
      date: new Date().toISOString(),
      version: '5.3',
    }
    try {
      connection.sendControlMessage(
        { header, parent_header: {}, metadata: {}, content, channel: 'control', buffers: [] },
        false,
      )
      return true
    } catch (error) {
      // The connection says no (a kernel that is dead or restarting throws); the comm is the way that is left.
      if (error instanceof Error) return false
      throw error
    }
  }

  private get connection(): Connection | undefined {
    return (this.manager as { kernel?: Connection | null } | null | undefined)?.kernel ?? undefined
  }
}

/** The session of the kernel that says what it does, undefined for any other message. */
function sessionOf(message: unknown): string | undefined {
  const { header, content } = message as {
    readonly header: { readonly msg_type: string; readonly session: string }
    readonly content: { readonly execution_state?: unknown }
  }
  return header.msg_type === 'status' && SPOKEN.has(content.execution_state) ? header.session : undefined
}

/** Random bytes as hexadecimal digits; `crypto.randomUUID` does not exist on plain http. */
export function hex(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
