import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { Markdown } from '../src/markdown'
import { findCut, LEAST, STAND_IN } from '../src/markdown/cut'
import { complete, settle } from '../src/markdown/mend'
import { build } from '../src/markdown/nodes'
import { noReferences, parse, parseBlocks } from '../src/markdown/parser'
import { corpus, random } from './helpers'
import { SNIPPETS } from './snippets'

// Long walks over texts; a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 })

function grow(pieces: Iterable<string>, close: boolean): string {
  return flat(grown(pieces, close))
}

function grown(pieces: Iterable<string>, close: boolean, least?: number): HTMLElement {
  const host = document.createElement('div')
  const markdown = new Markdown(host, least)
  for (const piece of pieces) markdown.append(piece)
  if (close) markdown.close()
  return host
}

/** What stands in `host`, the parts of a long text, of long lists and of long tables taken away. */
function flat(host: HTMLElement): string {
  for (const part of [...host.querySelectorAll(':scope > .nb-part')]) part.replaceWith(...part.childNodes)
  for (const items of [...host.querySelectorAll('.nb-items')]) items.replaceWith(...items.childNodes)
  for (const columns of [...host.querySelectorAll('colgroup')]) columns.remove()
  for (const rows of [...host.querySelectorAll('.nb-rows')]) {
    rows.previousElementSibling?.append(...rows.childNodes)
    rows.remove()
  }
  for (const grouped of host.querySelectorAll('[role=list], [role=table], li[value]'))
    for (const name of ['role', 'value']) grouped.removeAttribute(name)
  return host.innerHTML
}

function atOnce(text: string): string {
  const host = document.createElement('div')
  build(parse(text, noReferences()), host)
  return host.innerHTML
}

/** `text` in pieces of one to nine characters, or to `most`. */
function pieces(text: string, seed: number, most = 9): string[] {
  const next = random(seed)
  const out: string[] = []
  for (let at = 0; at < text.length; ) {
    const size = 1 + Math.floor(next() * most)
    out.push(text.slice(at, at + size))
    at += size
  }
  return out
}

describe.each(SNIPPETS.map((text) => [JSON.stringify(text).slice(0, 50), text]))('%s', (_name, text) => {
  test('at every length it looks the same by character as at once', () => {
    const host = document.createElement('div')
    const markdown = new Markdown(host)
    for (let end = 1; end <= text.length; end++) {
      markdown.append(text.charAt(end - 1))
      expect(host.innerHTML, JSON.stringify(text.slice(0, end))).toBe(grow([text.slice(0, end)], false))
    }
  })

  test('once closed it looks as if it had been parsed whole', () => {
    expect(grow(text, true)).toBe(atOnce(text))
    expect(grow([text], true)).toBe(atOnce(text))
    for (const seed of [1, 2, 3]) expect(grow(pieces(text, seed), true)).toBe(atOnce(text))
  })
})

test('all snippets in one text look the same however they are cut', () => {
  const text = SNIPPETS.join('\n\n')
  expect(grow([text], true)).toBe(atOnce(text))
  for (const seed of [1, 2, 3, 4]) {
    expect(grow(pieces(text, seed), true)).toBe(atOnce(text))
    expect(grow(pieces(text, seed), false)).toBe(grow([text], false))
  }
})

test('a long text stands in parts that are the same however it is cut, and are built again where a link is defined late', () => {
  const blocks = Array.from({ length: 300 }, (_, number) => `${number} of *300*, see [late]\n\n`)
  const text = `${blocks.join('')}[late]: https://example.org/\n\nthe\n\nend\n`
  const host = grown(pieces(text, 5), true)
  expect(host.innerHTML).toBe(grown([text], true).innerHTML)
  expect(host.querySelectorAll('a[href="https://example.org/"]')).toHaveLength(300)
  const parts = [host, ...host.querySelectorAll('.nb-part')]
  expect(parts).toHaveLength(19)
  for (const part of parts) expect(part.children.length).toBeLessThanOrEqual(16 + 19)
  for (const seed of [1, 2]) expect(grown(pieces(text, seed), false).innerHTML).toBe(grown([text], false).innerHTML)
  expect(flat(host)).toBe(atOnce(text))
})

const examples = corpus('commonmark_examples.jsonl')

