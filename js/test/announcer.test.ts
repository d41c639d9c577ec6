/** The announcer: what a screen reader hears. */

import { describe, expect, test } from 'vitest'
import { announced, frame, model, mount } from './mounted'
import { append, end, open, Run } from './run'
import { story } from './story'

describe('the announcer', () => {
  test('tells the start and the end, never the text', () => {
    const mounted = mount(new Run([model]))
    expect(announced(mounted)).toBe('')
    mounted.run.apply([open('content'), append(0, 'secret words')])
    frame()
    expect(announced(mounted)).toBe('openai/gpt-5 has begun to answer')
    mounted.run.apply([append(0, 'more words')])
    frame()
    expect(announced(mounted)).toBe('openai/gpt-5 has begun to answer')
    mounted.run.apply([end('stopped', 'user')])
    frame()
    expect(announced(mounted)).toBe('Stopped by you after ~6 tokens')
  })

  test('tells what failed', () => {
    const mounted = mount(new Run([model]))
    mounted.run.apply([open('error', { code: 'rate_limit' }), append(0, 'wait 20 s'), end('error')])
    frame()
    expect(announced(mounted)).toBe('Rate limit reached: wait 20 s')
  })

  test('has nothing to say about a run that was over before the view was made', () => {
    expect(announced(mount(new Run(story(1))))).toBe('')
  })
})
