/** Copying text, also where the page has no clipboard API (plain http with a host name other than localhost). */

import { h } from '../dom'

/** Copy `text`; `near` is an element of the view that is on the page. Resolves to whether it worked. */
export async function copyText(text: string, near: Element): Promise<boolean> {
  if (navigator.clipboard === undefined) return copyBySelection(text, near)
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Refused by a permission or by the frame's policy; the old way may still be allowed.
    return copyBySelection(text, near)
  }
}

function copyBySelection(text: string, near: Element): boolean {
  const root = near.getRootNode()
  const focused = root instanceof ShadowRoot ? root.activeElement : document.activeElement
  const area = h('textarea', { class: 'nb-vh nb-clip', readonly: true, tabindex: '-1', 'aria-hidden': 'true' })
  area.value = text
  near.append(area)
  area.select()
  // Deprecated, and the only way on such a page.
  const copied = document.execCommand('copy')
  area.remove()
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true })
  return copied
}