test.skipIf(examples.missing)(
  'every example of the CommonMark specification grows to what it is at once',
  () => {
    for (const { text } of examples.lines) {
      expect(grow(text, true), JSON.stringify(text)).toBe(atOnce(text))
      // Between other blocks, where it has neighbours to disturb.
      const between = `before\n\n${text}\n\nafter\n\nand\n\nagain\n`
      expect(grow(pieces(between, 7), true), JSON.stringify(text)).toBe(atOnce(between))
      expect(grow(pieces(between, 7), false), JSON.stringify(text)).toBe(grow([between], false))
    }
  },
  60_000,
)

// What makes and ends lists, tables and code, and what turns them into something else.
// biome-ignore format: a list of pieces, not one a line
const BITS = [
  'a', 'b c', '*', '**', '_', '`', '```\n', '~~~\n', '\n', '\n\n', '\n', ' ', '  ', '    ', '\t', '- ', '* ', '1. ', '2) ', '> ', '# ', '===\n',
  '---\n', '[a]', '[a]: https://a.example\n', '[b](https://b.example)', '![', '\\', '&amp;', '| a | b |\n|---|---|\n', '| c | d |\n', '- [ ] ',
  'foo bar ', '**x** ', '\n- one\n- two\n', '\n\n- loose\n\n- list\n', '\n1. one\n2. two\n   - in\n', '\n```py\ncode\n', '| x |\n', '\r\n',
]

test.each([1, 2, 3, 4, 5, 6])('a text that is cut wherever it can be looks as if it had been read whole (seed %i)', (seed) => {
  const next = random(seed)
  const pick = (): string => BITS[Math.floor(next() * BITS.length)] ?? ''
  for (let round = 0; round < 12; round++) {
    const often = pick()
    const text = Array.from({ length: 10 + 90 * next() }, () => (next() < 0.3 ? often : pick())).join('')
    const small = pieces(text, seed * 100 + round)
    expect(flat(grown(small, true, 1)), JSON.stringify(text)).toBe(atOnce(text))
    expect(flat(grown([text], true, 1)), JSON.stringify(text)).toBe(atOnce(text))
    expect(flat(grown(small, false, 1)), JSON.stringify(text)).toBe(flat(grown([text], false)))
  }
})

