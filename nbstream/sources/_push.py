"""The source behind push mode: what a producer elsewhere hands over, through a bounded buffer.

Belongs here: the buffer as a source, and where a new call of a model begins in what is pushed. Does not belong here: the calls
that a user makes (`nbstream._pushing`), the meaning of one item (`_items`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from nbstream._events import Delta
from nbstream.sources._buffer import Buffer
from nbstream.sources._items import Items
from nbstream.sources._plain import mapping

_OPENERS = ("message_start", "response.created", "start-step", "start")
"""Types of the events with which a response begins."""


class PushSource:
    """Yields what is put into its buffer.

    Attributes:
        title: shown in place of a model.
        repeatable: never: nobody would push it all again.
        buffer: what was pushed and not yet taken.
    """

    repeatable = False

    def __init__(self, title: str) -> None:
        self.title = title
        self.buffer: Buffer[Sequence[Delta]] = Buffer()

    async def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
        """Yield one batch for each that was put; a producer's error is raised after the last."""
        yield [Delta("phase", "waiting")]
        async with aclosing(self.buffer.items()) as batches:
            async for batch in batches:
                yield batch


class Steps:
    """Reads pushed items, and tells where one call of a model ends and the next begins.

    A new step begins with the first text after a finish reason, or where a response begins while another one is unfinished (the
    caller tried again). Usage is summed over the steps.
    """

    def __init__(self) -> None:
        self._items = Items()
        self._begun = self._finished = False
        self._id = ""
        self._before: dict[str, int] = {}
        self._usage: dict[str, int] = {}

    def feed(self, item: Any) -> list[Delta]:
        """Return what `item`, as a token callback gets it, adds."""
        news = self._opens(item)
        deltas = self._items.feed(item)
        return self.take(deltas, fresh=news)

    def take(self, deltas: Sequence[Delta], *, fresh: bool = False) -> list[Delta]:
        """Return `deltas`, behind a step where they begin one; `fresh` where their response has just begun."""
        found = [delta for delta in deltas if delta.kind != "step"]
        fresh = fresh or len(found) < len(deltas)
        textual = any(delta.kind not in ("", "phase", "state", "result") for delta in deltas)
        if self._begun and (fresh or (self._finished and textual)):
            self._begun = self._finished = False
            self._add_up()
            found.insert(0, Delta("step"))
        self._begun = self._begun or textual
        self._finished = self._finished or any(delta.finish_reason for delta in deltas)
        return [self._counted(delta) for delta in found]

    def next(self) -> list[Delta]:
        """Return a step where one has begun."""
        return self.take([], fresh=True)

    def _opens(self, item: Any) -> bool:
        data = item if isinstance(item, Mapping) else mapping(item) if not isinstance(item, str) else None
        if not data:
            return False
        if data.get("type") in _OPENERS:
            return True
        choices = data.get("choices")
        known, self._id = self._id, str(data.get("id") or self._id)
        if not choices or not known or known == self._id:
            return False
        # Some providers give each chunk another id; the role comes with the first chunk of a response.
        delta = choices[0].get("delta") if isinstance(choices[0], Mapping) else None
        return isinstance(delta, Mapping) and bool(delta.get("role"))

    def _counted(self, delta: Delta) -> Delta:
        if not delta.usage:
            return delta
        self._usage |= delta.usage
        return replace(delta, usage={name: n + self._before.get(name, 0) for name, n in self._usage.items()})

    def _add_up(self) -> None:
        for name, n in self._usage.items():
            self._before[name] = self._before.get(name, 0) + n
        self._usage = {}
