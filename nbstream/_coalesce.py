"""Coalescing: adjacent appends to one section become one, so that a frame costs what its text costs.

Belongs here: merging and counting bytes. Does not belong here: when a frame is sent, and to whom (`_outbox`).

L3: only neighbours are merged, nothing is ever reordered. An event of the output stands for the numbers of all that were merged
into it, which is why a frame says `from` and `to` beside its events.
"""

from __future__ import annotations

import json
from collections import deque

from nbstream._codec import encode
from nbstream._events import Append, Event

EVENT_BYTES = 48
"""What an append costs on the wire beside its text, in bytes of UTF-8."""
MERGE_LIMIT = 32_768
"""A merge that has this many bytes takes no more deltas, so that a frame can be cut between merges."""


class Coalescer:
    """A queue of events that merges at its end and is taken from at its start."""

    def __init__(self) -> None:
        self._queue: deque[tuple[int, int, Event]] = deque()  # number, bytes, event
        self._run: list[str] = []  # texts of the open merge
        self._at = -1  # its section
        self._size = 0  # its bytes
        self._last = 0  # the number of its last event
        self.bytes = 0
        """How many bytes wait, as UTF-8."""

    def __bool__(self) -> bool:
        return bool(self._queue or self._run)

    def push(self, seq: int, event: Event) -> None:
        """Add one event; `seq` must follow the last one pushed."""
        if type(event) is Append:
            if self._run and (event.at != self._at or self._size >= MERGE_LIMIT):
                self._settle()
            if not self._run:
                self._size = EVENT_BYTES
                self.bytes += EVENT_BYTES
            self._at, self._last = event.at, seq
            self._run.append(event.text)
            size = _bytes(event.text)
            self._size += size
            self.bytes += size
            return
        self._settle()
        size = _bytes(json.dumps(encode(event), ensure_ascii=False))
        self._queue.append((seq, size, event))
        self.bytes += size

    def take(self, limit: int) -> tuple[int, list[Event]]:
        """Remove and return events of at most `limit` bytes, but at least one: the number of the last one, and the events."""
        self._settle()
        last, taken, total = 0, list[Event](), 0
        while self._queue:
            seq, size, event = self._queue[0]
            if taken and total + size > limit:
                break
            self._queue.popleft()
            last, total = seq, total + size
            taken.append(event)
        self.bytes -= total
        return last, taken

    def clear(self) -> None:
        """Forget everything that waits."""
        self._queue.clear()
        self._run.clear()
        self.bytes = 0

    def _settle(self) -> None:
        if self._run:
            self._queue.append((self._last, self._size, Append(self._at, "".join(self._run))))
            self._run = []


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
