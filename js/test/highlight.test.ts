/** Colours: the runs of a text, which lines are looked at when, and what becomes of a text that takes too long. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CodeBlock } from '../src/markdown/code'
import { Colours } from '../src/parts/colours'
import { Highlighter, type Process } from '../src/parts/highlight'
import { KINDS } from '../src/parts/kinds'
import { type Runs, tokenise } from '../src/parts/tokens'

const PYTHON = `# A sum
import math

def area(r: float) -> float:
    """Of a circle.

    Twice over lines.
    """
    return math.pi * r ** 2  # exact

print(f"{area(3):.2f}", True, None)
`

/** The text of each run with its kind, plain ones left out. */
function marks(language: string, text: string): string[] {
  const runs = tokenise(language, text) ?? new Uint32Array()
  const out: string[] = []
  let at = 0
  for (let run = 0; run < runs.length; run += 2) {
    const piece = text.slice(at, at + (runs[run] ?? 0))
    at += runs[run] ?? 0
    if (runs[run + 1]) out.push(`${KINDS[runs[run + 1] ?? 0]}:${piece}`)
  }
  return out
}

const sum = (runs: Runs): number => runs.reduce((total, value, at) => (at % 2 === 0 ? total + value : total), 0)

describe('runs', () => {
  test('name what a reader looks for', () => {
    const found = marks('python', PYTHON)
    expect(found).toEqual(expect.arrayContaining(['c:# A sum', 'k:import', 'k:def', 'p:area', 'n:2', 'c:# exact', 'n:True']))
    expect(found.find((mark) => mark.startsWith('s:"""Of'))).toContain('Twice over lines')
    expect(marks('json', '{"a": [1, "b"]}')).toEqual(expect.arrayContaining(['p:"a"', 'n:1', 's:"b"']))
    expect(marks('pycon', '>>> 1 + 1\n2\n')).toEqual(expect.arrayContaining(['o:>>>', 'n:1']))
  })

  test.each([
    'py',
    'js',
    'ts',
    'tsx',
    'jsonc',
    'sh',
    'zsh',
    'console',
    'sql',
    'html',
    'svg',
    'css',
    'java',
    'c',
    'c++',
    'c#',
    'go',
    'rust',
    'rb',
    'php',
    'yml',
    'md',
    'diff',
    'r',
    'jl',
    'toml',
    'tex',
    'kt',
    'make',
    'docker',
  ])('%s has a grammar, and its runs add up to the text', (language) => {
    const runs = tokenise(language, PYTHON)
    expect(runs && sum(runs)).toBe(PYTHON.length)
  })

  test('an unknown language has none', () => {
    for (const language of ['klingon', 'text', '', '__proto__', 'constructor']) expect(tokenise(language, 'x')).toBeUndefined()
  })
})

/** A highlighter that answers at once, and what it was asked. */
class Asked {
  readonly texts: string[] = []
  readonly frames: (() => void)[] = []
  answers = true
  readonly highlight = async (language: string, text: string): Promise<Runs | undefined> => {
    this.texts.push(text)
    return this.answers ? tokenise(language, text) : undefined
  }
  readonly frame = (job: () => void): void => void queueMicrotask(job)

  colours(block: CodeBlock): Colours {
    document.body.append(block.root)
    return new Colours(block, this.highlight, this.frame)
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))
const html = ({ root }: CodeBlock): string => root.querySelector('code')?.innerHTML ?? ''

async function finished(text: string, language = 'python'): Promise<string> {
  const block = new CodeBlock(text, language, false)
  new Asked().colours(block).changed()
  await settled()
  return html(block)
}

