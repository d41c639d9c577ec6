/**
 * The attempts of one stream, of which one is shown: the latest, until the reader turns to another or a new one begins.
 *
 * Belongs here: which one is shown, and what stays when another takes its place. Does not belong here: how one is shown (`view`),
 * the buttons (`pager`), what earlier ones said (`attempts`).
 */

import type { Store } from '../store'
import { type Choices, View } from './view'

/** Show `store` in `root`, which must be empty. Returns the function that takes the view away again. */
export function mountView(root: ShadowRoot, store: Store): () => void {
  const book = new Book(root, store)
  return () => book.dispose()
}

class Book {
  private view: View
  private run: string
  private readonly choices: Choices = { raw: undefined, drawer: undefined }
  private readonly unsubscribe: () => void

  constructor(
    private readonly root: ShadowRoot,
    private readonly live: Store,
  ) {
    this.run = live.run
    this.view = this.open(live)
    this.unsubscribe = live.subscribe((event) => {
      if (event === null && live.run !== this.run) this.begin()
    })
  }

  dispose(): void {
    this.unsubscribe()
    this.view.dispose()
  }

  private begin(): void {
    const first = this.run === ''
    this.run = this.live.run
    if (!first) this.show(this.live)
  }

  private turn(run: string): void {
    if (run === this.live.run) this.show(this.live, true)
    else this.live.past(run, (store) => this.show(store, true))
  }

  private show(store: Store, turned = false): void {
    const { focused } = this.view
    const arrow = this.view.pager.focused
    this.view.dispose()
    this.view = this.open(store)
    if (arrow) this.view.pager.focus(arrow)
    else if (focused) this.view.takeFocus()
    if (turned) this.view.announcer.say(this.view.pager.words)
  }

  private open(store: Store): View {
    return new View(this.root, store, this.live, this.choices, (run) => this.turn(run))
  }
}
