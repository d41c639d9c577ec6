"""Attempts: the runs of one stream, one after the other, of which its handle and its view show the latest.

Belongs here: whether there may be another, and what it asks. Does not belong here: how it goes (`_run`), what a view is told of
it (`_view`).

`retry` sends the same request again. `continue` asks the model to go on from what it has said: its text is carried over, and
what comes is appended to it, so that the answer is one text again. Both need a source that can be asked again; a stream that
was handed over or pushed cannot.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Final

from nbstream._events import Delta
from nbstream._run import Run
from nbstream.sources import Source

LIMIT: Final = 100
"""The most attempts of one stream."""
WAYS: Final = ("retry", "continue")


class Attempts:
    """The runs of one stream, the latest last."""

    def __init__(self, first: Run) -> None:
        self._runs = [first]
        self._followers: list[Callable[[Run], None]] = []
        self._lock = threading.Lock()

    @property
    def latest(self) -> Run:
        """The run that is shown."""
        return self._runs[-1]

    @property
    def ids(self) -> list[str]:
        """The ids of the runs in order."""
        return [run.id for run in tuple(self._runs)]

    def find(self, run: object) -> Run | None:
        """Return the run with this id."""
        return next((found for found in tuple(self._runs) if found.id == run), None)

    @property
    def ways(self) -> list[str]:
        """How the source could be asked again, whatever has come of it."""
        source = self._runs[0].source
        if not source.repeatable or len(self._runs) >= LIMIT:
            return []
        return list(WAYS) if hasattr(source, "going_on") else [WAYS[0]]

    def follow(self, follower: Callable[[Run], None]) -> None:
        """Call `follower` with each later attempt, before it begins, on the thread that asks for it."""
        self._followers.append(follower)

    def begin(self, way: str, after: str) -> bool:
        """Begin another attempt after the run with the id `after`; return whether there may be one."""
        with self._lock:
            latest = self._runs[-1]
            if way not in self.ways or latest.id != after or latest.transcript.end is None:
                return False
            source = self._runs[0].source if way == "retry" else self._going_on(latest)
            if source is None:
                return False
            run = latest.again(source)
            self._runs.append(run)
        for follower in tuple(self._followers):
            follower(run)
        run.start()
        return True

    def _going_on(self, run: Run) -> Source | None:
        sections = tuple(run.transcript.sections)
        partial = run.transcript.content
        # A choice among several, or a call that waits for its result, is nothing that a text could go on from.
        if not partial.strip() or any(s.kind in ("tool", "result") or s.meta.get("choice") for s in sections):
            return None
        return _Continued(self._runs[0].source, partial)


class _Continued:
    """The answer that goes on from `partial`, which comes first, with the first text that continues it."""

    repeatable = True

    def __init__(self, source: Source, partial: str) -> None:
        self.title = source.title
        self._source: Source = source.going_on(partial)  # type: ignore[attr-defined]  # reason: `ways` has looked
        self._partial = partial

    async def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
        carried = Delta("content", self._partial, meta={"carried": len(self._partial)})
        waiting = True
        async with aclosing(self._source.deltas()) as batches:
            async for batch in batches:
                first = waiting and any(delta.kind == "content" and delta.text for delta in batch)
                waiting = waiting and not first
                yield [carried, *batch] if first else batch


class Held:
    """What the parts of a handle read: the run that counts is the latest attempt."""

    _attempts: Attempts

    @property
    def _run(self) -> Run:
        return self._attempts.latest
