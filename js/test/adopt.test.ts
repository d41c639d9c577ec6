/** Adoption: where the live view stands through refreshes, moves and deletions of the output. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Adopter } from '../src/adopt'
import { page } from '../src/page'

const KEY = 'cafe0123'

/** An adopter with views that say whether they live. */
class Widget {
  mounted = 0
  alive = 0
  /** How often there was no view left. */
  emptied = 0
  readonly adopter: Adopter

  constructor(readonly key = KEY) {
    this.adopter = new Adopter(key, (root) => {
      this.mounted += 1
      this.alive += 1
      const view = document.createElement('p')
      view.textContent = `live ${key}`
      root.append(view)
      return () => {
        this.alive -= 1
        if (this.alive === 0) this.emptied += 1
        view.remove()
      }
    })
    this.adopter.start()
  }
}

function island(key = KEY, rev = 0): HTMLElement {
  const element = document.createElement('div')
  element.className = `nbs-island nbs-${key} nbs-r${rev}`
  element.textContent = `static ${rev}`
  return element
}

/** What a notebook's renderer makes for one output. */
function output(content: Node, className = 'jp-OutputArea-output'): HTMLElement {
  const node = document.createElement('div')
  node.className = className
  node.append(content)
  document.body.append(node)
  return node
}

/** MutationObservers report in a microtask. */
const observed = (): Promise<void> => Promise.resolve()
const shown = (host: Element): string | undefined => host.shadowRoot?.textContent ?? undefined

let widget: Widget
beforeEach(() => {
  vi.useFakeTimers()
  widget = new Widget()
})
afterEach(async () => {
  document.body.replaceChildren()
  widget.adopter.abandon()
  await observed()
  vi.useRealTimers()
})

test('an island that comes later is adopted, by the output node around it', async () => {
  const host = output(island())
  await observed()
  expect(shown(host)).toBe(`live ${KEY}`)
  expect(host.shadowRoot?.mode).toBe('open')
  expect(host.textContent).toBe('static 0')
  expect(host.shadowRoot?.querySelector('slot')).toBeNull()
})

test('an island that is there already is adopted at once', () => {
  const host = output(island('beef4567'), 'output_subarea')
  const other = new Widget('beef4567')
  expect(shown(host)).toBe('live beef4567')
  other.adopter.abandon()
})

test('an island without a renderer that we know is its own host', async () => {
  const own = island()
  document.body.append(own)
  await observed()
  expect(shown(own)).toBe(`live ${KEY}`)
})

test('an island of another model is left alone', async () => {
  const host = output(island('beef4567'))
  await observed()
  expect(host.shadowRoot).toBeNull()
})

test('the view outlives every refresh of the island', async () => {
  const host = output(island())
  await observed()
  const view = host.shadowRoot?.firstChild
  for (let rev = 1; rev <= 5; rev++) {
    host.replaceChildren()
    host.append(island(KEY, rev))
    await observed()
  }
  expect(host.shadowRoot?.firstChild).toBe(view)
  expect([widget.mounted, widget.alive]).toEqual([1, 1])
})

test('two outputs of one model show a view each', async () => {
  const hosts = [output(island()), output(island())]
  await observed()
  expect(hosts.map(shown)).toEqual([`live ${KEY}`, `live ${KEY}`])
  hosts[0]?.remove()
  await observed()
  vi.advanceTimersByTime(60_000)
  expect(widget.alive).toBe(1)
})

test('a cell that is moved keeps its view', async () => {
  const host = output(island())
  await observed()
  const view = host.shadowRoot?.firstChild
  host.remove()
  await observed()
  vi.advanceTimersByTime(59_000)
  document.body.append(host)
  await observed()
  vi.advanceTimersByTime(120_000)
  expect(host.shadowRoot?.firstChild).toBe(view)
  expect([widget.mounted, widget.alive]).toEqual([1, 1])
})

test('a view whose output has been gone for a minute goes too, and comes anew with it', async () => {
  const host = output(island())
  await observed()
  host.remove()
  await observed()
  vi.advanceTimersByTime(60_000)
  expect(widget.alive).toBe(0)
  document.body.append(host)
  await observed()
  expect([widget.alive, shown(host)]).toEqual([1, `live ${KEY}`])
})

test('a node that is made anew for each refresh takes the view along, and there is never none', async () => {
  const first = output(island())
  await observed()
  const second = document.createElement('div')
  second.className = 'output_subarea'
  second.append(island(KEY, 1))
  first.replaceWith(second)
  await observed()
  expect([widget.emptied, widget.alive, widget.mounted, shown(second)]).toEqual([0, 1, 2, `live ${KEY}`])
})

test('a node that shows another output now lets it be seen', async () => {
  const host = output(island())
  await observed()
  host.replaceChildren(document.createTextNode('print'))
  await observed()
  expect(host.shadowRoot?.innerHTML).toBe('<slot></slot>')
  expect(widget.alive).toBe(0)
})

test('a node that shows the island of another model now belongs to that one', async () => {
  const host = output(island())
  await observed()
  const other = new Widget('beef4567')
  host.replaceChildren(island('beef4567'))
  await observed()
  expect(shown(host)).toBe('live beef4567')
  expect([widget.alive, other.alive]).toEqual([0, 1])
  other.adopter.abandon()
})

test('it makes no difference which of the two models looks first', async () => {
  const host = output(island('beef4567'))
  const other = new Widget('beef4567')
  host.replaceChildren(island())
  await observed()
  expect(shown(host)).toBe(`live ${KEY}`)
  expect([widget.alive, other.alive]).toEqual([1, 0])
})

describe('when the model goes', () => {
  test('the view stays, with the text as far as it came', async () => {
    const host = output(island())
    await observed()
    widget.adopter.abandon()
    expect([shown(host), widget.alive]).toEqual([`live ${KEY}`, 1])
  })

  test('it takes no new outputs, and leaves with its own', async () => {
    const host = output(island())
    await observed()
    widget.adopter.abandon()
    const late = output(island())
    host.remove()
    await observed()
    expect([late.shadowRoot, widget.alive]).toEqual([null, 0])
  })

  test('its successor of the same key takes the output over', async () => {
    const host = output(island())
    await observed()
    widget.adopter.abandon()
    const next = new Widget()
    await observed()
    document.body.append('any change')
    await observed()
    expect([shown(host), widget.alive, next.alive]).toEqual([`live ${KEY}`, 0, 1])
    next.adopter.abandon()
  })
})

test('one page has one watcher, and a fault of one widget does not blind the others', async () => {
  const report = vi.fn()
  vi.stubGlobal('reportError', report)
  const leave = page().watch(() => {
    throw new Error('broken')
  })
  const host = output(island())
  await observed()
  expect(shown(host)).toBe(`live ${KEY}`)
  expect(report).toHaveBeenCalled()
  leave()
  vi.unstubAllGlobals()
})

test('it can adopt where there are notebook outputs in this document, or its island', () => {
  const nowhere = new Adopter('beef4567', () => () => undefined)
  expect(nowhere.able).toBe(false)
  const area = document.createElement('div')
  area.className = 'jp-OutputArea'
  document.body.append(area)
  expect(nowhere.able).toBe(true)
  area.replaceWith(island('beef4567'))
  expect(nowhere.able).toBe(true)
})
