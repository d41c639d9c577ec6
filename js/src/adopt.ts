/**
 * Adoption: the live view moves in where the kernel has displayed an island.
 *
 * Belongs here: finding the islands of one key, choosing the host, one view a host, and when a view goes. Does not belong here:
 * what a view shows, and saying hello (`comm`).
 *
 * The host is the renderer's own output node, which survives when the kernel refreshes the island within it: so focus, selection
 * and scroll do. The view lives in its shadow root; the island's static html stays below, hidden because there is no slot, and is
 * what gets saved. A host may leave the document and come back (a cell is moved, undone, scrolled out of a windowed notebook).
 */

import { page } from './page'

const RENDERER = '.jp-OutputArea-output, .output_subarea'
const NOTEBOOK = '.jp-OutputArea, .output_wrapper'
/** How long a view outlives its host's absence from the document, in milliseconds. */
const ABSENCE = 60_000

export type Mount = (root: ShadowRoot) => () => void

interface Tenant {
  readonly dispose: () => void
  eviction?: ReturnType<typeof setTimeout> | undefined
}

export class Adopter {
  private readonly tenants = new Map<Element, Tenant>()
  private readonly islands: HTMLCollectionOf<Element>
  private unwatch: (() => void) | undefined
  private orphaned = false

  constructor(
    key: string,
    private readonly mount: Mount,
  ) {
    // A live collection: looking at it costs nothing while the document holds still.
    this.islands = document.getElementsByClassName(`nbs-${key}`)
  }

  start(): void {
    this.unwatch = page().watch(() => this.scan())
  }

  /** Whether an island of this page can be found: one was, or the page shows notebook outputs in its own document. */
  get able(): boolean {
    return this.islands.length > 0 || document.querySelector(NOTEBOOK) !== null
  }

  /** The model has gone. Views stay where they stand, with the text as far as it came, until their outputs go. */
  abandon(): void {
    this.orphaned = true
    this.scan()
  }

  private scan(): void {
    const hosts = new Set([...this.islands].map(hostOf))
    const fresh = this.orphaned ? [] : [...hosts].filter((host) => !this.tenants.has(host))
    // New ones first: a host that is replaced by another must not leave a moment without any view, which the kernel is told of.
    for (const host of fresh) this.move(host)
    for (const host of [...this.tenants.keys()]) this.review(host, hosts, fresh.length > 0)
    if (this.orphaned && this.tenants.size === 0) this.unwatch?.()
  }

  private review(host: Element, hosts: ReadonlySet<Element>, replaced: boolean): void {
    const tenant = this.tenants.get(host)
    if (!tenant || page().owners.get(host) !== this) this.evict(host)
    else if (hosts.has(host)) {
      clearTimeout(tenant.eviction)
      tenant.eviction = undefined
    } else if (host.isConnected) this.release(host)
    else if (replaced || this.orphaned) this.evict(host)
    else tenant.eviction ??= setTimeout(() => this.evict(host), ABSENCE)
  }

  /** The node shows another output now: let its own content be seen again. */
  private release(host: Element): void {
    this.evict(host)
    page().owners.delete(host)
    page().keyed.delete(host)
    host.shadowRoot?.replaceChildren(document.createElement('slot'))
    page().counts.released += 1
  }

  private move(host: Element): void {
    const { owners, keyed, counts } = page()
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
    root.replaceChildren()
    owners.set(host, this)
    keyed.add(host)
    this.tenants.set(host, { dispose: this.mount(root) })
    counts.adopted += 1
  }

  private evict(host: Element): void {
    const tenant = this.tenants.get(host)
    clearTimeout(tenant?.eviction)
    this.tenants.delete(host)
    tenant?.dispose()
  }
}

function hostOf(island: Element): Element {
  return island.closest(RENDERER) ?? island
}
