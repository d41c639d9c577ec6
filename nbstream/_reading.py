"""Reading: the events of a run, for `for` and `async for`.

Belongs here: what a loop over events does when it is interrupted. Does not belong here: the events (`_record`), the handle that
gives them out (`_stream`).

An interrupt or a cancellation that arrives while the loop waits is raised in here, and stops the run. One that arrives in the
body of the loop is raised there, in the caller's code, and nobody tells us: so we ask at the end of the cell.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

from nbstream import _host, _threads
from nbstream._record import StreamEvent
from nbstream._run import Run


class Events:
    """The events of a stream; each iteration starts at the first."""

    def __init__(self, run: Run, stream: object) -> None:
        """Read `run`; `stream` is its handle, kept, and with it the view, while somebody reads."""
        self._run = run
        self._stream = stream

    def __iter__(self) -> Iterator[StreamEvent]:
        """Follow to the end.

        Raises:
            WouldDeadlock: called on the event loop that feeds the stream; use `async for` there.
        """
        _threads.refuse_own_loop("Iterating over events with `for`")
        return self._follow()

    async def __aiter__(self) -> AsyncIterator[StreamEvent]:
        """Follow to the end, on any event loop."""
        forget = _host.when_interrupted(self._interrupt)
        async with aclosing(self._run.log.afollow(self._interrupt)) as events:
            async for event in events:
                yield event
        forget()  # not where the loop is left early, see `_follow`

    def _follow(self) -> Iterator[StreamEvent]:
        forget = _host.when_interrupted(self._interrupt)
        yield from self._run.log.follow(self._interrupt)
        # Not where the loop is left early: an interrupt of its body closes this generator as `break` does, and only the end of
        # the cell tells the two apart.
        forget()

    def _interrupt(self) -> None:
        self._run.stop("interrupt")
