/**
 * Text with a terminal's colours.
 *
 * Belongs here: colours and weights as spans whose classes are the view's own tokens. Does not belong here: what else a terminal
 * can be told, which is left out: nothing moves, and nothing is concealed.
 */

import { createAnsiSequenceParser, type ParseToken } from 'ansi-sequence-parser'
import { type Child, h } from '../dom'
import { reveal } from '../visible'

/** Everything that begins with an escape and is not a colour: titles, links, movements of the cursor, character sets. */
const OTHERS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\|$)|\[(?![\d;]*m)[0-?]*[ -/]*(?:[@-~]|$)|[()#][ -~]|[^[\]()#])/g
const COLOUR = '\x1b['
const NAMES = ['edge', 'error', 'ok', 'warn', 'accent', 'tool', 'prop', 'ink'] as const
/** Red, green and blue of the eight colours, as bits of the index. */
const BRIGHT = 128

export function isColoured(text: string): boolean {
  return text.includes(COLOUR)
}

/** `text` as text nodes and spans. */
export function coloured(text: string): Child[] {
  return createAnsiSequenceParser()
    .parse(text.replace(OTHERS, ''))
    .map((token) => {
      const names = classes(token)
      const shown = reveal(token.value)
      return names === '' ? shown : h('span', { class: names }, shown)
    })
}

function classes({ foreground, decorations }: ParseToken): string {
  const names: string[] = []
  if (foreground) names.push(`nb-a-${NAMES[indexOf(foreground)]}`)
  if (decorations.has('bold')) names.push('nb-a-bold')
  if (decorations.has('italic')) names.push('nb-a-italic')
  if (decorations.has('underline')) names.push('nb-a-under')
  return names.join(' ')
}

/** Which of the eight: the view has tokens, which fit its theme, and no colours beside them. */
function indexOf(colour: NonNullable<ParseToken['foreground']>): number {
  if (colour.type === 'named') return BASIC.indexOf(colour.name.replace(/^bright/, '').toLowerCase())
  if (colour.type === 'rgb') return near(colour.rgb)
  const { index } = colour
  if (index < 16) return index % 8
  if (index >= 232) return index < 244 ? 0 : 7
  const cube = index - 16
  return near([Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51])
}

const BASIC = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

function near([red = 0, green = 0, blue = 0]: readonly number[]): number {
  const half = Math.min(BRIGHT, Math.max(red, green, blue) * 0.6)
  const on = (value: number): boolean => value > 0 && value >= half
  return (on(red) ? 1 : 0) + (on(green) ? 2 : 0) + (on(blue) ? 4 : 0)
}
