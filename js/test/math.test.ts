/** Formulas: what is drawn, within which limits, and that nothing else comes of one. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { formulaPart } from '../src/dom'
import { Formula } from '../src/markdown/math'
import { parts } from '../src/parts'
import { formula, type MathPart } from '../src/parts/math'
import { corpus } from './helpers'

const draw = (source: string): Element | undefined => formula(source, true, formulaPart)
const tags = (element: Element): string[] => [element, ...element.querySelectorAll('*')].map(({ localName }) => localName)

test.each([
  'x^2 + y_1',
  '\\frac{a}{\\sqrt{b}}',
  '\\sum_{i=1}^{n} i = \\frac{n(n+1)}{2}',
  '\\int_0^\\infty e^{-x^2}\\,dx',
  '\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}',
  '\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}',
  '\\begin{cases} 1 & x > 0 \\\\ 0 & \\text{otherwise} \\end{cases}',
  '\\mathbb{R} \\mathcal{L} \\mathbf{v} \\mathrm{d}x',
  '\\left( \\frac{a}{b} \\right] \\lVert x \\rVert',
  '\\lim_{n \\to \\infty} \\operatorname{arg\\,max}_x f',
  '\\hat x \\vec{v} \\overline{AB} \\underbrace{a+b}_{c}',
  '\\color{red} x \\boxed{y} \\cancel{z}',
  'P(A \\mid B) = \\binom{n}{k} \\pmod p',
  '\\mathrm{H_2O}',
])('%s is drawn', (source) => {
  const drawn = draw(source)
  expect(drawn?.localName).toBe('math')
  expect(drawn?.textContent?.length).toBeGreaterThan(1)
})

test.each([
  '\\frac{',
  '\\unknown',
  'a & b',
  'x^2^3',
  `${'x'.repeat(2001)}`,
  `${'{'.repeat(41)}x${'}'.repeat(41)}`,
  `${'\\left('.repeat(41)}x${'\\right)'.repeat(41)}`,
  '\\def\\a{\\a\\a}\\a',
  '\\def\\a#1{#1#1}\\a{\\a{\\a{\\a{\\a{\\a{\\a{\\a{\\a{\\a{x}}}}}}}}}}',
])('%s stays source', (source) => {
  expect(draw(source)).toBeUndefined()
})

const HOSTILE = [
  '\\href{javascript:alert(1)}{x}',
  '\\href{https://evil.example}{x}',
  '\\url{https://evil.example}',
  '\\includegraphics{https://evil.example/x.png}',
  '\\class{nb-stop}{x}',
  '\\id{x}{y}',
  '\\style{background:url(https://evil.example)}{x}',
  '\\data{lm=1}{x}',
  '\\htmlData{commandlinker-command=run}{x}',
  '\\htmlStyle{background:url(x)}{x}',
  '\\colorbox{url(https://evil.example)}{x}',
  '\\color{url(https://evil.example)}x',
  '\\textcolor{red;background:url(x)}{x}',
  '\\rule{99999em}{99999em}',
  '\\hspace{-99999em} x \\kern{-500em}',
  '\\raisebox{-9999em}{x}',
  '\\text{<img src=x onerror=alert(1)>}',
  '<img src=x onerror=alert(1)>',
  '\\unicode{x202e}',
  '\\tag{<b>}x',
  '\\label{constructor} x \\ref{constructor}',
  '\\require{x}\\newcommand{\\constructor}{1}\\constructor',
  '\\over'.repeat(300),
  'x'.repeat(2000),
  '\\frac'.repeat(300),
  '^'.repeat(2000),
  '_{'.repeat(40) + '}'.repeat(40),
  `\\begin{matrix}${'&'.repeat(1900)}\\end{matrix}`,
  `${'\\sqrt{'.repeat(39)}x${'}'.repeat(39)}`,
]

/** What stands in a formula and should not. */
function foreign(root: Element): string[] {
  const found: string[] = []
  for (const element of [root, ...root.querySelectorAll('*')]) {
    if (element.namespaceURI !== 'http://www.w3.org/1998/Math/MathML') found.push(`<${element.localName}>`)
    for (const { name, value } of element.attributes) {
      if (/^(?:on|href|id|name|src|data-|xlink|xmlns)/.test(name)) found.push(name)
      if (/url|:|\(/.test(value) && name !== 'style') found.push(`${name}=${value}`)
      for (const [n] of value.matchAll(/[\d.]+(?=em|ex|pt|px)/g)) if (Number(n) > 30) found.push(`${name}=${value}`)
    }
  }
  return found
}

test.each(HOSTILE)('%s does nothing but stand there', (source) => {
  const start = performance.now()
  const drawn = draw(source)
  // A thousand times what a formula takes.
  expect(performance.now() - start).toBeLessThan(2000)
  expect(drawn ? foreign(drawn) : []).toEqual([])
})

const xss = corpus('xss_html.jsonl')

test.skipIf(xss.missing)(
  'no payload becomes anything but text in a formula',
  () => {
    for (const { text } of xss.lines) {
      for (const source of [text, `\\text{${text}}`, `\\href{${text}}{x}`, `\\color{${text}}x`]) {
        const drawn = draw(source)
        if (drawn) expect(foreign(drawn), source).toEqual([])
      }
    }
  },
  60_000,
)

test('what is no part of a formula cannot be made as one', () => {
  for (const name of ['script', 'a', 'maction', 'annotation-xml', 'semantics', 'mglyph', 'img', 'style', '']) {
    expect(() => formulaPart(name, {}, {}, [])).toThrow(TypeError)
  }
  const element = formulaPart('mi', { href: 'x', onclick: 'x', id: 'x', mathcolor: 'url(x)', mathvariant: 'normal' }, {}, [
    '<b>',
  ])
  expect(element.outerHTML).toBe(
    '<mi xmlns="http://www.w3.org/1998/Math/MathML" mathvariant="normal">&lt;b&gt;</mi>'.replace(/ xmlns="[^"]*"/, ''),
  )
})

test('one formula defines nothing for the next', () => {
  draw('\\gdef\\mine{x} \\mine')
  expect(draw('\\mine')).toBeUndefined()
})

describe('its element', () => {
  const asked = vi.fn()
  const shown = vi.fn()
  let drawing: ReturnType<typeof vi.fn<MathPart['formula']>>

  beforeEach(() => {
    vi.useFakeTimers()
    drawing = vi.fn((source, _display, make) =>
      source === 'bad' ? undefined : make('math', {}, {}, [make('mi', {}, {}, [source])]),
    )
    vi.spyOn(parts(), 'need').mockImplementation((name, taker) => {
      asked(name)
      ;(taker as Formula).take({ formula: drawing, shown })
    })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
    document.body.replaceChildren()
  })

  test('shows its source, then the formula; one that cannot be drawn stays source', () => {
    const good = new Formula('good', '$', false, '')
    const bad = new Formula('bad', '\\[', true, '(1)')
    document.body.append(good.root, bad.root)
    expect([good.root.textContent, bad.root.textContent]).toEqual(['$good$', '\\[bad\\](1)'])
    vi.advanceTimersByTime(100)
    expect(good.root.innerHTML).toBe('<math><mi>good</mi></math>')
    expect(bad.root.textContent).toBe('\\[bad\\](1)')
    expect(shown).toHaveBeenCalled()
    expect(asked).toHaveBeenCalledWith('math')
  })

  test('is drawn a few a frame, and at once where it was drawn before', () => {
    const many = Array.from({ length: 20 }, (_, n) => new Formula(`x${n}`, '$', false, ''))
    document.body.append(...many.map(({ root }) => root))
    const count = (): number => document.querySelectorAll('math').length
    vi.advanceTimersByTime(17)
    const steps = [count()]
    for (let frame = 0; frame < 6; frame++) {
      vi.advanceTimersByTime(17)
      steps.push(count())
    }
    expect(steps.at(-1)).toBe(20)
    for (const [at, value] of steps.entries()) expect(value - (steps[at - 1] ?? 0)).toBeLessThanOrEqual(8)
    expect(new Formula('x19', '$', false, '').root.innerHTML).toBe('<math><mi>x19</mi></math>')
  })

  test('that was only compared with another is never drawn', () => {
    const kept = new Formula('kept', '$', false, '')
    document.body.append(kept.root)
    vi.advanceTimersByTime(100)
    const inside = kept.root.firstChild
    drawing.mockClear()
    expect(kept.become(new Formula('kept', '$', false, ''))).toBe(true)
    expect(kept.become(new Formula('other', '$', false, ''))).toBe(false)
    expect(kept.become(new Formula('kept', '$$', false, ''))).toBe(false)
    vi.advanceTimersByTime(100)
    expect(drawing).not.toHaveBeenCalled()
    expect(kept.root.firstChild).toBe(inside)
  })

  test('keeps the caret', () => {
    const one = new Formula('caret', '$$', true, '')
    document.body.append(one.root)
    const caret = document.createElement('i')
    caret.className = 'nb-caret'
    one.spot.append(caret)
    vi.advanceTimersByTime(100)
    expect(tags(one.root)).toEqual(['div', 'math', 'mi', 'i'])
  })
})
