/** The stylesheet of a view, one object per page, so that many views cost one parse. */

import foot from '../css/foot.css'
import frame from '../css/frame.css'
import hosts from '../css/hosts.css'
import prose from '../css/prose.css'
import tokens from '../css/tokens.css'
import { styleElement } from '../dom'

// The order counts: what comes later wins.
const css = [tokens, frame, prose, foot, hosts].join('\n')

const sheets = new WeakMap<Document, CSSStyleSheet>()

/** Give `shadow` the look; returns the function that takes it away. */
export function attachStyles(shadow: ShadowRoot): () => void {
  const sheet = sheetFor(shadow.ownerDocument)
  if (sheet === undefined) {
    const element = styleElement(css)
    shadow.append(element)
    return () => element.remove()
  }
  shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet]
  return () => {
    shadow.adoptedStyleSheets = shadow.adoptedStyleSheets.filter((other) => other !== sheet)
  }
}

/** Undefined where the browser is too old to make one (before 2023). */
function sheetFor(owner: Document): CSSStyleSheet | undefined {
  const known = sheets.get(owner)
  if (known || !('adoptedStyleSheets' in owner)) return known
  const Sheet = owner.defaultView?.CSSStyleSheet ?? CSSStyleSheet
  const sheet = new Sheet()
  sheet.replaceSync(css)
  sheets.set(owner, sheet)
  return sheet
}
