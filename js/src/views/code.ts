/** What the buttons of code blocks do: one listener for a whole body, because blocks come and go with each frame. */

import { set, setText } from '../dom'
import { type CodeBlock, codeBlockOf } from '../markdown/code'
import { S } from '../strings'

/** Hear the buttons in `body`; `copy` gets the text of a block, exactly as it came but for its last line end. */
export function hearCode(body: HTMLElement, copy: (text: string) => void): void {
  body.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('button') : null
    const block = button ? codeBlockOf(button) : undefined
    if (!button || !block) return
    if (button.classList.contains('nb-copies')) copy(block.text.replace(/\n$/, ''))
    else if (button.classList.contains('nb-wraps')) wrap(button, block)
    else expand(button, block)
  })
}

function wrap(button: HTMLButtonElement, { root }: CodeBlock): void {
  set(button, 'aria-pressed', String(root.classList.toggle('nb-wrap')))
}

function expand(button: HTMLButtonElement, { root }: CodeBlock): void {
  const open = root.classList.toggle('nb-open')
  set(button, 'aria-expanded', String(open))
  setText(button, open ? S.fewerLines : S.allLines)
  // What was read stays in sight when a tall block closes above it.
  if (!open) root.scrollIntoView({ block: 'nearest' })
}
