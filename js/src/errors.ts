/**
 * The errors of the view's side of the wire.
 *
 * Belongs here: the error that the codec and the fold throw, with the codes that `nbstream/_events.py` lists. Does not belong
 * here: errors of a run, which are data in a transcript and not exceptions of this page.
 */

/** In the order in which they are checked. */
export type Code = 'unknown-op' | 'bad-field' | 'ended' | 'no-section' | 'closed-section'

/** An event that a transcript must not take; whoever catches it finds the transcript as it was. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'

  constructor(
    readonly code: Code,
    message: string,
  ) {
    super(message)
  }
}
