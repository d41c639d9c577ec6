/** Keys: what the notebook around a view is told about each key. */

import { afterEach, beforeEach, expect, test } from 'vitest'
import { page } from '../src/page'

const SUPPRESS = 'data-lm-suppress-shortcuts'

let host: HTMLElement
let button: HTMLElement
/** For each key, whether the host asked the notebook to keep off when its listener was reached. */
let seen: boolean[]

beforeEach(() => {
  host = document.createElement('div')
  button = document.createElement('button')
  host.attachShadow({ mode: 'open' }).append(button)
  document.body.append(host)
  page().keyed.add(host)
  seen = []
  // Where Notebook 7 listens; JupyterLab does later.
  document.addEventListener('keydown', listen, true)
})
afterEach(() => {
  document.removeEventListener('keydown', listen, true)
  host.remove()
})

function listen(): void {
  seen.push(host.hasAttribute(SUPPRESS))
}

function press(target: Element, key: string, modifiers: KeyboardEventInit = {}): void {
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, composed: true, ...modifiers }))
}

test.each(['a', 'b', 'd', 'Enter', ' ', 'ArrowDown', 'F', 'Shift', 'Delete'])('%s is ours', (key) => {
  press(button, key)
  expect(seen).toEqual([true])
})

test.each<[string, KeyboardEventInit]>([
  ['s', { ctrlKey: true }],
  ['s', { metaKey: true }],
  ['Enter', { altKey: true }],
  ['Enter', { shiftKey: true }],
  ['C', { ctrlKey: true, shiftKey: true }],
  ['Escape', {}],
  ['F1', {}],
  ['F12', {}],
])('%s with %j is the notebook’s', (key, modifiers) => {
  press(button, 'd')
  press(button, key, modifiers)
  expect(seen).toEqual([true, false])
})

test('the answer changes from key to key', () => {
  press(button, 'd')
  press(button, 's', { ctrlKey: true })
  press(button, 'd')
  expect(seen).toEqual([true, false, true])
})

test('keys elsewhere are none of our business', () => {
  press(document.body, 'd')
  expect(seen).toEqual([false])
})
