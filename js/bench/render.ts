/**
 * The page's half of `benchmarks/render.py`: ways to show a growing Markdown text, one of them run at a time.
 *
 * Belongs here: the contenders, each as its documentation shows it, and the loop that gives one of them a piece of text per
 * animation frame. Does not belong here: the texts and the measuring. All stand in the same shadow root under the view's own
 * stylesheet and scroller, which follows the end as the view does.
 */

import MarkdownIt from 'markdown-it'
import { Marked, type Token } from 'marked'
import { default_renderer, parser, parser_end, parser_write } from 'streaming-markdown'
import { h } from '../src/dom'
import { Markdown } from '../src/markdown'
import { Feed } from '../src/views/feed'
import { attachStyles } from '../src/views/styles'
import { Text as RawText } from '../src/views/text'

interface Contender {
  append(text: string): void
  close(): void
}

/** The bound: text and nothing else, a block a line, so that the browser lays out one line and not the whole text. */
function plainText(host: HTMLElement): Contender {
  let line: globalThis.Text | undefined
  return {
    append(text) {
      text.split('\n').forEach((part, index) => {
        if (index > 0 || !line) {
          line = document.createTextNode('')
          const block = document.createElement('p')
          block.append(line)
          host.append(block)
        }
        if (part !== '') line.appendData(part)
      })
    },
    close() {},
  }
}

/** Everything is parsed again with every piece, as most do it. */
function wholeAgain(host: HTMLElement): Contender {
  const engine = new MarkdownIt({ linkify: true })
  let text = ''
  return {
    append(more) {
      text += more
      host.innerHTML = engine.render(text)
    },
    close() {},
  }
}

function streamingMarkdown(host: HTMLElement): Contender {
  const stream = parser(default_renderer(host))
  return { append: (text) => parser_write(stream, text), close: () => parser_end(stream) }
}

/** marked, all blocks but the last one kept; so it is not exact, but it is what people write. */
function markedTail(host: HTMLElement): Contender {
  const engine = new Marked({ gfm: true })
  let tail = ''
  let kept = 0
  const show = (tokens: Token[]): DocumentFragment => {
    const template = document.createElement('template')
    template.innerHTML = engine.parser(tokens)
    return template.content
  }
  return {
    append(text) {
      tail += text
      const tokens = engine.lexer(tail)
      const last = tokens.findLastIndex(({ type }) => type !== 'space')
      while (host.childNodes.length > kept) host.lastChild?.remove()
      if (last > 0) {
        const done = tokens.slice(0, last)
        host.append(show(done))
        kept = host.childNodes.length
        tail = tail.slice(done.reduce((length, { raw }) => length + raw.length, 0))
      }
      host.append(show(tokens.slice(Math.max(last, 0))))
    },
    close() {},
  }
}

const CONTENDERS = {
  plain: ['nb-md', plainText],
  nbstream: ['nb-md', (host: HTMLElement) => new Markdown(host)],
  'nbstream-text': ['nb-raw', (host: HTMLElement) => new RawText(host, true)],
  'streaming-markdown': ['nb-md', streamingMarkdown],
  'marked-tail': ['nb-md', markedTail],
  'markdown-it-whole': ['nb-md', wholeAgain],
} as const satisfies Record<string, readonly [string, (host: HTMLElement) => Contender]>

/** One contender with its text, of which `run` shows as much as it is told. */
class Run {
  private readonly contender: Contender
  private readonly scroller: HTMLElement
  private readonly host: HTMLElement
  private at = 0
  private longest = 0
  script = 0
  layout = 0

  constructor(
    name: keyof typeof CONTENDERS,
    private readonly pieces: readonly string[],
  ) {
    const [style, make] = CONTENDERS[name]
    this.host = h('div', { class: style })
    this.scroller = show(this.host)
    this.contender = make(this.host)
  }

  /** Show `count` more pieces, one a frame, or as many as can be shown in `ms`; returns how many were. */
  async run(count: number, ms: number): Promise<{ shown: number; longest: number }> {
    const begun = performance.now()
    const first = this.at
    const end = Math.min(this.at + count, this.pieces.length)
    while (this.at < end && performance.now() - begun < ms) {
      await new Promise(requestAnimationFrame)
      const start = performance.now()
      this.contender.append(this.pieces[this.at] ?? '')
      this.at += 1
      const took = performance.now() - start
      this.script += took
      this.longest = Math.max(this.longest, took)
      this.scroller.scrollTop = this.scroller.scrollHeight
      this.layout += performance.now() - start - took
    }
    if (this.at === this.pieces.length) this.contender.close()
    return { shown: this.at - first, longest: this.longest }
  }

  get length(): number {
    return this.host.textContent?.length ?? 0
  }
}

/** Put `host` into a view's place in the page; returns what scrolls it. */
function show(host: HTMLElement): HTMLElement {
  const scroller = h('div', { class: 'nb-scroll' }, h('div', { class: 'nb-body' }, h('section', { class: 'nb-sec' }, host)))
  const outer = document.createElement('div')
  outer.style.width = '760px'
  const root = outer.attachShadow({ mode: 'open' })
  root.append(h('section', { class: 'nb', 'data-theme': 'light' }, scroller))
  attachStyles(root)
  document.body.replaceChildren(outer)
  return scroller
}

/** Show `text`, which comes at once, as the view does; returns the frames that it took and the longest task, in milliseconds. */
async function huge(text: string): Promise<{ frames: number; longest: number }> {
  const host = h('div', { class: 'nb-md' })
  const scroller = show(host)
  const feed = new Feed(new Markdown(host))
  const tasks = new PerformanceObserver(() => undefined)
  tasks.observe({ type: 'longtask' })
  feed.append(text)
  feed.close()
  let frames = 0
  let longest = 0
  for (let last = false; !last; frames++) {
    await new Promise(requestAnimationFrame)
    last = !feed.busy
    const start = performance.now()
    feed.work()
    scroller.scrollTop = scroller.scrollHeight
    longest = Math.max(longest, performance.now() - start)
  }
  // A task ends after its frame has been painted.
  await new Promise((done) => setTimeout(done, 100))
  return { frames, longest: Math.max(longest, ...tasks.takeRecords().map(({ duration }) => duration)) }
}

Object.assign(globalThis, {
  benchRun: (name: keyof typeof CONTENDERS, pieces: string[]) => new Run(name, pieces),
  benchHuge: huge,
})
