/** Where the focus is, seen from inside a view. */

/** Whether the focus is on `element` or in it. */
export function hasFocus(element: Element): boolean {
  const root = element.getRootNode()
  return root instanceof ShadowRoot && element.contains(root.activeElement)
}
