/**
 * What a stream's meta and sections say about it: names, counts, the sentence of its state.
 *
 * Belongs here: pure functions of the store (and of the time, where a clock is shown). Does not belong here: elements.
 */

import type { IconName } from '../icons'
import type { Cut, Section, Store } from '../store'
import { duration, S, STOPPED, tokens } from '../strings'

/** A cut that is mended within this time is not worth a word, in milliseconds. */
const BLINK = 1000
/** Characters that make about one token. */
const CHARACTERS_PER_TOKEN = 4
const GENERATED: ReadonlySet<string> = new Set(['content', 'thinking', 'tool'])

/** The text that stands under `name`, '' where there is none. */
export function textOf(meta: Section['meta'], name: string): string {
  const value = meta[name]
  return typeof value === 'string' ? value : ''
}

export function numberOf(meta: Section['meta'], name: string): number | undefined {
  const value = meta[name]
  return typeof value === 'number' ? value : undefined
}

/** A rough count for text whose count nobody has sent. */
export function estimate(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN)
}

/** Tokens generated so far, and whether that is an estimate; undefined before the first. */
export function output(store: Store): { count: number; estimated: boolean } | undefined {
  const count = numberOf(store.meta, 'output_tokens')
  if (count !== undefined) return { count, estimated: store.meta.estimated === true }
  // What was carried over from an earlier attempt was not made by this one.
  const made = store.sections.filter(({ kind }) => GENERATED.has(kind))
  const characters = made.reduce((sum, { length, meta }) => sum + length - (numberOf(meta, 'carried') ?? 0), 0)
  return characters === 0 ? undefined : { count: estimate(characters), estimated: true }
}

/** What the view is called. */
export function titleOf(store: Store): string {
  return textOf(store.meta, 'title') || textOf(store.meta, 'model') || S.untitled
}

/** "openai/gpt-5" as ["openai/", "gpt-5"]. */
export function splitModel(model: string): [string, string] {
  const cut = model.indexOf('/') + 1
  return [model.slice(0, cut), model.slice(cut)]
}

/** Whether nothing can come any more: the run has ended, or the kernel that would end it has gone. */
export function isOver(store: Store): boolean {
  return store.end !== undefined || store.gone
}

/** Whether the line to the kernel has been cut for long enough to say so: most are mended at once. */
export function isStale(store: Store, now: number): store is Store & { readonly cut: Cut } {
  return !isOver(store) && store.cut !== undefined && now - store.cut.at >= BLINK
}

/** Whether the model said, in whatever way its provider has for that, that it does not answer. */
function refusal({ meta, sections }: Store): boolean {
  return textOf(meta, 'refusal') !== '' || sections.some((section) => section.meta.refusal === true)
}

/** The tool call that waits for the reader's yes or no, the first of several. */
export function asking(store: Store): Section | undefined {
  return isOver(store) ? undefined : store.sections.find(({ kind, meta }) => kind === 'tool' && meta.state === 'ask')
}

export interface State {
  readonly icon: IconName
  readonly words: string
  /** Seconds to show after the words, absent where nothing runs. */
  readonly clock?: number
  readonly attention?: boolean
}

/** The state of the run in words, at the time `now` of `performance.now()`. */
export function stateOf(store: Store, now: number): State {
  if (store.outdated) return { icon: 'warn', words: S.outdated, attention: true }
  if (store.renewing) return { icon: 'wait', words: S.submitted }
  if (store.end) return ended(store)
  if (store.gone) return { icon: 'warn', words: S.gone, attention: true }
  if (isStale(store, now)) return stale(store.cut, now)
  if (store.status === 'stopping') return { icon: 'live', words: S.stopping }
  const clock = (now - store.startedAt) / 1000
  const last = store.sections[store.sections.length - 1]
  if (asking(store)) return { icon: 'ask', words: S.approvalAwaited, attention: true }
  if (last) return { icon: 'live', words: doing(store), clock }
  const phase = textOf(store.meta, 'phase')
  if (phase === 'queued') return { icon: 'queue', words: S.queued }
  if (phase === 'loading') return { icon: 'wait', words: S.loading }
  return phase === 'waiting' ? { icon: 'wait', words: S.waiting, clock } : { icon: 'wait', words: S.submitted }
}

function stale({ at, retried }: Cut, now: number): State {
  const age = duration((now - at) / 1000, 0)
  return { icon: 'line', words: retried ? S.reconnecting(age) : S.disconnected(age), attention: true }
}

function doing({ sections }: Store): string {
  const section = sections.findLast(({ closed }) => !closed) ?? sections[sections.length - 1]
  switch (section?.kind) {
    case 'thinking':
      return S.thinking
    case 'content':
      return S.answering
    case 'tool':
      return using(section)
    default:
      return section?.closed ? S.model : S.receiving
  }
}

function using({ meta }: Section): string {
  const name = textOf(meta, 'name') || S.aTool
  const state = textOf(meta, 'state')
  if (state === 'run') return S.running(name)
  return state === 'ok' || state === 'bad' || state === 'denied' ? S.model : S.calling(name)
}

function ended(store: Store): State {
  const count = output(store)
  const amount = count ? tokens(count.count, count.estimated) : ''
  const took = numberOf(store.meta, 'duration_us')
  const time = took === undefined ? '' : duration(took / 1e6)
  const finish = textOf(store.meta, 'finish_reason') || store.end?.reason
  switch (store.end?.status) {
    case 'stopped': {
      const who = STOPPED[store.end.reason ?? ''] ?? STOPPED.user
      return { icon: 'stopped', words: `${who} ${amount === '' ? S.beforeFirst : `after ${amount}`}` }
    }
    case 'truncated':
      return { icon: 'cut', words: S.truncated }
    case 'error':
      return { icon: 'error', words: S.failed(amount) }
    default:
      if (finish === 'length') return { icon: 'cut', words: S.doneLength(time), attention: true }
      if (refusal(store)) return { icon: 'deny', words: S.doneRefused(time), attention: true }
      if (finish === 'content_filter') return { icon: 'warn', words: S.doneFiltered(time), attention: true }
      return { icon: 'done', words: S.done(time) }
  }
}
