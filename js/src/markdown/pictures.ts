/** Images in Markdown: kept as long as they are the same, so that one that the reader has asked for stays. */

import { Image } from '../images'
import { type Keeper, keep } from './kept'

class Picture extends Image implements Keeper {
  readonly spot = this.root

  become(next: Keeper): boolean {
    return next instanceof Picture && this.equals(next)
  }
}

/** The element of an image, to be appended to `parent`. */
export function image(source: string, label: string, parent: Node): Node {
  return keep(new Picture(source, label, parent instanceof Element && parent.closest('a') !== null)).root
}