test.each([
  ['list', (n: number) => `- item **${n}** with [late]\n`, 'li'],
  ['loose list', (n: number) => `${n + 1}. item ${n}\n\n   - inner\n`, 'li'],
  ['list that turns loose late', (n: number) => `${n === 150 ? '\n' : ''}- item ${n}\n`, 'li'],
  ['table', (n: number) => `${n === 0 ? '| a | b |\n|---|--:|\n' : ''}| ${n} | [late] *c* |\n`, 'tr'],
  ['fence', (n: number) => `${n === 0 ? '```py\n' : ''}line ${n}\n`, 'span'],
])('a long %s is read once, part by part, and its parts are not touched again', (_name, line, part) => {
  const text = `before\n\n${Array.from({ length: 200 }, (_, n) => line(n)).join('')}`
  const host = document.createElement('div')
  const markdown = new Markdown(host)
  const early = new Set<Element>()
  for (const piece of pieces(text, 9, 60)) {
    markdown.append(piece)
    if (early.size < 20) for (const element of host.querySelectorAll(`figure, ${part}`)) early.add(element)
  }
  // Those that were seen while they were still open may have been exchanged.
  expect([...early].filter((element) => host.contains(element)).length).toBeGreaterThan(early.size / 2)
  const rest = '\n\n[late]: https://example.org/\n\nafter\n'
  markdown.append(rest)
  markdown.close()
  expect(flat(host)).toBe(atOnce(text + rest))
})

test.each([
  ['list', (n: number) => `- item ${n} with [late]\n`, '.nb-items', 'ul', 'li'],
  ['numbered list', (n: number) => `${n + 7}. item ${n}\n`, '.nb-items', 'ol', 'li'],
  ['list that turns loose late', (n: number) => `${n === 150 ? '\n' : ''}- item ${n}\n`, '.nb-items', 'ul', 'li'],
  ['table', (n: number) => `${n === 0 ? '| a | b |\n|---|--:|\n' : ''}| ${n} | [late] |\n`, '.nb-rows', 'table', 'tr'],
])(
  'a long %s stands in groups of at most so many, the same however it is cut, and is one',
  (_name, line, group, whole, part) => {
    const text = `${Array.from({ length: 150 }, (_, n) => line(n)).join('')}\n\n`
    const rest = '[late]: https://example.org/\n\nthe\n\nend\n'
    const host = grown(pieces(text + rest, 3, 40), true)
    for (const other of [grown([text + rest], true), grown(pieces(text + rest, 8, 3_000), true), grown([text, rest], true, 1)])
      expect(host.innerHTML === other.innerHTML).toBe(true)
    expect(host.querySelectorAll(whole)).toHaveLength(1)
    const sizes = [...host.querySelectorAll(group)].map((element) => element.querySelectorAll(`:scope > ${part}`).length)
    expect(sizes).toEqual([32, 32, 32, 22])
    const roles = [...host.querySelectorAll(`${group}, ${whole}`)].map((element) => element.getAttribute('role'))
    expect(roles).toEqual(whole === 'table' ? ['table', null, null, null, null] : ['list', 'none', 'none', 'none', 'none'])
    const numbers = [...host.querySelectorAll('li[value]')].map((item) => item.textContent)
    if (whole === 'ol') expect(numbers).toEqual(['item 32', 'item 64', 'item 96', 'item 128'])
    if (whole === 'ol') expect(host.querySelector('li[value]')?.getAttribute('value')).toBe('39')
  },
)

test('items that stand in a group are not touched again, whatever comes', () => {
  const host = document.createElement('div')
  const markdown = new Markdown(host)
  for (let n = 0; n < 80; n++) markdown.append(`- item ${n} of many\n`)
  const items = [...host.querySelectorAll('li')].slice(0, 60)
  const seen: string[] = []
  const observer = new MutationObserver((records) => seen.push(...records.map(({ type }) => type)))
  for (const item of items) observer.observe(item, { subtree: true, childList: true, characterData: true, attributes: true })
  for (let n = 80; n < 200; n++) markdown.append(`- item ${n} of many\n`)
  markdown.append('\nafter\n')
  markdown.close()
  seen.push(...observer.takeRecords().map(({ type }) => type))
  expect(seen).toEqual([])
  expect([...host.querySelectorAll('li')].slice(0, 60)).toEqual(items)
})

test('a paragraph without end is read in stretches, at the same places however it is cut', () => {
  const words = Array.from({ length: 4_000 }, (_, n) => (n % 40 === 0 ? `**word ${n}**` : `word ${n}`)).join(' ')
  const text = `before\n\n${words}\n\nafter\n\nand\n\nagain`
  expect(flat(grown(pieces(text, 3, 900), true))).toBe(flat(grown([text], true)))
  expect(flat(grown([text], true))).toBe(atOnce(text))
  const open = `**${'open '.repeat(4_000)}`
  expect(flat(grown(pieces(open, 3, 900), true))).toBe(flat(grown([open], true)))
})

test.each([' [', ' **', ' `', ' \\[', '\n', ' '])('a paragraph that goes on with %j without end comes to an end', (mark) => {
  const rest = mark + 'a'.repeat(12_000)
  const going = { kind: 'paragraph', prefix: STAND_IN } as const
  const source = STAND_IN + rest
  // Asked first, because one who gains nothing by a cut would be at it for ever.
  const cut = findCut(parseBlocks(source, noReferences()), source, going, LEAST)
  expect(cut?.offset).toBeGreaterThan(STAND_IN.length)
  const text = 'word '.repeat(900).trim() + rest
  expect(flat(grown(pieces(text, 5, 900), true))).toBe(flat(grown([text], true)))
})

test('a block that cannot be cut goes on as text up to the next empty line', () => {
  const quote = `> one *two* ${'three '.repeat(60)}\n`.repeat(150)
  const text = `before\n\n${quote}\nafter *it*\n\nx\n\ny\n`
  const host = grown([text], true)
  expect(host.innerHTML).toBe(grown(pieces(text, 4, 3_000), true).innerHTML)
  expect(host.textContent?.replace(/\s/g, '')).toHaveLength(text.replace(/\s/g, '').length - 2)
  expect(host.querySelector('.nb-plain')?.textContent).toBe(quote)
  expect(host.querySelector('em')?.textContent).toBe('it')
})

test('what is nested deeper than is shown is text, and none of it is lost', () => {
  const text = `${'> '.repeat(10_000)}deep\n\nafter\n`
  const host = grown([text], true)
  expect(host.querySelectorAll('blockquote')).toHaveLength(0)
  expect(host.textContent).toContain('deep')
  expect(host.querySelector('p')?.textContent).toBe('after')
  const list = Array.from({ length: 60 }, (_, n) => `${'  '.repeat(n)}- level ${n}\n`).join('')
  expect(grown([list], true).textContent).toContain('level 59')
})

test('a finished block is never touched again', () => {
  const host = document.createElement('div')
  const markdown = new Markdown(host)
  markdown.append('one *two*\n\n- a\n- b\n\nthree\nfour\n\nfive')
  const [paragraph, list] = host.children
  const inside = paragraph?.querySelector('em')
  const seen: string[] = []
  const observer = new MutationObserver((records) => seen.push(...records.map(({ type }) => type)))
  for (const node of [paragraph, list])
    if (node) observer.observe(node, { subtree: true, childList: true, characterData: true, attributes: true })
  for (const piece of pieces('\n\n| a |\n|---|\n| b |\n\n```\ncode\n```\n\nmore\n\nand *more*\n\nend', 3))
    markdown.append(piece)
  markdown.close()
  seen.push(...observer.takeRecords().map(({ type }) => type))
  expect(seen).toEqual([])
  expect(host.children[0]).toBe(paragraph)
  expect(host.children[1]).toBe(list)
  expect(paragraph?.querySelector('em')).toBe(inside)
})

test('text that grows keeps its text node', () => {
  const host = document.createElement('div')
  const markdown = new Markdown(host)
  markdown.append('The quick')
  const node = host.querySelector('p')?.firstChild
  markdown.append(' brown fox')
  expect(host.querySelector('p')?.firstChild).toBe(node)
  expect(node?.textContent).toBe('The quick brown fox')
})

test('a definition that comes late makes links of the words that asked for it', () => {
  const host = document.createElement('div')
  const markdown = new Markdown(host)
  markdown.append('see [here]\n\na\n\nb\n\nc\n\n')
  expect(host.querySelector('a')).toBeNull()
  markdown.append('[here]: https://example.org/\n\nd\n\ne\n\nf\n\n')
  expect(host.querySelector('a')?.getAttribute('href')).toBe('https://example.org/')
})

test('blocks: headings are demoted, tables scroll, tasks have words, code has a label and a button', () => {
  expect(atOnce('# a\n\n###### b')).toBe('<h3 dir="auto">a</h3><h6 dir="auto">b</h6>')
  expect(atOnce('| a |\n|--:|\n| b |')).toContain('<table><thead><tr><th class="nb-right">a</th>')
  expect(atOnce('- [x] y')).toContain('role="img" aria-label="Done"')
  const code = atOnce('```py\nx\n```')
  expect(code).toContain('aria-label="Code, py"')
  expect(code).toContain('aria-label="Copy code"')
  expect(code).toContain('<code><div class="nb-lines"><div>x\n</div></div></code>')
})

test('the caret stands in the cell that grows', () => {
  expect(grown(['| a | b |\n|---|---|\n| c | d'], false).querySelector('.nb-caret')?.parentElement?.textContent).toBe('d')
})

test('links of a model open elsewhere and tell nothing; other addresses are text', () => {
  expect(atOnce('[a](https://e.org "t")')).toBe(
    '<p dir="auto"><a href="https://e.org/" target="_blank" rel="noopener noreferrer">a</a></p>',
  )
  for (const bad of ['javascript:alert(1)', './x', '/api', '//evil.example', 'data:text/html,x', 'file:///etc/passwd', '#x']) {
    const html = atOnce(`[a](${bad})`)
    expect(html, bad).not.toContain('href')
    expect(html, bad).toContain('>a</span>')
  }
})

test('an image is a place with its description, fetched when its host has been named and pressed, and stays then', () => {
  const root = document.createElement('div')
  const markdown = new Markdown(root)
  markdown.append('see ![the *chart*](https://images.example.org/x.png)')
  const button = root.querySelector('button')
  expect(root.querySelector('img')).toBeNull()
  expect(root.textContent).toContain('Image not loaded: the chart')
  expect(button?.textContent).toBe('Show image from images.example.org')
  expect(button?.title).toBe('https://images.example.org/x.png')
  button?.click()
  const shown = root.querySelector('img')
  expect(shown?.getAttribute('src')).toBe('https://images.example.org/x.png')
  markdown.append(' and more')
  expect(root.querySelector('img')).toBe(shown)
})

test('an image whose address changes must be asked for again', () => {
  const root = document.createElement('div')
  const markdown = new Markdown(root)
  markdown.append('![a](https://e.org/x)\n')
  root.querySelector('button')?.click()
  markdown.append('[a]: https://e.org/y\n\n![a]')
  expect([...root.querySelectorAll('img')].map((image) => image.getAttribute('src'))).not.toContain('https://e.org/y')
})

test('an image that is in the text is shown, one in a link has no button, and what is no picture is not loaded', () => {
  const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  expect(atOnce(`![dot](data:image/png;base64,${pixel})`)).toContain(`src="data:image/png;base64,${pixel}"`)
  expect(atOnce('[![x](https://e.org/x.png)](https://e.org)')).not.toContain('<button')
  for (const bad of ['javascript:alert(1)', './x', '//e.org/x', 'data:image/svg+xml,x', 'mailto:a@b.c']) {
    const html = atOnce(`![x](${bad})`)
    expect(html, bad).not.toContain('<img')
    expect(html, bad).not.toContain('<button')
  }
})

test.each([
  ['**bo', '**bo**'],
  ['**bold*', '**bold**'],
  ['**bold**', '**bold**'],
  ['a **b *c', 'a **b *c***'],
  ['***x', '***x***'],
  ['`co', '`co`'],
  ['``a`', '``a``'],
  ['**`x', '**`x`**'],
  ['~~go', '~~go~~'],
  ['foo **', 'foo'],
  ['[te', '[te'],
  ['[te](htt', '[te](nbstream:pending)'],
  ['![al](htt', '![al](nbstream:pending)'],
  ['**[te](h', '**[te](nbstream:pending)**'],
  ['[te](https://x/a_b) _c', '[te](https://x/a_b) _c_'],
  ['snake_case_na', 'snake_case_na'],
  ['2 * 3', '2 * 3'],
  ['a*b', 'a*b'],
  ['\\*a', '\\*a'],
  ['end\\', 'end'],
  ['](x', '](x'],
])('%s is completed to %s', (from, to) => {
  expect(complete(from)).toBe(to)
})

test.each([
  ['Intro\n-', 'Intro'],
  ['Intro\n- ', 'Intro'],
  ['Title\n==', 'Title'],
  ['a\n12.', 'a'],
  ['a\n``', 'a'],
  ['a\nb', 'a\nb'],
  ['| a | b', '| a | b\n|---|---|'],
  ['x\n\n| a | b |\n|-', 'x\n\n| a | b |\n|---|---|'],
  ['x\n| a', 'x\n| a'],
])('%j is settled to %j', (from, to) => {
  expect(settle(from)).toBe(to)
})

test('mending is linear: hostile tails of 100,000 characters take no time', () => {
  for (const unit of ['*', '_a', '`', '\\', '[', '](', ' ', '\n', '|', '-', '*a `', '&', '<', '[](']) {
    const text = unit.repeat(100_000 / unit.length)
    const start = performance.now()
    complete(text)
    complete(`${text}x`)
    settle(text)
    settle(`${text}x`)
    // A second is a hundred times what a linear pass needs, and a hundredth of what a quadratic one would.
    expect(performance.now() - start, unit).toBeLessThan(1000)
  }
})

test('a thousand levels of emphasis become a few, open or closed, without losing a word', () => {
  for (const text of ['*a **b '.repeat(1000), `${'*a **b '.repeat(1000)}${'b** a* '.repeat(1000)}`]) {
    const host = document.createElement('div')
    const markdown = new Markdown(host)
    for (let close = 0; close < 2; close++) {
      if (close) markdown.close()
      else markdown.append(text)
      let depth = 0
      for (let level: ParentNode[] = [host]; level.length > 0; depth++) level = level.flatMap(({ children }) => [...children])
      expect(depth).toBeLessThan(20)
    }
    expect(host.textContent?.match(/[ab]/g)).toHaveLength(text.match(/[ab]/g)?.length ?? 0)
  }
})

test('the dialect is read from one place', () => {
  for (const name of readdirSync('src/markdown').filter((name) => !/^(?:parser|delimiters)\.ts$/.test(name))) {
    const source = readFileSync(`src/markdown/${name}`, 'utf8')
    expect(source).not.toMatch(/from 'markdown-it'|innerHTML|createElement\(/)
  }
})
