/**
 * The view of one attempt: bar, body, foot, and what keeps them up to date.
 *
 * Belongs here: which part hears of which event, and the paint. Does not belong here: how a part looks. An event only notes what
 * has to be done; the work is done once per animation frame, and an append forwards its new text alone.
 */

import { h, set } from '../dom'
import type { Event } from '../events'
import { cancelPaint, measure, paint } from '../schedule'
import type { Store } from '../store'
import { S } from '../strings'
import { Acts } from './acts'
import { Announcer } from './announcer'
import { Chunks } from './chunks'
import { copyText } from './clipboard'
import { errorBlock, refusalBlock } from './error'
import { asking, isOver, isStale, stateOf, textOf, titleOf } from './figures'
import { hasFocus } from './focus'
import { Foot } from './foot'
import { Pager } from './pager'
import { placeIn } from './place'
import { Prompt } from './prompt'
import { Scroller } from './scroller'
import { Sections } from './sections'
import { attachStyles } from './styles'
import { followTheme } from './theme'
import { Timeline } from './timeline'
import { Toolbar } from './toolbar'

/** How often a clock moves, in milliseconds. */
const TICK = 100

/** What the reader chose, for every attempt. */
export interface Choices {
  raw: boolean | undefined
  /** What stands in the drawer below the foot: one thing at a time. */
  drawer: 'timeline' | 'chunks' | undefined
}

export class View {
  readonly pager: Pager
  readonly announcer: Announcer
  private readonly bar: Toolbar
  private readonly prompt: Prompt
  private readonly sections: Sections
  private readonly scroller = new Scroller(() => this.takeFocus())
  private readonly foot: Foot
  private readonly chunks: Chunks
  private readonly timeline: Timeline
  private readonly acts: Acts
  private readonly root: HTMLElement
  private readonly cleanups: (() => void)[]
  private failure: HTMLElement | undefined
  private timer: ReturnType<typeof setInterval> | undefined
  /** Something but the text may have changed since the last words about it. */
  private news = true
  private told = Number.NEGATIVE_INFINITY
  /** Goes to the reader's place once the text is shown the other way. */
  private goBack: (() => void) | undefined
  private readonly frame = (): void => this.draw()
  /** More text waits than a frame may write. */
  private more = false
  private readonly settle = (): (() => void) => this.place()

  constructor(
    shadow: ShadowRoot,
    private readonly store: Store,
    live: Store,
    private readonly choices: Choices,
    turn: (run: string) => void,
  ) {
    this.pager = new Pager(live, store, turn)
    this.bar = new Toolbar(store, this.pager.root)
    this.acts = new Acts(live, () => this.takeFocus())
    this.prompt = new Prompt(store)
    this.foot = new Foot(store, live)
    this.chunks = new Chunks(store)
    this.timeline = new Timeline(store)
    this.announcer = new Announcer(store)
    this.sections = new Sections(store, this.scroller.body)
    this.scroller.body.prepend(this.prompt.root, this.prompt.note)
    this.scroller.root.append(this.acts.root)
    const middle = h('div', { class: 'nb-middle' }, this.scroller.root, this.scroller.jump)
    const parts = [this.bar.root, middle, this.foot.root, this.timeline.root, this.chunks.root, this.announcer.root]
    this.root = h('section', { class: 'nb', role: 'region' }, ...parts)
    shadow.replaceChildren(this.root)
    this.listen()
    this.cleanups = [
      attachStyles(shadow),
      followTheme(this.root),
      store.subscribe(
        (event) => this.hear(event),
        () => this.hear(null),
      ),
      () => clearInterval(this.timer),
      () => cancelPaint(this.frame),
      () => cancelPaint(this.settle),
      () => this.root.remove(),
    ]
    this.draw()
  }

  get focused(): boolean {
    return hasFocus(this.root)
  }

  dispose(): void {
    for (const cleanup of this.cleanups.splice(0)) cleanup()
  }

  private hear(event: Event | null): void {
    if (event?.op !== 'append') this.news = true
    this.sections.hear(event)
    paint(this.frame)
  }

  private draw(): void {
    const { store } = this
    const now = performance.now()
    const ended = isOver(store)
    this.more = this.sections.draw(this.choices.raw ?? textOf(store.meta, 'render') === 'text')
    if (this.more) paint(this.frame)
    this.showFailure()
    this.prompt.update()
    this.pager.update()
    this.acts.update()
    // Figures that change with each frame would have bar and foot laid out with each frame, and nobody reads so fast.
    if (this.news || now - this.told >= TICK) this.tell(now)
    // After the words: a run that has ended says so before its button goes.
    if (ended && this.bar.finish()) this.takeFocus()
    this.announcer.update()
    measure(this.settle)
    this.clock(!ended)
  }

