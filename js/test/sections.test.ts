/** Sections: what each shows while it grows, and as raw text. */

import { describe, expect, test } from 'vitest'
import { body, button, frame, group, model, mount, one } from './mounted'
import { amend, append, close, end, note, open, Run } from './run'
import { story } from './story'

describe('sections', () => {
  test('are groups with a name, a kind and a place, in order', () => {
    const mounted = mount(new Run(story(1)))
    const groups = [...mounted.view.querySelectorAll('[data-at]')]
    expect(groups.map((g) => [g.getAttribute('role'), g.getAttribute('aria-label'), g.getAttribute('data-kind')])).toEqual([
      ['group', 'Thinking', 'thinking'],
      ['group', 'Answer', 'content'],
      ['group', 'Tool call get_weather', 'tool'],
      ['group', 'Result get_weather', 'result'],
      ['group', 'hologram', 'hologram'],
      ['group', 'Answer, choice 2', 'content'],
      ['group', 'Error', 'error'],
    ])
    expect(group(mounted, 5).textContent).toMatch(/^Choice 2/)
  })

  test('raw text shows each section exactly as it was received', () => {
    const mounted = mount(new Run(story(2)))
    const { store } = mounted.run
    button(mounted.view, 'Raw text').click()
    for (const section of store.sections) expect(body(mounted, section.at)).toBe(section.text())
    button(mounted.view, 'Raw text').click()
    expect(one(group(mounted, 1), '[data-part=body]').className).toBe('nb-md')
  })

  test('render="text" is raw from the first character on, also line by line', () => {
    const mounted = mount(new Run([note({ render: 'text' }), open('content')]))
    let text = ''
    for (const line of ['# a\r\n', '**b', '** <i>\n\n\n', 'x\n'.repeat(200), ' end \u0000\u2028']) {
      text += line
      mounted.run.apply([append(0, line)])
      frame()
      expect(body(mounted, 0)).toBe(text)
    }
    expect(button(mounted.view, 'Raw text').getAttribute('aria-pressed')).toBe('true')
  })

  test('thinking is open while it grows and closes with the first text of the answer', () => {
    const mounted = mount(new Run([model, open('thinking'), append(0, 'hm'.repeat(40))]))
    const toggle = one(group(mounted, 0), 'button')
    expect(toggle.getAttribute('aria-expanded')).toBe('true')
    expect(group(mounted, 0).hasAttribute('data-live')).toBe(true)
    mounted.run.apply([close(0), open('content')])
    frame()
    expect(toggle.getAttribute('aria-expanded')).toBe('true')
    mounted.run.apply([append(1, 'A'), amend(0, { duration_us: 3_200_000 })])
    frame()
    expect(toggle.getAttribute('aria-expanded')).toBe('false')
    expect(toggle.textContent).toBe('Thought for 3.2 s · ~20 tokens')
    toggle.click()
    mounted.run.apply([append(1, 'B'), note({ reasoning_tokens: 412 }), end('done')])
    frame()
    expect(toggle.getAttribute('aria-expanded')).toBe('true')
    expect(toggle.textContent).toBe('Thought for 3.2 s · 412 tokens')
  })

  test('thinking that holds the focus does not close under the reader', () => {
    const mounted = mount(new Run([model, open('thinking'), append(0, 'hm')]))
    const toggle = one(group(mounted, 0), 'button')
    toggle.focus()
    mounted.run.apply([close(0), open('content'), append(1, 'A')])
    frame()
    expect(toggle.getAttribute('aria-expanded')).toBe('true')
  })

  test('a tool call shows its name at once, its arguments laid out as they come, without changing a digit', () => {
    const mounted = mount(new Run([model, open('tool', { name: 'f', state: 'input' }), append(0, '{"n": 12345678901')]))
    expect(one(group(mounted, 0), '.nb-name').textContent).toBe('f')
    expect(body(mounted, 0)).toBe('{\n  "n": 12345678901')
    expect(one(group(mounted, 0), '.nb-open').textContent).toBe('12345678901')
    expect(group(mounted, 0).getAttribute('data-state')).toBe('input')
    mounted.run.apply([append(0, '234567890.0, "m": []}'), close(0), amend(0, { state: 'ready' })])
    frame()
    expect(body(mounted, 0)).toBe('{\n  "n": 12345678901234567890.0,\n  "m": []\n}')
    expect(mounted.view.querySelector('.nb-open, .nb-caret')).toBeNull()
    mounted.run.apply([amend(0, { state: 'ok', duration_us: 410_000 })])
    frame()
    expect(one(group(mounted, 0), 'button').textContent).toBe('fn: 12345678901234567890.0, m: []0.41 s')
  })

  test('arguments that were cut short stay as far as they came, and say so; what is no JSON stays as it came', () => {
    const cut = [open('tool', { name: 'f', state: 'input' }), append(0, '{"n": "a')]
    const other = [open('tool', { name: 'f' }), append(1, '{"n": x')]
    const mounted = mount(new Run([model, ...cut, ...other, end('stopped', 'user')]))
    expect(body(mounted, 0)).toBe('{\n  "n": "a')
    expect(one(group(mounted, 0), '.nb-open').textContent).toBe('"a')
    expect(one(group(mounted, 0), '.nb-state').textContent).toBe('arguments incomplete')
    expect(body(mounted, 1)).toBe('{"n": x')
  })

  test('an error says what failed and what to do, also without a section of its own', () => {
    const mounted = mount(new Run([model, end('error', undefined, { code: 'auth', message: 'No key', hint: 'Set it' })]))
    const error = one(mounted.view, '[data-kind=error]')
    expect(error.getAttribute('aria-label')).toBe('Error')
    expect(error.textContent).toBe('No access to the modelNo keySet it')
  })
})
