/**
 * What all nbstream widgets of one page share.
 *
 * Belongs here: the one watcher of the document, who owns which host, the one key listener's set of hosts, the counters that
 * tests and support read. Does not belong here: what a widget does with them (`adopt`, `keys`).
 *
 * The bundle is evaluated once for each model, and pages may hold models of several nbstream versions: so these live on
 * globalThis under a symbol, and their shape is a contract. Change it only together with the symbol's number.
 */

import { guardKeys } from './keys'

export interface Page {
  /** Call `scan` now and after every change of the document's tree; returns the function that ends this. */
  watch(scan: () => void): () => void
  /** Which widget's view stands in a host: a node that two outputs use in turn must not be cleared by the earlier owner. */
  readonly owners: WeakMap<Element, object>
  /** The hosts whose plain keys are kept from the notebook's shortcuts. */
  readonly keyed: WeakSet<EventTarget>
  /** Counts since the page was loaded; `mismatches` and `illegal` stay 0 unless text was lost or a kernel broke the protocol. */
  readonly counts: Counts
}

export interface Counts {
  adopted: number
  released: number
  drops: number
  resyncs: number
  mismatches: number
  illegal: number
}

const PAGE: unique symbol = Symbol.for('nbstream.page.1')

export function page(): Page {
  const home = globalThis as typeof globalThis & { [PAGE]?: Page }
  home[PAGE] ??= makePage()
  return home[PAGE]
}

function makePage(): Page {
  const keyed = new WeakSet<EventTarget>()
  guardKeys(keyed)
  return {
    watch: watcher(),
    owners: new WeakMap(),
    keyed,
    counts: { adopted: 0, released: 0, drops: 0, resyncs: 0, mismatches: 0, illegal: 0 },
  }
}

/** One MutationObserver for all models. It does not see into shadow roots, so streamed text costs it nothing. */
function watcher(): Page['watch'] {
  const scans = new Set<() => void>()
  const observer = new MutationObserver(() => {
    for (const scan of [...scans]) attempt(scan)
  })
  return (scan) => {
    if (scans.size === 0) observer.observe(document.documentElement, { childList: true, subtree: true })
    scans.add(scan)
    attempt(scan)
    return () => {
      scans.delete(scan)
      if (scans.size === 0) observer.disconnect()
    }
  }
}

/** Run `job`: one widget's fault must not stop the others; the console gets it as an uncaught error. */
export function attempt(job: () => void): void {
  try {
    job()
  } catch (error) {
    reportError(error)
  }
}
