/**
 * The columns of a long table: groups of rows that are laid out apart, all as wide as the first.
 *
 * Belongs here: reading the widths that the browser has given to the head, and writing them to the groups, now and whenever they
 * change. Nothing here runs while text grows: the rows below do not change the head's widths.
 */

import { h, set } from '../dom'

class Columns {
  private readonly head: Element[]
  private readonly groups: Element[] = []
  private readonly widths: string[] = []

  constructor(table: Element) {
    this.head = [...(table.querySelector('tr')?.children ?? [])]
    if (typeof ResizeObserver === 'undefined') return
    const observer = new ResizeObserver((entries) => this.measured(entries))
    for (const cell of this.head) observer.observe(cell)
  }

  add(rows: Element): void {
    const columns = h('colgroup', {}, ...this.head.map((_, at) => h('col', { width: this.widths[at] })))
    rows.prepend(columns)
    this.groups.push(columns)
  }

  private measured(entries: readonly ResizeObserverEntry[]): void {
    for (const { target, borderBoxSize } of entries) {
      const at = this.head.indexOf(target)
      const width = borderBoxSize[0]?.inlineSize
      // Out of sight nothing is wide.
      if (at < 0 || !width) continue
      this.widths[at] = String(width)
      for (const { children } of this.groups) if (children[at]) set(children[at], 'width', String(width))
    }
  }
}

const all = new WeakMap<Element, Columns>()

/** Give `rows`, a new group of `table`, the columns that the head has. */
export function widen(table: Element, rows: Element): void {
  const columns = all.get(table) ?? new Columns(table)
  all.set(table, columns)
  columns.add(rows)
}
