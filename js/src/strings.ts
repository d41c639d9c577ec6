/**
 * Every word that a view says, and how it writes numbers.
 *
 * Belongs here: the one table of strings, with the sentences that need a figure as functions. Does not belong here: the choice
 * of a sentence, which is the views' business.
 */

export const S = {
  stop: 'Stop',
  stopping: 'Stopping',
  escapeKey: 'Esc',
  tools: 'Tools',
  copy: 'Copy',
  copied: 'Copied',
  notCopied: 'The browser refused to copy: select the text and press Ctrl+C',
  copyCode: 'Copy code',
  copyCsv: 'Copy as CSV',
  copySection: 'Copy section',
  table: 'Table',
  wrap: 'Wrap',
  wrapLines: 'Wrap lines',
  allLines: 'Show all lines',
  fewerLines: 'Show fewer lines',
  rawText: 'Raw text',
  prompt: 'Prompt',
  hidePrompt: 'Hide prompt',
  chunks: 'Chunks',
  timeline: 'Timeline',
  arrival: (count: string, time: string): string => `Arrival of ${count} ${count === '1' ? 'chunk' : 'chunks'} over ${time}`,
  arrived: {
    t: (count: string): string => `Thinking ${count}`,
    a: (count: string): string => `Answer ${count}`,
    c: (count: string): string => `Tool arguments ${count}`,
  },
  gaps: (p50: string, p95: string): string => `gaps p50 ${p50} · p95 ${p95}`,
  wholeCall: (rate: string): string => `whole call ${rate} tok/s`,
  answerFrom: (time: string): string => `answer ${time}`,
  chunkField: {
    n: '#',
    t_us: 't, s',
    gap: 'Δ, ms',
    kind: 'kind',
    delta: 'delta',
    finish_reason: 'finish_reason',
    usage: 'usage',
    index: 'index',
    model: 'model',
    created: 'created',
    id: 'id',
  },
  moreChunks: 'More chunks',
  noChunks: 'No chunks yet',
  chunksShown: (shown: string, total: string): string => `${shown} of ${total} chunks`,
  retry: 'Retry',
  goOn: 'Continue',
  kept: 'The text so far is kept.',
  attempts: 'Attempts',
  attempt: (n: number, of: number): [string, string] => ['attempt ', `${n} of ${of}`],
  attemptShown: (n: number, of: number): string => `Attempt ${n} of ${of}`,
  previousAttempt: 'Previous attempt',
  nextAttempt: 'Next attempt',
  jump: 'Jump to latest',
  jumpName: 'Follow: Jump to latest',
  showAll: 'Show all',
  /** After the name of a model that answers from a script; the rest is the note's code. */
  scripted: 'This answer is scripted. For a real model set its API key and pass ',
  scriptedCode: 'model="openai/gpt-5"',

  untitled: 'Stream',
  thinking: 'Thinking',
  thought: 'Thought',
  thoughtFor: (time: string): string => `Thought for ${time}`,
  answer: 'Answer',
  result: 'Result',
  error: 'Error',
  aTool: 'a tool',
  unnamedTool: 'tool',
  choice: (n: number): string => `Choice ${n}`,
  toolCall: (name: string): string => `Tool call ${name}`,
  resultOf: (name: string): string => (name === '' ? 'Result' : `Result ${name}`),
  inChoice: (name: string, n: number): string => `${name}, choice ${n}`,

  submitted: 'Starting',
  queued: 'Queued',
  loading: 'Loading…',
  waiting: 'Waiting for the first token',
  answering: 'Answering',
  receiving: 'Receiving',
  running: (name: string): string => `Running ${name}`,
  model: 'Waiting for the model',
  calling: (name: string): string => `Calling ${name}`,
  failure: (title: string, message: string): string => (message === '' ? title : `${title}: ${message}`),
  started: (title: string): string => `${title} has begun to answer`,
  outdated: 'The kernel runs a newer nbstream: reload the page',
  gone: 'Kernel gone: text as far as it came',
  reconnecting: (age: string): string => `Reconnecting: text is ${age} old`,
  disconnected: (age: string): string => `Disconnected: text is ${age} old`,
  truncated: 'Cut off: the provider ended without a finish reason',
  done: (time: string): string => (time === '' ? 'Done' : `Done in ${time}`),
  doneLength: (time: string): string => `${S.done(time)}: cut at the model's output limit`,
  doneFiltered: (time: string): string => `${S.done(time)}: cut by the provider's content filter`,
  doneRefused: (time: string): string => `${S.done(time)}: the model refused`,
  failed: (tokens: string): string => (tokens === '' ? 'Error' : `Error after ${tokens}`),
  beforeFirst: 'before the first token',

  argumentsOpen: 'writing arguments',
  argumentsCut: 'arguments incomplete',
  toolReady: 'ready',
  toolRuns: 'running',
  toolOk: 'done',
  toolBad: 'failed',
  toolBadAfter: (time: string): string => `failed after ${time}`,
  toolAsks: 'needs approval',
  toolDenied: 'denied by you',

  refusal: 'Refusal',
  refused: 'The model refused to answer',
  sources: 'Sources',
  sourceCount: (n: number): string => `Sources · ${whole(n)}`,
  file: 'File',
  image: 'Image',
  saveFile: 'Save',
  showFrom: (host: string): string => `Show image from ${host}`,
  openFrom: (host: string): string => `Open at ${host}`,
  object: 'Object',
  objectOf: (name: string): string => (name === '' ? 'Object' : `Object ${name}`),
  firstOf: (shown: string, all: string): string => `The first ${shown} of ${all} characters.`,
  copyWhole: 'Copy full value',

  approve: 'Approve',
  deny: 'Deny',
  approvalOf: (name: string): string => `Approve ${name}`,
  approvalAsked: (name: string): string => `${name} asks for approval`,
  approvalAwaited: 'Waiting for your approval',
  /** Before and after the name of a tool. */
  mayRun: ['Run ', ' with exactly these arguments?'],

  taskDone: 'Done',
  taskOpen: 'Not done',
  codeIn: (language: string): string => (language === '' ? 'Code' : `Code, ${language}`),
  imageNotLoaded: (label: string): string => (label === '' ? 'Image not loaded' : `Image not loaded: ${label}`),
  linkRefused: (address: string): string => `Not a web address: ${address}`,

  ttft: 'TTFT',
  speed: 'Speed',
  input: 'Input',
  output: 'Output',
  cost: 'Cost',
  none: '–',
} as const

