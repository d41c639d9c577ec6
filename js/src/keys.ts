/**
 * Keys: which go to the view and which to the notebook around it.
 *
 * Belongs here: the one rule, applied to each key before anybody else sees it. Does not belong here: what a key does in a view.
 *
 * A plain key is the view's, else "d d" with the focus on our button deletes the cell. Chords, Shift+Enter, Escape and the
 * F-keys are the notebook's too, else Ctrl+S is dead. JupyterLab and Notebook 7 look for an attribute on the host when the key
 * reaches them, so it is set or removed key by key.
 */

const SUPPRESS = 'data-lm-suppress-shortcuts'

/** Tell the notebook about each key that goes down inside one of `hosts`. Call once a page. */
export function guardKeys(hosts: WeakSet<EventTarget>): void {
  // Notebook 7 listens on document in the capture phase, JupyterLab in the bubble phase: only a capture listener on window
  // comes before both.
  window.addEventListener(
    'keydown',
    (event) => {
      for (const target of event.composedPath()) {
        if (target instanceof Element && hosts.has(target)) target.toggleAttribute(SUPPRESS, !isNotebooks(event))
      }
    },
    true,
  )
}

function isNotebooks(event: KeyboardEvent): boolean {
  const chord = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === 'Enter')
  return chord || event.key === 'Escape' || /^F\d+$/.test(event.key)
}
