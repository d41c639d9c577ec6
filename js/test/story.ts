/** A run with every kind of section: what several tests show at every step. */

import type { Event } from '../src/events'
import { random } from './helpers'
import { model } from './mounted'
import { amend, append, close, end, note, open } from './run'
import { SNIPPETS } from './snippets'

/** A run with every kind of section, its text cut by chance. */
export function story(seed: number): Event[] {
  const next = random(seed)
  const cut = (at: number, text: string): Event[] => {
    const out: Event[] = []
    // By code point: half of a pair cannot be on the wire.
    const signs = [...text]
    for (let from = 0; from < signs.length; ) {
      const size = 1 + Math.floor(next() * 12)
      out.push(append(at, signs.slice(from, from + size).join('')))
      from += size
    }
    return out
  }
  return [
    model,
    note({ phase: 'waiting', ttft_us: 480_000 }),
    open('thinking'),
    ...cut(0, 'First this.\n\nThen that, at some length, over\nlines.'),
    close(0),
    amend(0, { duration_us: 3_200_000 }),
    open('content'),
    ...cut(1, SNIPPETS.slice(0, 20).join('\n\n')),
    close(1),
    open('tool', { state: 'input' }),
    amend(2, { name: 'get_weather', id: 'c1' }),
    ...cut(2, '{"city": "Oslo", "days": [1, 2.0, 12345678901234567890]}'),
    close(2),
    amend(2, { state: 'ready' }),
    open('result', { name: 'get_weather' }),
    ...cut(3, 'cold\nand wet'),
    close(3),
    open('hologram'),
    ...cut(4, 'a kind of the future'),
    close(4),
    open('content', { choice: 1 }),
    ...cut(5, SNIPPETS.slice(20).join('\n\n')),
    note({ output_tokens: 300, input_tokens: 20, cost_nanousd: 12_000_000, duration_us: 10_100_000, finish_reason: 'stop' }),
    open('error', { code: 'rate_limit', hint: 'Wait a little.' }),
    ...cut(6, 'Too many requests'),
    end('error', undefined, { code: 'rate_limit', message: 'Too many requests', hint: 'Wait a little.' }),
  ]
}
