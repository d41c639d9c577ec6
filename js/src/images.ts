/**
 * Images that a model names.
 *
 * Belongs here: an image whose bytes are in the text is shown; one that is elsewhere is a place with a button that says from which
 * host it would come, and is fetched by a press of it. Anything else is said not to be loaded. Does not belong here: which
 * addresses are let through (`urls`).
 */

import { h, picture } from './dom'
import { icon } from './icons'
import { S } from './strings'
import { hostOf, inlineImage, safeUrl } from './urls'

const DATA = /^data:image\/\w+;base64,([A-Za-z0-9+/=]+)$/

export class Image {
  readonly root: HTMLElement

  /** `within` says that it stands in a link, where a button would be two things at once. */
  constructor(
    readonly source: string,
    readonly label: string,
    readonly within = false,
  ) {
    const inline = inlineImage(DATA.exec(source)?.[1] ?? '')
    if (inline) this.root = h('span', { class: 'nb-figure' }, picture(inline, label))
    else this.root = this.place()
  }

  equals(other: Image): boolean {
    return this.source === other.source && this.label === other.label && this.within === other.within
  }

  private place(): HTMLElement {
    const href = safeUrl(this.source)
    const words = h('span', {}, S.imageNotLoaded(this.label))
    const place = h('span', { class: 'nb-img' }, icon('image'), words)
    const root = h('span', { class: 'nb-figure' }, place)
    if (href === undefined || this.within || !href.startsWith('http')) return root
    // The whole address may be looked at before it is asked for.
    const show = h('button', { class: 'nb-btn', type: 'button', title: href }, S.showFrom(hostOf(href)))
    show.addEventListener('click', () => root.replaceChildren(picture(href, this.label)))
    place.append(show)
    return root
  }
}
