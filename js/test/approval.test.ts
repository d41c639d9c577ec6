/** The question whether a tool may run. */

import { describe, expect, test } from 'vitest'
import { announced, button, frame, group, type Mounted, model, mount, one, status } from './mounted'
import { amend, append, close, end, open, Run } from './run'

describe('the question whether a tool may run', () => {
  const asked = { state: 'ask', approval: 'approval-1', asked: '{"path":"a.txt"}' }
  const call = [model, open('tool', { name: 'delete', state: 'input' }), append(0, '{"path": "a.txt"}'), close(0)]
  const question = (mounted: Mounted): HTMLElement => one(group(mounted, 0), '[role=group]')

  test.each([
    ['Approve', true],
    ['Deny', false],
  ])('%s answers it, once', (name, approved) => {
    const mounted = mount(new Run([...call, amend(0, asked)]))
    expect(question(mounted).textContent).toBe('Run delete with exactly these arguments?DenyApprove')
    expect(status(mounted)).toBe('Waiting for your approval')
    button(mounted.view, name).click()
    button(mounted.view, 'Approve').click()
    button(mounted.view, 'Deny').click()
    expect(mounted.run.answers).toEqual([['approval-1', approved]])
    expect(button(mounted.view, 'Deny').getAttribute('aria-disabled')).toBe('true')
  })

  test('takes no focus, and gives it to the heading when it goes', () => {
    const mounted = mount(new Run(call))
    expect(question(mounted).hidden).toBe(true)
    mounted.run.apply([amend(0, asked)])
    frame()
    expect(announced(mounted)).toBe('delete asks for approval')
    expect(mounted.root.activeElement).toBeNull()
    button(mounted.view, 'Deny').focus()
    mounted.run.apply([amend(0, { state: 'denied' })])
    frame()
    expect(question(mounted).hidden).toBe(true)
    expect(mounted.root.activeElement).toBe(one(group(mounted, 0), '.nb-toggle'))
    expect(one(group(mounted, 0), '.nb-toggle').textContent).toContain('denied by you')
  })

  test('is not asked about half of the arguments, and shows those that are asked about where others were streamed', () => {
    const half = call.slice(0, 3)
    expect(question(mount(new Run([...half, amend(0, { state: 'ask', approval: 'approval-1' })]))).hidden).toBe(true)
    const other = mount(new Run([...half, amend(0, { ...asked, asked: '{"path": "b.txt"}' })]))
    expect(question(other).textContent).toContain('"path": "b.txt"')
    expect(question(mount(new Run([...call, amend(0, asked)]))).textContent).not.toContain('a.txt')
  })

  test('is over with the run', () => {
    const mounted = mount(new Run([...call, amend(0, asked), end('stopped', 'user')]))
    expect(question(mounted).hidden).toBe(true)
    expect(status(mounted)).toContain('Stopped by you')
  })

  test('of a stream that came from elsewhere has no buttons, for nobody would hear them', () => {
    expect(question(mount(new Run([...call, amend(0, { state: 'ask' })]))).hidden).toBe(true)
  })
})
