/**
 * The saved form of a stream, through the notebook's own model: for outputs that the kernel does not reach any more.
 *
 * Belongs here: finding our outputs in the notebook, replacing those that are behind, restoring one that was lost. Does not belong
 * here: when the kernel refreshes (it does), how messages travel (`comm`).
 *
 * A front-end keeps the ids for `update_display` with its kernel connection: after a reload, a paste or in a second client they
 * are forgotten, and the file would stay as it was. The kernel then only says how often it has refreshed; it is asked for the
 * output if one of ours is found behind, so that nothing travels twice where its own way works. The notebook's model is no
 * public interface of widgets: it is looked up by feature, and hosts without one lose nothing but this.
 */

import type { Wire } from './events'

const WIDGET_VIEW = 'application/vnd.jupyter.widget-view+json'
/** How long `update_display`, which travels on another channel, gets to arrive by itself, in milliseconds. */
const PATIENCE = 300
const ISLAND = /\bnbs-island nbs-(\w+)/

type Bundle = Readonly<Record<string, unknown>>

/** What we use of a notebook's output, of the outputs of a cell, of a cell: the shape that JupyterLab's have. */
interface Output {
  readonly data?: Bundle
  toJSON(): Readonly<Record<string, unknown>>
}
interface Outputs {
  readonly length: number
  get(index: number): Output
  set(index: number, value: unknown): void
  add(value: unknown): unknown
}
interface Cell {
  readonly id?: string
  readonly outputs?: Outputs
  readonly executionCount?: number | null
  readonly executionState?: unknown
}

/** What we use of a widget's model. */
interface Model {
  get(name: string): unknown
  readonly widget_manager?: unknown
}

export class SavedForm {
  /** The refreshes that the kernel has said it made; undefined until it says so. */
  private rev: number | undefined
  /** The model was there before this page: its output may be in no file and no page. */
  private inherited = false
  private lost = false
  private counts = { ran: Number.NaN, now: Number.NaN }
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly mark: RegExp

  /** `want` asks the kernel for the output. */
  constructor(
    private readonly model: Model,
    private readonly want: (rev: number) => void,
  ) {
    this.mark = new RegExp(`\\bnbs-${String(model.get('key'))} nbs-r(\\d+)`)
  }

  /** Whether the host shows the notebook that it shows. */
  get able(): boolean {
    return notebookOf(this.model) !== undefined
  }

  /** The model was there before this page; whether its run still goes on. */
  inherit(runs: boolean): void {
    this.inherited = true
    this.lost = runs
  }

  /**
   * The kernel has refreshed the island for the `rev`th time. Its cell was the `ran`th execution, and the kernel is at `now`;
   * `unseen` if no page was there when the run ended.
   */
  announce({ rev, ran, now, unseen }: Wire): void {
    if (typeof rev !== 'number' || !(rev >= (this.rev ?? 0))) return
    this.rev = rev
    this.counts = { ran: Number(ran), now: Number(now) }
    this.lost ||= unseen === true && this.inherited
    this.check()
  }

  /** Look, shortly, whether an output of ours is behind: a refresh was made, or a view has moved into an output. */
  check(): void {
    if (this.rev === undefined) return
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      if (this.rev !== undefined) this.look(this.rev)
    }, PATIENCE)
  }

  /** The output that was asked for. */
  write(rev: unknown, data: unknown): void {
    if (typeof rev !== 'number' || typeof data !== 'object' || data === null) return
    this.rev = Math.max(rev, this.rev ?? 0)
    const home = this.home()
    this.lost = false
    for (const [outputs, index] of this.behind(rev)) outputs.set(index, { ...outputs.get(index).toJSON(), data })
    if (home) this.restore(home, { output_type: 'display_data', data, metadata: {} })
  }

  dispose(): void {
    clearTimeout(this.timer)
    this.rev = undefined
  }

  private look(rev: number): void {
    // Decided once: an output that goes later was taken away on purpose, and so was that of a run whose end somebody saw.
    this.lost = this.home() !== undefined
    if (this.lost || this.behind(rev).length > 0) this.want(rev)
  }

  /** Our outputs that show an older refresh than `rev`, or a widget-view, which a reopened notebook could not show. */
  private behind(rev: number): [Outputs, number][] {
    const found = this.ours().filter(({ shown, output }) => shown < rev || WIDGET_VIEW in (output.data ?? {}))
    return found.map(({ outputs, index }) => [outputs, index])
  }

  /** Where the output stood that a reload before the first save has lost. */
  private home(): Outputs | undefined {
    if (!this.lost || this.ours().length > 0) return undefined
    const id = this.model.get('cell')
    const cell = id === '' ? undefined : this.cells().find((one) => one.id === id)
    return cell?.outputs && cell.executionState !== 'running' && this.isOlder(cell) ? cell.outputs : undefined
  }

  /** Whether the file knows nothing of the execution that the run is of, and nothing later: its outputs stay, ours goes below. */
  private isOlder({ executionCount, outputs }: Cell): boolean {
    const { ran, now } = this.counts
    // A count beyond the kernel's own is of an earlier kernel.
    if (typeof executionCount === 'number') return executionCount < ran || executionCount > now
    // Other streams of the cell may have been restored before this one.
    return all(outputs).every((output) => ISLAND.test(htmlOf(output)))
  }

  /** Add our output below all others but the streams that were made later. */
  private restore(outputs: Outputs, value: unknown): void {
    let at = outputs.length
    while (at > 0 && keyOf(outputs.get(at - 1)) > String(this.model.get('key'))) {
      const later = outputs.get(at - 1).toJSON()
      if (at === outputs.length) outputs.add(later)
      else outputs.set(at, later)
      at -= 1
    }
    if (at === outputs.length) outputs.add(value)
    else outputs.set(at, value)
  }

  private ours(): { outputs: Outputs; index: number; shown: number; output: Output }[] {
    return this.cells().flatMap(({ outputs }) =>
      all(outputs).flatMap((output, index) => {
        const rev = this.mark.exec(htmlOf(output))?.[1]
        return outputs && rev !== undefined ? [{ outputs, index, shown: Number(rev), output }] : []
      }),
    )
  }

  private cells(): Cell[] {
    return [...(notebookOf(this.model)?.cells ?? [])]
  }
}

interface Notebook {
  readonly cells?: Iterable<Cell> | null
}

function notebookOf(model: Model): Notebook | undefined {
  const manager = model.widget_manager as { context?: { model?: Notebook | null } | null } | null | undefined
  return manager?.context?.model ?? undefined
}

function all(outputs: Outputs | undefined): Output[] {
  return Array.from({ length: outputs?.length ?? 0 }, (_, index) => outputs?.get(index) as Output)
}

/** The key of an island, which begins with the time when it was made; '' for any other output. */
function keyOf(output: Output): string {
  return ISLAND.exec(htmlOf(output))?.[1] ?? ''
}

function htmlOf(output: Output): string {
  return [output.data?.['text/html'] ?? ''].flat().join('')
}
