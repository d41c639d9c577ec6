/**
 * A view in a page: what stands in it, found as a reader would find it.
 *
 * Belongs here: mounting, and looking. Time stands still in tests that import this, until they move it.
 */

import { afterEach, beforeEach, vi } from 'vitest'
import { mountView } from '../src/views/book'
import { note, type Run } from './run'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  // What is queued must not stay queued for the next test.
  vi.runOnlyPendingTimers()
  vi.useRealTimers()
  document.body.replaceChildren()
  document.body.removeAttribute('data-jp-theme-light')
})

export interface Mounted {
  readonly run: Run
  readonly root: ShadowRoot
  readonly view: HTMLElement
  readonly unmount: () => void
}

export function mount(run: Run): Mounted {
  const host = document.createElement('div')
  document.body.append(host)
  const root = host.attachShadow({ mode: 'open' })
  const unmount = mountView(root, run.store)
  return { run, root, view: one(root, '.nb'), unmount }
}

export function one(root: ParentNode, selector: string): HTMLElement {
  const found = root.querySelector(selector)
  if (!(found instanceof HTMLElement)) throw new Error(`no ${selector}`)
  return found
}

export function button(root: ParentNode, name: string): HTMLButtonElement {
  const found = [...root.querySelectorAll('button')].find((b) => nameOf(b) === name && !b.hidden)
  if (!found) throw new Error(`no button ${name}`)
  return found
}

/** A button's accessible name: its label, else what it says without what is for eyes alone. */
export function nameOf(element: HTMLButtonElement): string | null {
  const copy = element.cloneNode(true) as HTMLButtonElement
  for (const quiet of copy.querySelectorAll('[aria-hidden=true]')) quiet.remove()
  return element.getAttribute('aria-label') ?? copy.textContent
}

export function frame(): void {
  vi.advanceTimersByTime(20)
}

/** Until the figures, which change ten times a second, have caught up with the text. */
export function settle(): void {
  vi.advanceTimersByTime(220)
}

export const status = ({ view }: Mounted): string => one(view, '[role=status]').textContent ?? ''
export const announced = ({ view }: Mounted): string => one(view, '[aria-live=polite]').textContent ?? ''
export const body = ({ view }: Mounted, at: number): string => one(view, `[data-at="${at}"] [data-part=body]`).textContent ?? ''
export const group = ({ view }: Mounted, at: number): HTMLElement => one(view, `[data-at="${at}"]`)

export const model = note({ model: 'openai/gpt-5', prompt: 'Why?', phase: 'waiting' })
