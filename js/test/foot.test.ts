/** The foot: its figures and its tools. */

import { describe, expect, test, vi } from 'vitest'
import { announced, button, frame, type Mounted, model, mount, one } from './mounted'
import { append, end, note, open, Run } from './run'
import { story } from './story'

describe('foot', () => {
  const figures = ({ view }: Mounted): string[] => [...view.querySelectorAll('dd')].map((dd) => dd.textContent ?? '')

  test('a figure is a dash before it is known, has a tilde while it is estimated, and none when the provider sent it', () => {
    const mounted = mount(new Run([model]))
    const { run } = mounted
    expect(figures(mounted)).toEqual(['–', '– tok/s', '– in', '– out', '$ –'])
    run.apply([note({ ttft_us: 480_000 }), open('content'), append(0, 'x'.repeat(4000))])
    vi.advanceTimersByTime(10_500)
    expect(figures(mounted)).toEqual(['0.48 s', '~100 tok/s', '– in', '~1,000 out', '$ –'])
    run.apply([
      note({ output_tokens: 1236, input_tokens: 1204, cost_nanousd: 22_200_000, duration_us: 10_480_000 }),
      end('done'),
    ])
    frame()
    expect(figures(mounted)).toEqual(['0.48 s', '124 tok/s', '1,204 in', '1,236 out', '$0.0222'])
  })

  test('Copy copies the answer of the first choice and nothing else', async () => {
    const written: string[] = []
    Object.defineProperty(navigator, 'clipboard', {
      configurable: true,
      value: { writeText: async (text: string) => void written.push(text) },
    })
    const mounted = mount(new Run(story(3)))
    button(mounted.view, 'Copy').click()
    await vi.advanceTimersByTimeAsync(0)
    expect(written).toEqual([mounted.run.store.sections[1]?.text()])
    expect(announced(mounted)).toBe('Copied')
    button(mounted.view, 'Copy code').click()
    await vi.advanceTimersByTimeAsync(0)
    expect(written[1]).toBe('print("hi")')
    Reflect.deleteProperty(navigator, 'clipboard')
  })

  test('the prompt is one line that opens, and can be hidden', () => {
    const mounted = mount(new Run([model]))
    const prompt = one(mounted.view, '.nb-prompt')
    expect(prompt.hidden).toBe(false)
    one(prompt, 'button').click()
    expect(one(prompt, 'button').getAttribute('aria-expanded')).toBe('true')
    button(mounted.view, 'Hide prompt').click()
    expect(prompt.hidden).toBe(true)
  })

  test('a scripted answer says so, and how to get a real one', () => {
    const mounted = mount(new Run([model]))
    expect(one(mounted.view, '.nb-note').hidden).toBe(true)
    mounted.run.apply([note({ demo: true })])
    frame()
    expect(one(mounted.view, '.nb-note').textContent).toContain('scripted')
    expect(one(mounted.view, '.nb-note').textContent).toContain('model="openai/gpt-5"')
  })
})
