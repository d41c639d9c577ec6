/**
 * A file of the answer: a picture where its bytes are here, else what it is and where it would come from.
 *
 * Belongs here: what a reader may do with it. Nothing is fetched but by a click on a button that names the host.
 */

import { download, h, picture, set } from '../dom'
import { icon } from '../icons'
import { Image } from '../images'
import type { Section } from '../store'
import { bytes, S } from '../strings'
import { hostOf, inlineImage, isBase64, safeUrl } from '../urls'
import { reveal } from '../visible'
import { textOf } from './figures'
import { type Context, frame, type SectionView } from './section'
import { Text } from './text'

export class FileView implements SectionView {
  readonly root: HTMLElement
  private readonly holder = h('div')
  private readonly body = h('div', { class: 'nb-raw', 'data-part': 'body', hidden: true })
  private readonly text: Text
  private made: string | undefined

  constructor(
    private readonly section: Section,
    private readonly context: Context,
  ) {
    this.text = new Text(this.body, false)
    this.root = frame(section, S.file, this.holder, this.body)
  }

  append(text: string): void {
    this.text.append(text)
  }

  update(): void {
    const { raw } = this.context
    set(this.body, 'hidden', !raw)
    set(this.holder, 'hidden', raw)
    const { meta } = this.section
    const kind = ['name', 'media_type', 'url', 'data'].map((name) => textOf(meta, name)).join('\n')
    if (kind === this.made) return
    this.made = kind
    this.holder.replaceChildren(this.make())
  }

  tick(): void {}

  private make(): HTMLElement {
    const { meta } = this.section
    const [name, type, data] = [textOf(meta, 'name'), textOf(meta, 'media_type'), textOf(meta, 'data')]
    const image = inlineImage(data)
    if (image) return h('div', { class: 'nb-figure' }, picture(image, reveal(name) || S.image))
    const label = [name, type].filter((part) => part !== '').map(reveal)
    if (isBase64(data)) {
      const keep = h('button', { class: 'nb-btn', type: 'button' }, S.saveFile)
      keep.addEventListener('click', () => download(data, name))
      return row(label, bytes(Math.floor((data.length * 3) / 4)), keep)
    }
    const url = textOf(meta, 'url')
    return type.startsWith('image/') || (type === '' && url !== '')
      ? new Image(url, label.join(' · ')).root
      : this.linked(label)
  }

  private linked(label: string[]): HTMLElement {
    const href = safeUrl(textOf(this.section.meta, 'url'))
    if (href === undefined) return row(label, '')
    return row(label, '', h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, S.openFrom(hostOf(href))))
  }
}

function row(label: readonly string[], size: string, action?: HTMLElement): HTMLElement {
  const words = [...label, size].filter((part) => part !== '').join(' · ') || S.file
  return h('div', { class: 'nb-img nb-file' }, icon('image'), h('span', {}, words), action)
}
