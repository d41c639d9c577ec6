/**
 * Light or dark, as the host is.
 *
 * Belongs here: where each host says so. Does not belong here: colours, which are the host's own variables in `css`.
 */

import { set } from '../dom'

/** Keep `data-theme` of `view` equal to the host's theme; returns the function that ends it. */
export function followTheme(view: HTMLElement): () => void {
  const preference = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : undefined
  const apply = (): void => set(view, 'data-theme', (said() ?? preference?.matches === true) ? 'dark' : 'light')
  const observer = new MutationObserver(apply)
  const options = { attributes: true, attributeFilter: ['class', 'theme', 'data-jp-theme-light', 'data-theme'] }
  observer.observe(document.documentElement, options)
  observer.observe(document.body, options)
  preference?.addEventListener('change', apply)
  apply()
  return () => {
    observer.disconnect()
    preference?.removeEventListener('change', apply)
  }
}

/** Whether the host says that it is dark; undefined where it says nothing. */
function said(): boolean | undefined {
  const { documentElement, body } = document
  const jupyter = body.getAttribute('data-jp-theme-light')
  if (jupyter !== null) return jupyter === 'false'
  if (body.classList.contains('vscode-light') || body.classList.contains('vscode-high-contrast-light')) return false
  if (body.classList.contains('vscode-dark') || body.classList.contains('vscode-high-contrast')) return true
  // Colab, then marimo.
  if (documentElement.getAttribute('theme') === 'dark') return true
  return documentElement.classList.contains('dark') || body.classList.contains('dark') ? true : undefined
}
