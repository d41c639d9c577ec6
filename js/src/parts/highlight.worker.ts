/** The worker of the highlighter: a text in, its runs out. It knows no network and no document, and may be killed at any time. */

import { tokenise } from './tokens'

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<{ readonly language: string; readonly text: string }>) => void) | null
  postMessage(message: unknown): void
}

scope.onmessage = ({ data }) => scope.postMessage(tokenise(data.language, data.text) ?? null)
scope.postMessage('ready')