  /** What depends on how high the text has become. */
  private place(): () => void {
    const move = this.scroller.update(isOver(this.store))
    return () => {
      move()
      this.goBack?.()
      if (!this.more) this.goBack = undefined
    }
  }

  private redraw(): void {
    this.news = true
    this.draw()
  }

  /**
   * Keep the focus in the view when the button that had it has gone. Only for as long as it is needed: a view that always takes
   * the focus would swallow the notebook's keys after each click into the text.
   */
  takeFocus(): void {
    set(this.root, 'tabindex', '-1')
    this.root.focus({ preventScroll: true })
    this.root.addEventListener('blur', () => set(this.root, 'tabindex', undefined), { once: true })
  }

  /** What depends on the time, too. */
  private tell(now: number): void {
    const { store } = this
    this.news = false
    this.told = now
    const state = stateOf(store, now)
    const status = store.gone && !store.end ? 'stopped' : store.status
    const idle = status === 'streaming' && !asking(store) && !store.sections.some(({ closed }) => !closed)
    set(this.root, 'aria-label', titleOf(store))
    set(this.root, 'data-status', status)
    set(this.root, 'data-busy', status === 'submitted' || status === 'stopping' || idle)
    set(this.root, 'data-stale', isStale(store, now))
    set(this.root, 'data-attention', state.attention === true)
    this.bar.update(now)
    this.foot.update(now, this.sections.raw, this.prompt)
    this.sections.tick(now)
    const { drawer } = this.choices
    this.chunks.update(now, drawer === 'chunks')
    this.timeline.update(now, drawer === 'timeline')
    set(this.foot.chunks, 'aria-pressed', String(drawer === 'chunks'))
    set(this.foot.timeline, 'aria-pressed', String(drawer === 'timeline'))
  }

  private clock(runs: boolean): void {
    if (runs) this.timer ??= setInterval(() => this.tick(), TICK)
    else {
      clearInterval(this.timer)
      this.timer = undefined
    }
  }

  private tick(): void {
    const now = performance.now()
    if (now - this.told >= TICK) this.tell(now)
  }

  /** An end may name an error that has no section, when the kernel could not make one any more; or why there is no answer. */
  private showFailure(): void {
    const error = this.store.sections.some(({ kind }) => kind === 'error') ? undefined : this.store.end?.error
    const why = this.store.end ? textOf(this.store.meta, 'refusal') : ''
    if ((error === undefined && why === '') === (this.failure === undefined)) return
    this.failure?.remove()
    this.failure = error ? errorBlock(error) : why === '' ? undefined : refusalBlock(why)
    if (this.failure) this.scroller.body.append(this.failure)
  }

  private listen(): void {
    this.root.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.isComposing || isOver(this.store)) return
      event.preventDefault()
      this.store.stop()
    })
    this.foot.copy.addEventListener('click', () => void this.copy(this.answer(), () => this.foot.copied()))
    this.foot.raw.addEventListener('click', () => {
      this.goBack = placeIn(this.scroller.root, this.scroller.body)
      this.choices.raw = !this.sections.raw
      this.redraw()
    })
    this.foot.chunks.addEventListener('click', () => {
      this.choices.drawer = this.choices.drawer === 'chunks' ? undefined : 'chunks'
      this.redraw()
    })
    this.foot.timeline.addEventListener('click', () => {
      this.choices.drawer = this.choices.drawer === 'timeline' ? undefined : 'timeline'
      this.redraw()
    })
    this.foot.prompt.addEventListener('click', () => {
      this.prompt.wanted = !this.prompt.wanted
      this.redraw()
    })
    this.sections.onCopy((text) => void this.copy(text))
  }

  /** The text of the first choice's answer. */
  private answer(): string {
    const mine = this.store.sections.filter(({ kind, meta }) => kind === 'content' && (meta.choice ?? 0) === 0)
    return mine.map((section) => section.text()).join('')
  }

  private async copy(text: string, done?: () => void): Promise<void> {
    const copied = await copyText(text, this.root)
    this.announcer.say(copied ? S.copied : S.notCopied)
    if (copied) done?.()
  }
}
