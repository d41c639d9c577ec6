/**
 * Elements that look after what is in them: code blocks and formulas, whose inside is more than their tokens say.
 *
 * Belongs here: finding the keeper of an element. Does not belong here: what keepers do (`code`, `math`).
 */

export interface Keeper {
  readonly root: Element
  /** Where the next character will stand. */
  readonly spot: Element
  /** Take over what `next` says and show it here; false if it is too different for that, and must take this one's place. */
  become(next: Keeper): boolean
}

const keepers = new WeakMap<Node, Keeper>()

export function keep<K extends Keeper>(keeper: K): K {
  keepers.set(keeper.root, keeper)
  return keeper
}

export function keeperOf(node: Node): Keeper | undefined {
  return keepers.get(node)
}
