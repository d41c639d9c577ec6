/**
 * The widget: what anywidget calls.
 *
 * Belongs here: putting the parts together for one model, in `initialize`; and `render`, for hosts that show a widget-view because
 * they load no model without one. Does not belong here: anything that could be said elsewhere.
 */

import type { AnyModel } from '@anywidget/types'
import { Adopter } from './adopt'
import { Comm } from './comm'
import type { Model } from './line'
import { page } from './page'
import { RunStore } from './runstore'
import { mountView } from './views/book'

/** What one model has: its store, and the way to show it once more. */
interface Session {
  readonly mount: (root: ShadowRoot) => () => void
}

// This module is evaluated once for each model, but a development server may share it: so by key.
const sessions = new Map<string, Session>()

interface Lifetime {
  readonly model: AnyModel
  readonly signal: AbortSignal
}

function initialize({ model, signal }: Lifetime): void {
  const key = keyOf(model)
  const comm = new Comm(model as Model)
  const store = new RunStore(comm.requests)
  const mount = counted((root) => mountView(root, store), comm)
  const adopter = new Adopter(key, mount)
  const session = { mount }
  sessions.set(key, session)
  comm.connect(store, () => adopter.able, signal)
  adopter.start()
  signal.addEventListener('abort', () => {
    if (sessions.get(key) === session) sessions.delete(key)
    adopter.abandon()
  })
}

function render({ model, el, signal }: Lifetime & { readonly el: HTMLElement }): void {
  const session = sessions.get(keyOf(model))
  if (!session) throw new Error('nbstream: this output has lost its model; run the cell again')
  page().keyed.add(el)
  signal.addEventListener('abort', session.mount(el.shadowRoot ?? el.attachShadow({ mode: 'open' })))
}

/** Tell the kernel when the first view comes and when the last one goes. */
function counted(mount: Session['mount'], comm: Comm): Session['mount'] {
  let views = 0
  return (root) => {
    const dispose = mount(root)
    if (views++ === 0) comm.back()
    // The output that it stands in may be older than what the kernel has said since: pasted, or undone.
    comm.saved.check()
    return () => {
      dispose()
      if (--views === 0) comm.bye()
    }
  }
}

function keyOf(model: AnyModel): string {
  const key: unknown = model.get('key')
  if (typeof key !== 'string') throw new TypeError('nbstream: the model has no key; reload the page')
  return key
}

export default { initialize, render }
