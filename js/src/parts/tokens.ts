/**
 * Code into coloured runs.
 *
 * Belongs here: the grammars, and which of our six kinds stands for which of highlight.js's scopes. No HTML is ever made: the
 * engine writes into an emitter of ours, which notes lengths and kinds. Runs in a worker only (`highlight.worker`), because
 * some inputs take any of its grammars for ever.
 */

import hljs from 'highlight.js/lib/core'
import bash from 'highlight.js/lib/languages/bash'
import c from 'highlight.js/lib/languages/c'
import cpp from 'highlight.js/lib/languages/cpp'
import csharp from 'highlight.js/lib/languages/csharp'
import css from 'highlight.js/lib/languages/css'
import diff from 'highlight.js/lib/languages/diff'
import dockerfile from 'highlight.js/lib/languages/dockerfile'
import go from 'highlight.js/lib/languages/go'
import ini from 'highlight.js/lib/languages/ini'
import java from 'highlight.js/lib/languages/java'
import javascript from 'highlight.js/lib/languages/javascript'
import json from 'highlight.js/lib/languages/json'
import julia from 'highlight.js/lib/languages/julia'
import kotlin from 'highlight.js/lib/languages/kotlin'
import latex from 'highlight.js/lib/languages/latex'
import makefile from 'highlight.js/lib/languages/makefile'
import markdown from 'highlight.js/lib/languages/markdown'
import php from 'highlight.js/lib/languages/php'
import python from 'highlight.js/lib/languages/python'
import pycon from 'highlight.js/lib/languages/python-repl'
import r from 'highlight.js/lib/languages/r'
import ruby from 'highlight.js/lib/languages/ruby'
import rust from 'highlight.js/lib/languages/rust'
import shell from 'highlight.js/lib/languages/shell'
import sql from 'highlight.js/lib/languages/sql'
import typescript from 'highlight.js/lib/languages/typescript'
import xml from 'highlight.js/lib/languages/xml'
import yaml from 'highlight.js/lib/languages/yaml'
import { KINDS } from './kinds'

// biome-ignore format: a list of names, not one a line
const GRAMMARS = {
  bash, c, cpp, csharp, css, diff, dockerfile, go, ini, java, javascript, json, julia, kotlin, latex, makefile, markdown, php,
  python, 'python-repl': pycon, r, ruby, rust, shell, sql, typescript, xml, yaml,
}

// By the first word of a scope, unless the whole one is listed. What is not listed is plain.
const KIND_OF: Readonly<Record<string, (typeof KINDS)[number]>> = {
  keyword: 'k',
  'selector-tag': 'k',
  name: 'k',
  section: 'k',
  string: 's',
  regexp: 's',
  char: 's',
  addition: 's',
  link: 's',
  code: 's',
  number: 'n',
  literal: 'n',
  symbol: 'n',
  built_in: 'n',
  bullet: 'n',
  comment: 'c',
  quote: 'c',
  doctag: 'c',
  property: 'p',
  attr: 'p',
  attribute: 'p',
  title: 'p',
  type: 'p',
  'selector-class': 'p',
  'selector-id': 'p',
  'template-variable': 'p',
  operator: 'o',
  meta: 'o',
  deletion: 'o',
  'selector-pseudo': 'o',
}

/** Length and kind of each run, one after the other: together they are the text. */
export type Runs = Uint32Array

class RunEmitter {
  readonly runs: number[] = []
  private readonly open: number[] = [0]

  addText(text: string): void {
    this.add(text.length, this.open[this.open.length - 1] ?? 0)
  }
  startScope(scope: string): void {
    this.open.push(numberOf(scope, this.open[this.open.length - 1] ?? 0))
  }
  endScope(): void {
    this.open.pop()
  }
  openNode(scope: string): void {
    this.startScope(scope)
  }
  closeNode(): void {
    this.endScope()
  }
  __addSublanguage(other: RunEmitter): void {
    for (let at = 0; at < other.runs.length; at += 2) this.add(other.runs[at] ?? 0, other.runs[at + 1] ?? 0)
  }
  finalize(): void {}
  toHTML(): string {
    return ''
  }

  private add(length: number, kind: number): void {
    const { runs } = this
    if (runs.length > 0 && runs[runs.length - 1] === kind) runs[runs.length - 2] = (runs[runs.length - 2] ?? 0) + length
    else if (length > 0) runs.push(length, kind)
  }
}

const engine = hljs.newInstance()
engine.configure({ __emitter: RunEmitter } as never) // reason: the option is meant for this, and left out of its types
for (const [name, grammar] of Object.entries(GRAMMARS)) engine.registerLanguage(name, grammar)
engine.registerAliases(['jsonc', 'json5', 'jsonl', 'ndjson', 'ipynb'], { languageName: 'json' })
engine.registerAliases(['jl'], { languageName: 'julia' })
engine.registerAliases(['python3', 'ipython', 'ipython3'], { languageName: 'python' })
engine.registerAliases(['fish', 'powershell', 'ps1'], { languageName: 'bash' })

/** The runs of `text`, undefined for a language that has no grammar here. */
export function tokenise(language: string, text: string): Runs | undefined {
  if (engine.getLanguage(language) === undefined) return undefined
  const result = engine.highlight(text, { language, ignoreIllegals: true })
  const emitter = result._emitter as unknown as RunEmitter // reason: typed as its own default
  return Uint32Array.from(emitter.runs)
}

function numberOf(scope: string, outer: number): number {
  const kind = KIND_OF[scope] ?? KIND_OF[scope.split('.', 1)[0] ?? '']
  // A part of a string that has no kind of its own, an escape or a parameter, looks like what it stands in.
  return kind === undefined ? (scope === 'subst' ? 0 : outer) : KINDS.indexOf(kind)
}
