/**
 * The only maker of elements and attributes.
 *
 * Belongs here: the element factory with its allow-list, and the attribute setter that uses the same list. Does not belong
 * here: what a view looks like. Nothing else in this package calls `createElement`, `setAttribute`, `innerHTML` or the like, so
 * what is not listed here cannot stand in a view: no script, style, image, form, frame, `id`, `name`, `style` or `on…`.
 */

import { type InlineImage, isBase64, type SafeUrl, safeUrl } from './urls'

// biome-ignore format: a list of names, not one a line
const HTML = [
  'section', 'header', 'footer', 'div', 'span', 'p', 'button', 'kbd', 'i', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li',
  'blockquote', 'pre', 'code', 'em', 'strong', 's', 'a', 'br', 'hr', 'table', 'colgroup', 'col', 'thead', 'tbody', 'tr', 'th',
  'td', 'dl', 'dt', 'dd', 'figure', 'textarea',
] as const
const SVG = ['svg', 'path', 'circle', 'rect', 'text'] as const
// biome-ignore format: a list of names, not one a line
const ATTRIBUTES = [
  'class', 'role', 'title', 'type', 'tabindex', 'hidden', 'readonly', 'href', 'target', 'rel', 'start', 'value', 'dir',
  'aria-label', 'aria-hidden', 'aria-live', 'aria-atomic', 'aria-expanded', 'aria-pressed', 'aria-disabled', 'aria-keyshortcuts',
  'data-status', 'data-busy', 'data-stale', 'data-attention', 'data-theme', 'data-kind', 'data-at', 'data-part', 'data-state', 'data-s',
  'data-live', 'data-solid', 'data-off',
  'viewBox', 'preserveAspectRatio', 'dx', 'd', 'cx', 'cy', 'r', 'x', 'y', 'width', 'height', 'rx',
] as const

// What a formula is made of, and what may be said of its parts: no links, no actions, nothing that loads.
const MATHML = (
  'math mrow mi mn mo ms mspace mtext menclose mfrac mmultiscripts mprescripts none mover mpadded mphantom mroot msqrt mstyle ' +
  'msub msup msubsup mtable mtd mtr munder munderover'
).split(' ')
const MATH_ATTRIBUTES = (
  'accent class columnalign depth display displaystyle fence form height largeop linethickness lspace mathbackground mathcolor ' +
  'mathsize mathvariant maxsize minsize movablelimits notation rowspacing rspace scriptlevel separator stretchy symmetric voffset width'
).split(' ')
const MATH_STYLES = (
  'border border-bottom border-left border-right border-top color font-style font-weight margin-left math-depth padding ' +
  'padding-bottom padding-left padding-right padding-top text-align transform width'
).split(' ')
/** Numbers with units, names, colours: nothing with an address in it. */
const MATH_VALUE = /^(?:scaleX\(-1\)|[-+#\w.%, ]{0,60})$/

export type HtmlName = (typeof HTML)[number]
export type SvgName = (typeof SVG)[number]
export type AttributeName = (typeof ATTRIBUTES)[number]
/** Undefined and false mean "without this attribute", true means the empty value. */
export type Attributes = { readonly [N in AttributeName]?: (N extends 'href' ? SafeUrl : string) | boolean | undefined }
export type Child = Node | string | undefined

const SVG_NAMESPACE = 'http://www.w3.org/2000/svg'
const MATH_NAMESPACE = 'http://www.w3.org/1998/Math/MathML'
const elements: ReadonlySet<string> = new Set(HTML)
const shapes: ReadonlySet<string> = new Set(SVG)
const attributes: ReadonlySet<string> = new Set(ATTRIBUTES)

/** A new element of the list; text goes in as text nodes. Throws for a name that is not in the list. */
export function h<N extends HtmlName>(name: N, attrs: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[N] {
  if (!elements.has(name)) throw new TypeError(`<${name}> is not an element of a view`)
  return fill(document.createElement(name), attrs, children)
}

/** A new shape for an icon. */
export function shape<N extends SvgName>(name: N, attrs: Attributes = {}, ...children: Child[]): SVGElementTagNameMap[N] {
  if (!shapes.has(name)) throw new TypeError(`<${name}> is not a shape of a view`)
  return fill(document.createElementNS(SVG_NAMESPACE, name), attrs, children)
}

type Values = Readonly<Record<string, unknown>>

/** A new part of a formula; what is not in the lists is left out. Throws for an element that is not. */
export function formulaPart(name: string, attrs: Values, styles: Values, children: readonly (Node | string)[]): Element {
  if (!MATHML.includes(name)) throw new TypeError(`<${name}> is not a part of a formula`)
  const element = document.createElementNS(MATH_NAMESPACE, name) as MathMLElement
  for (const [attribute, value] of allowed(attrs, MATH_ATTRIBUTES)) element.setAttribute(attribute, value)
  for (const [property, value] of allowed(styles, MATH_STYLES)) element.style?.setProperty(property, value)
  element.append(...children)
  return element
}

function allowed(values: Values, names: readonly string[]): [string, string][] {
  return Object.entries(values)
    .map(([name, value]): [string, string] => [name.replace(/[A-Z]/g, (sign) => `-${sign.toLowerCase()}`), String(value)])
    .filter(([name, value]) => names.includes(name) && MATH_VALUE.test(value))
}

/** Set or remove one attribute of the list; writes nothing where nothing changes. */
export function set(element: Element, name: string, value: string | boolean | undefined): void {
  if (!attributes.has(name)) throw new TypeError(`${name} is not an attribute of a view`)
  if (value === undefined || value === false) {
    element.removeAttribute(name)
    return
  }
  const text = value === true ? '' : value
  // The type says so already; the check also covers what a morph copies from another element.
  if (name === 'href' && safeUrl(text) !== text) throw new TypeError('this href did not come from safeUrl')
  if (element.getAttribute(name) !== text) element.setAttribute(name, text)
}

/** Make `text` the whole text of `element`; writes nothing where nothing changes, so that a selection survives. */
export function setText(element: Element, text: string): void {
  const only = element.firstChild
  if (only instanceof Text && only.nextSibling === null) {
    if (only.data !== text) only.data = text
  } else if (only !== null || text !== '') element.replaceChildren(text)
}

/** An image: of bytes that are here, or of an address that the reader has asked for by a click that named its host. */
export function picture(source: InlineImage | SafeUrl, alt: string): HTMLImageElement {
  const element = document.createElement('img')
  element.className = 'nb-pic'
  element.alt = alt
  element.decoding = 'async'
  element.setAttribute('referrerpolicy', 'no-referrer')
  element.src = source
  return element
}

/** Let the reader save what `base64` holds. The type is no type, so that no browser opens it. */
export function download(base64: string, name: string): void {
  if (!isBase64(base64)) return
  const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0))
  const address = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name.replace(/[\p{C}/\\:*?"<>|]/gu, '_').slice(-100) || 'file'
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

/** The one style element: for our own stylesheet, where the browser cannot share one. Never for text of a model. */
export function styleElement(css: string): HTMLStyleElement {
  const element = document.createElement('style')
  element.textContent = css
  return element
}

function fill<E extends Element>(element: E, attrs: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attrs)) set(element, name, value)
  for (const child of children) if (child !== undefined && child !== '') element.append(child)
  return element
}
