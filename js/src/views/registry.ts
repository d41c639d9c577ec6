/** Which view shows which kind of section; a kind that is not listed is shown as text. */

import type { Section } from '../store'
import { ContentView } from './content'
import { ErrorView } from './error'
import { FileView } from './file'
import { ObjectView } from './object'
import { Guarded } from './plain'
import { ResultView } from './result'
import type { Context, SectionView } from './section'
import { SourceView } from './source'
import { ThinkingView } from './thinking'
import { ToolView } from './tool'

type Maker = new (section: Section, context: Context) => SectionView

const MAKERS: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ['content', ContentView],
  ['thinking', ThinkingView],
  ['tool', ToolView],
  ['source', SourceView],
  ['file', FileView],
  ['object', ObjectView],
  ['error', ErrorView],
])

/** A view of `section` as it stands now. */
export function viewOf(section: Section, context: Context): SectionView {
  const Maker = MAKERS.get(section.kind) ?? ResultView
  const view = new Guarded((mine, surroundings) => new Maker(mine, surroundings), section, context)
  const text = section.text()
  if (text !== '') view.append(text)
  view.update()
  return view
}