/** Who stopped a run, by the `reason` of its end; the text that follows says after how much. */
export const STOPPED: Readonly<Record<string, string>> = {
  user: 'Stopped by you',
  condition: 'Stopped by your condition',
  max_tokens: 'Stopped at your token limit',
  max_duration: 'Stopped at your time limit',
  interrupt: 'Stopped by an interrupt',
  shutdown: 'Stopped: the kernel was shut down',
}

/** The heading of an error section, by its code. */
export const ERRORS: Readonly<Record<string, string>> = {
  auth: 'No access to the model',
  rate_limit: 'Rate limit reached',
  request: 'The provider refused the request',
  server: 'The provider failed',
  provider: 'The provider failed',
  connection: 'Connection failed',
  bad_response: 'The response cannot be read',
  first_token_timeout: 'No first token in time',
  idle_timeout: 'The stream fell silent',
  source: 'The source of the stream failed',
  missing_package: 'A package is missing',
}

const WHOLE = new Intl.NumberFormat('en-US')

export function whole(n: number): string {
  return WHOLE.format(Math.round(n))
}

/** `seconds` for people: 4.2 s, 1 min 42 s. */
export function duration(seconds: number, digits = 1): string {
  const s = Math.max(0, seconds)
  return s < 100 ? `${s.toFixed(digits)} s` : `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`
}

export function tokens(n: number, estimated: boolean): string {
  return `${estimated ? '~' : ''}${whole(n)} ${n === 1 ? 'token' : 'tokens'}`
}

/** A cost in billionths of a dollar, as dollars. */
export function dollars(nano: number): string {
  const value = nano / 1e9
  if (value > 0 && value < 0.0001) return '<$0.0001'
  return `$${value.toFixed(value >= 10 ? 2 : 4)}`
}

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`
  return n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`
}