describe('a block', () => {
  afterEach(() => document.body.replaceChildren())

  test('has its text and its colours', async () => {
    const block = new CodeBlock(PYTHON, 'python', false)
    new Asked().colours(block).changed()
    await settled()
    expect(block.root.querySelector('code')?.textContent).toBe(PYTHON)
    expect([...block.root.querySelectorAll('.k')].map(({ textContent }) => textContent)).toContain('def')
    expect([...block.root.querySelectorAll('.s')].map(({ textContent }) => textContent)).toContain('    Twice over lines.\n')
  })

  test('while it grows, only what follows the last empty line is looked at again, and in the end all of it', async () => {
    const asked = new Asked()
    const block = new CodeBlock('', 'python', true)
    const colours = asked.colours(block)
    for (const line of PYTHON.split(/(?<=\n)/)) {
      block.append(line)
      colours.changed()
      await settled()
    }
    expect(asked.texts).toContain('def area(r: float) -> float:\n')
    expect(asked.texts.at(-1)).toBe('print(f"{area(3):.2f}", True, None)\n')
    block.become(new CodeBlock(PYTHON, 'python', false))
    colours.changed()
    await settled()
    expect(asked.texts.at(-1)).toBe(PYTHON)
    expect(html(block)).toBe(await finished(PYTHON))
  })

  test('that is long is looked at in pieces, and has the same colours however it came', async () => {
    const text = PYTHON.repeat(500)
    const asked = new Asked()
    const block = new CodeBlock(text.slice(0, 3000), 'python', true)
    const colours = asked.colours(block)
    colours.changed()
    await settled()
    block.become(new CodeBlock(text, 'python', false))
    colours.changed()
    await vi.waitFor(async () => {
      await settled()
      expect(asked.texts.reduce((total, piece) => total + piece.length, -3000)).toBe(text.length)
    })
    for (const piece of asked.texts.slice(1, -1)) expect(piece).toMatch(/\n\n$/)
    await settled()
    expect(html(block)).toBe(await finished(text))
  }, 60_000)

  test('has no colours beyond 200,000 characters', async () => {
    const text = `x = 1\n\n${`${'y = 2  # '.padEnd(60, 'z')}\n`.repeat(4000)}`
    const block = new CodeBlock(text, 'python', false)
    const asked = new Asked()
    asked.colours(block).changed()
    await settled()
    await settled()
    expect(asked.texts.reduce((total, piece) => total + piece.length, 0)).toBeLessThan(200_100)
    expect(block.root.querySelector('code')?.textContent).toBe(text)
  }, 60_000)

  test('leaves alone a line that is right already, and the caret where it stands', async () => {
    const asked = new Asked()
    const block = new CodeBlock('a = 1\nb = "x', 'python', true)
    const colours = asked.colours(block)
    const caret = document.createElement('i')
    block.spot.append(caret)
    colours.changed()
    await settled()
    const first = block.root.querySelector('.nb-lines > div')?.firstElementChild
    expect(first).not.toBeNull()
    block.append('yz')
    expect(block.spot.lastChild).toBe(caret)
    colours.changed()
    await settled()
    expect(block.root.querySelector('.nb-lines > div')?.firstElementChild).toBe(first)
    expect(block.spot.lastChild).toBe(caret)
    expect(block.root.querySelector('code')?.textContent).toBe('a = 1\nb = "xyz')
  })

  test('a line that hides something has no colours, and shows it', async () => {
    const block = new CodeBlock('x = 1 # \u202e\ny = 2\n', 'python', false)
    new Asked().colours(block).changed()
    await settled()
    const [first, second] = block.root.querySelectorAll('.nb-lines > div')
    expect(first?.innerHTML).toBe('x = 1 # <span class="nb-hid">[U+202E]</span>\n')
    expect(second?.querySelector('.n')?.textContent).toBe('2')
  })

  test('stays as it is where there is no answer, and is asked for once more when it is closed', async () => {
    const asked = new Asked()
    asked.answers = false
    const block = new CodeBlock('a = 1\n', 'python', true)
    const colours = asked.colours(block)
    for (const line of ['b = 2\n', 'c = 3\n']) {
      colours.changed()
      await settled()
      block.append(line)
    }
    expect(asked.texts).toEqual(['a = 1\n'])
    block.open = false
    for (let again = 0; again < 3; again++) {
      colours.changed()
      await settled()
    }
    expect(asked.texts).toEqual(['a = 1\n', 'a = 1\nb = 2\nc = 3\n'])
    expect(block.root.querySelector('.nb-lines span')).toBeNull()
  })
})

/** A worker that does nothing by itself. */
class Idle implements Process {
  onmessage: ((event: MessageEvent) => void) | null = null
  onerror: ((event: ErrorEvent) => void) | null = null
  readonly heard: unknown[] = []
  dead = false

  postMessage(message: unknown): void {
    this.heard.push(message)
  }
  terminate(): void {
    this.dead = true
  }
  say(data: unknown): void {
    this.onmessage?.({ data } as MessageEvent)
  }
}

describe('the worker', () => {
  const workers: Idle[] = []
  const runs = new Uint32Array([1, 1])
  let highlighter: Highlighter

  beforeEach(() => {
    vi.useFakeTimers()
    workers.length = 0
    highlighter = new Highlighter(() => {
      workers.push(new Idle())
      return workers.at(-1) as Idle
    })
  })
  afterEach(() => void vi.useRealTimers())

  test('gets one text at a time, in order', async () => {
    const answers = [highlighter.highlight('py', 'a'), highlighter.highlight('py', 'b')]
    expect(workers[0]?.heard).toEqual([])
    workers[0]?.say('ready')
    expect(workers[0]?.heard).toEqual([{ language: 'py', text: 'a' }])
    workers[0]?.say(runs)
    workers[0]?.say(null)
    expect(await Promise.all(answers)).toEqual([runs, undefined])
    expect(workers).toHaveLength(1)
  })

  test('is killed after a second, and the next text gets another', async () => {
    const answers = [highlighter.highlight('py', 'evil'), highlighter.highlight('py', 'good')]
    workers[0]?.say('ready')
    vi.advanceTimersByTime(999)
    expect(workers[0]?.dead).toBe(false)
    vi.advanceTimersByTime(1)
    expect(workers[0]?.dead).toBe(true)
    expect(await answers[0]).toBeUndefined()
    workers[1]?.say('ready')
    workers[1]?.say(runs)
    expect(await answers[1]).toBe(runs)
  })

  test('that fails costs one text', async () => {
    const answer = highlighter.highlight('py', 'a')
    workers[0]?.say('ready')
    workers[0]?.onerror?.(new ErrorEvent('error'))
    expect(await answer).toBeUndefined()
    expect(workers[0]?.dead).toBe(true)
  })

  test('that cannot be made, or never begins, is not tried again', async () => {
    const forbidden = new Highlighter(() => {
      throw new DOMException('no', 'SecurityError')
    })
    expect(await forbidden.highlight('py', 'a')).toBeUndefined()
    const answer = highlighter.highlight('py', 'a')
    vi.advanceTimersByTime(15_000)
    expect(await answer).toBeUndefined()
    expect(await highlighter.highlight('py', 'b')).toBeUndefined()
    expect(workers).toHaveLength(1)
  })
})
