/** What is a formula, and what is a price, a path, a bracket. */

import { describe, expect, test } from 'vitest'
import { Markdown } from '../src/markdown'
import { noReferences, parse } from '../src/markdown/parser'

/** The formulas of `text`, display ones with two signs around them. */
function formulas(text: string, growing = false): string[] {
  const tokens = parse(text, noReferences(), growing)
  const all = tokens.flatMap((token) => (token.type === 'inline' ? (token.children ?? []) : [token]))
  return all
    .filter(({ type }) => type.startsWith('math'))
    .map(({ type, markup, content }) => (type === 'math_source' ? 'source' : `${markup}${content.trim()}`))
}

test.each([
  ['$x$', '$x'],
  ['$x^2 + y^2 = z^2$', '$x^2 + y^2 = z^2'],
  ['so $a_1$, $b$ and $c_{2}$.', '$a_1', '$b', '$c_{2}'],
  ['($n$)', '$n'],
  ['the $n$th and the $k$-means', '$n', '$k'],
  ['$-1$ or $0.5$ or $10^{-3}$', '$-1', '$0.5', '$10^{-3}'],
  ['$5 < x$', '$5 < x'],
  ['$\\alpha$', '$\\alpha'],
  ['$\\text{cost} = \\$5$', '$\\text{cost} = \\$5'],
  ['**$x$** and *$y$*', '$x', '$y'],
  ['$f(x)$', '$f(x)'],
  ['$2n$', '$2n'],
  ['$O(n \\log n)$', '$O(n \\log n)'],
  ['中文$x$中文 without spaces'],
  ['$$x$$', '$$x'],
  ['$$\nx = 1\n$$', '$$x = 1'],
  [
    '$$\n\\begin{aligned}\na &= b \\\\\n\nc &= d\n\\end{aligned}\n$$',
    '$$\\begin{aligned}\na &= b \\\\\n\nc &= d\n\\end{aligned}',
  ],
  ['text\n$$\nx\n$$\nmore', '$$x'],
  ['see $$a = b$$ here', '$$a = b'],
  ['$$x$$ (1)', '$$x'],
  ['$$x = y$$.', '$$x = y'],
  ['\\(x\\)', '\\(x'],
  ['a \\(x_1\\) b \\(ab\\) c', '\\(x_1', '\\(ab'],
  ['\\[x = 1\\]', '\\[x = 1'],
  ['\\[\n\\int_0^1 f\n\\]', '\\[\\int_0^1 f'],
  ['- item\n\n  $$\n  x\n  $$', '$$x'],
  ['> $$\n> x\n> $$', '$$x'],
  ['1. so\n   \\[\n   x\n   \\]', '\\[x'],
  ['| a |\n|---|\n| $x_1$ |', '$x_1'],
])('%j has its formulas', (text, ...found) => {
  expect(formulas(text)).toEqual(found)
})

test.each([
  'It costs $5 and $10.',
  '$5-$10',
  '$20/$30 a day',
  'between $5M–$10M in $US',
  '$1,000 to $2,000, or $3',
  'a $100 bill and a 5$ coin',
  'US$5 and A$6',
  'save **$5**, pay **$3**',
  '$5, $10, and $15',
  '$5,$6',
  'from $5/month to $50/year',
  'is $9.99. Pay $9.99?',
  '($5) or ($6)',
  '| $5 | $6 |\n|---|---|\n| $7 | $8 |',
  '$HOME/bin:$PATH',
  '$PATH:/usr/bin:$HOME',
  'export A=$B; echo $C',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what a shell's text looks like
  '${a} and ${b}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what a shell's text looks like
  '${a}${b}, ${a}/${b}',
  'the $variable and the other$',
  '`$x$` and `\\(y\\)`',
  '```\n$$\nx\n$$\n```',
  '    $$x$$',
  '\\$x\\$',
  '$ x $',
  '$x',
  '$$',
  '$$$$',
  'echo $$ and $$',
  '\\(not closed',
  '\\[ \\] open, \\[x\\] done',
  'cited \\[1\\], \\[12\\]',
  '\\[a note in brackets\\]',
  '\\(see the appendix\\)',
  '\\\\(x\\\\)',
  '\\$5 and \\$6',
  'a$b$c',
  '$x\ny$',
  'R$ 5,00 e R$ 6,00',
  '5€ or $6€ and 7$',
  'jQuery: $.ajax and $.get',
  '$0.50/$1.00',
  'Profit ($m): $5m vs. $6m',
])('%j has none', (text) => {
  expect(formulas(text)).toEqual([])
  expect(formulas(text, true).filter((found) => found !== 'source')).toEqual([])
})

describe('what is not closed', () => {
  const block = (lines: number): string => `$$\n${'x + y\n'.repeat(lines)}`

  test('is source while the text grows, and a paragraph when it does not', () => {
    for (const text of ['$$\nx_1', '\\[\nx_1', '> $$\n> x', '- $$\n  x']) {
      expect(formulas(text, true), text).toEqual(['source'])
      expect(formulas(text), text).toEqual([])
    }
    expect(formulas('\\(x_1 and \\[', true)).toEqual([])
  })

  test('is given up after 60 lines or 4,000 characters, and not before', () => {
    expect(formulas(block(50), true)).toEqual(['source'])
    expect(formulas(block(70), true)).toEqual([])
    expect(formulas(`$$\n${'x'.repeat(3900)}`, true)).toEqual(['source'])
    expect(formulas(`$$\n${'x'.repeat(4100)}`, true)).toEqual([])
    expect(formulas(`${block(70)}$$`)).toEqual([])
    expect(formulas(`${block(50)}$$`)).toHaveLength(1)
  })

  test('takes no time, whatever it is', () => {
    for (const unit of ['$', '$a', '$a ', '$1', '$$', '$$\n', '\\(', '\\[', '\\[\n', '$x\n', '\\\\', '$$a\n', '$a$1']) {
      const text = unit.repeat(20_000 / unit.length)
      const start = performance.now()
      parse(text, noReferences(), true)
      parse(text, noReferences(), false)
      // Fifty times what a linear pass needs, and much less than a quadratic one would.
      expect(performance.now() - start, unit).toBeLessThan(5000)
    }
  }, 60_000)
})

test('a text with formulas grows to what it is at once, whatever is closed and when', () => {
  const texts = [
    'So:\n$$\nx_1\n\ny\n\nz\n\nw\n$$\nend',
    'So:\n$$\nx_1\n\ny\n\nz\n\nnever',
    'a\n\\[not a link](/foo)\nb\n\nc\n\nd\n\ne',
    'a\n\n\\[\nx\n\ny\n\nz\n\\] (1)\n\nb',
    '- a\n  $$\n  x\n\n  y\n  $$\n\nb\n\nc\n\nd',
    '> $$\n> x\n\nb\n\nc $x$ and \\(y_1\\) or \\(z_1 *k*',
    `$$\n${'x\n'.repeat(70)}$$\n\nend`,
    `$$\n${'x'.repeat(3990)}\n$$\n\nend`,
    `\\[${'x '.repeat(2500)}\n\nmore\n\nand more\n\\]`,
  ]
  for (const text of texts) {
    const whole = document.createElement('div')
    const once = new Markdown(whole)
    once.append(text)
    once.close()
    for (const size of [1, 3, 7]) {
      const host = document.createElement('div')
      const markdown = new Markdown(host)
      for (let at = 0; at < text.length; at += size) markdown.append(text.slice(at, at + size))
      markdown.close()
      expect(host.innerHTML, text.slice(0, 40)).toBe(whole.innerHTML)
    }
  }
}, 60_000)
