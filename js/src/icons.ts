/**
 * The glyphs: 16 px drawings in the text's own colour, without a name, because a word always stands beside them or names the
 * button around them.
 */

import { shape } from './dom'

const PATHS = {
  ask: 'M6.4 6.6c.1-1 .8-1.5 1.6-1.5s1.6.6 1.6 1.4c0 1-1.6 1.2-1.6 2.3M8 11v.01',
  bars: 'M2.5 13.5h11M4.5 11V8M7 11V3.5M9.5 11V6M12 11V8.5',
  box: 'M4 3.5h8a.5.5 0 0 1 .5.5v8a.5.5 0 0 1-.5.5H4a.5.5 0 0 1-.5-.5V4a.5.5 0 0 1 .5-.5',
  boxed: 'M4 3.5h8a.5.5 0 0 1 .5.5v8a.5.5 0 0 1-.5.5H4a.5.5 0 0 1-.5-.5V4a.5.5 0 0 1 .5-.5M5.5 8.2l1.8 1.8 3.2-3.8',
  chevron: 'M6 4l4 4-4 4',
  braces:
    'M6 3c-2.2 0-1.6 1.7-1.6 2.7S4 8 2.8 8C4 8 4.4 9.2 4.4 10.300S3.8 13 6 13M10 3c2.2 0 1.6 1.7 1.6 2.700S12 8 13.2 8c-1.2 0-1.6 1.2-1.6 2.300s.6 2.7-1.6 2.7',
  copy: 'M6.5 5.5h5.5a1 1 0 0 1 1 1V12a1 1 0 0 1-1 1H6.5a1 1 0 0 1-1-1V6.5a1 1 0 0 1 1-1M10 3H4a1 1 0 0 0-1 1v6.5',
  cut: 'M3 4.5h10M3 8h10M3.5 11.5h.01M7 11.5h.01M10.5 11.5h.01',
  deny: 'M4.2 4.2l7.6 7.6',
  done: 'M3.5 8.5l3 3 6-7',
  down: 'M8 3.5v9M4.5 9L8 12.5 11.5 9',
  error: 'M6 6l4 4M10 6l-4 4',
  image:
    'M3.5 3.5h9a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1M3 11l3-3 2.5 2.5L10.5 9l2.5 2.5M10.5 6.2v.01',
  line: 'M13.5 8A5.5 5.5 0 0 1 12.9 10.5M10.7 12.8A5.5 5.5 0 0 1 8.3 13.5M5.2 12.8A5.5 5.5 0 0 1 3.4 11M2.5 8A5.5 5.5 0 0 1 3.1 5.5M5.3 3.2A5.5 5.5 0 0 1 7.7 2.5M10.8 3.2A5.5 5.5 0 0 1 12.6 5',
  live: '',
  prompt: 'M3 3.5h10a.5.5 0 0 1 .5.5v6.5a.5.5 0 0 1-.5.5H8l-3 2.5V11H3a.5.5 0 0 1-.5-.5V4a.5.5 0 0 1 .5-.5',
  queue: 'M3.5 5h9M3.5 8h9M3.5 11h5',
  retry: 'M12.6 8.200a4.6 4.6 0 1 1-1.3-3.400l1.3 1.200M12.8 2.800v3.300H9.5',
  stop: '',
  stopped: 'M5 4h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1',
  text: 'M3 4h10M3 8h10M3 12h6',
  wait: 'M8 5v3.2l2 1.3',
  wrap: 'M3 4h10M3 8h7.5a2 2 0 0 1 0 4H8M9.5 10.5L8 12l1.5 1.5M3 12h2',
  warn: 'M8 2.8l5.6 10H2.4zM8 6.6v3M8 11.3v.01',
} as const

export type IconName = keyof typeof PATHS

const RINGED: ReadonlySet<IconName> = new Set(['ask', 'deny', 'error', 'wait'])
const SOLID: ReadonlySet<IconName> = new Set(['live', 'stop'])

export function icon(name: IconName): SVGSVGElement {
  const drawing = shape('svg', { class: 'nb-i', viewBox: '0 0 16 16', 'aria-hidden': 'true', 'data-solid': SOLID.has(name) })
  if (name === 'live') drawing.append(shape('circle', { cx: '8', cy: '8', r: '3.5' }))
  else if (name === 'stop') drawing.append(shape('rect', { x: '4', y: '4', width: '8', height: '8', rx: '1' }))
  else drawing.append(shape('path', { d: PATHS[name] }))
  if (RINGED.has(name)) drawing.append(shape('circle', { cx: '8', cy: '8', r: '5.5' }))
  return drawing
}
