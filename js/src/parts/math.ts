/**
 * Formulas: TeX to MathML, loaded on demand.
 *
 * Belongs here: Temml with its limits, the copy of its result through the element factory, the look that this result needs, and
 * whether the page has a font for it. Does not belong here: which text is a formula (`markdown/delimiters`), when one is drawn
 * (`markdown/math`). Temml's own elements and HTML are never used: its tree is read, and everything in it goes through an
 * allow-list.
 */

import temml from 'temml'
import css from './math.css'

export interface MathPart {
  /** The formula of `source`; undefined for one that cannot be read, or is too large. */
  formula(source: string, display: boolean, make: Make): Element | undefined
  /** `formula` stands in the page: see to its look. */
  shown(formula: Element, make: Make, fonts: Fonts): void
}

/** The element factory of a view. */
export type Make = (
  name: string,
  attributes: Readonly<Record<string, unknown>>,
  styles: Readonly<Record<string, unknown>>,
  children: readonly (Node | string)[],
) => Element

/** Asks for the font with the signs of formulas; `use` is called when it has come. */
export type Fonts = (use: (font: ArrayBuffer) => void) => void

/** Longer sources are not read. */
const CHARACTERS = 2000
/** Nor are deeper ones. */
const DEPTH = 40
/** Nor are results with more elements shown. */
const ELEMENTS = 3000
/** Lengths beyond this, in whatever unit, are not taken over: a formula stays where it stands. */
const LENGTH = 30

const OPTIONS = {
  throwOnError: true,
  trust: false,
  maxExpand: 300,
  maxSize: [10, 100] as [number, number],
  wrap: 'tex' as const,
}

interface Part {
  readonly type?: string
  readonly text?: string
  readonly attributes?: Readonly<Record<string, unknown>>
  readonly classes?: readonly string[]
  readonly style?: Readonly<Record<string, unknown>>
  readonly children?: readonly Part[]
}

export function formula(source: string, display: boolean, make: Make): Element | undefined {
  if (source.length > CHARACTERS || depth(source) > DEPTH) return undefined
  try {
    const tree = temml.__renderToMathMLTree(source, { ...OPTIONS, displayMode: display, macros: {} }) as Part
    let left = ELEMENTS
    const copies = (parts: readonly Part[] = [], level: number): (Node | string)[] =>
      // What has no type is a text, or holds others together.
      parts.flatMap((part) => (part.type === undefined ? (part.text ?? copies(part.children, level)) : [copy(part, level)]))
    const copy = ({ type = '', classes, attributes, style, children }: Part, level: number): Element => {
      if (--left < 0 || level > 4 * DEPTH) throw new RangeError('this formula is too large')
      const named = (classes ?? []).filter(Boolean).join(' ')
      return make(type, { ...short(attributes), ...(named && { class: named }) }, short(style), copies(children, level + 1))
    }
    return copy(tree, 0)
  } catch {
    // Whatever Temml says of it, or the factory: the source is what there is.
    return undefined
  }
}

/** How deep the braces, environments and fences of `source` go. */
function depth(source: string): number {
  let level = 0
  let deepest = 0
  for (const [sign] of source.matchAll(/\\(?:begin|left|end|right)(?![a-zA-Z])|\\.|[{}]/gs)) {
    if (sign === '{' || sign === '\\begin' || sign === '\\left') deepest = Math.max(deepest, ++level)
    else if (sign === '}' || sign === '\\end' || sign === '\\right') level--
  }
  return deepest
}

/** `values` without lengths that would reach over what stands around the formula. */
function short(values: Part['attributes'] = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) =>
      [...String(value).matchAll(/[\d.]+/g)].every(([n]) => Number(n) <= LENGTH || /[#%]/.test(String(value))),
    ),
  )
}

let sheet: CSSStyleSheet | undefined
let probed = false

export function shown(formula: Element, make: Make, fonts: Fonts): void {
  const root = formula.getRootNode()
  if (!(root instanceof ShadowRoot) || root.adoptedStyleSheets === undefined) return
  if (sheet === undefined) {
    sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
  }
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
  if (probed) return
  probed = true
  if (!stretches(formula, make)) fonts(useFont)
}

/** Whether a parenthesis grows with what stands beside it: it does only with a font that is made for formulas. */
function stretches(near: Element, make: Make): boolean {
  const fence = make('mo', { stretchy: 'true', fence: 'true' }, {}, ['('])
  const tall = make('mspace', { height: '4em', depth: '4em', width: '0' }, {}, [])
  const math = make('math', {}, {}, [make('mrow', {}, {}, [fence, tall])])
  near.after(math)
  const grows = fence.getBoundingClientRect().height > 0.7 * tall.getBoundingClientRect().height
  math.remove()
  return grows
}

function useFont(bytes: ArrayBuffer): void {
  const font = new FontFace('nbstream math', bytes)
  font.load().then(
    () => document.fonts.add(font),
    // Not a font to this browser: formulas look as they do.
    () => undefined,
  )
}
