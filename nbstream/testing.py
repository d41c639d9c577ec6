"""Test doubles as product: what our own tests use, for those who test code built on nbstream.

Belongs here: a scripted source, a clock that is set by hand, a comm that loops back. Does not belong here: anything that the
package itself needs, a provider's server (`demo`).
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Any

from nbstream.sources._scripted import ScriptedSource, fake

__all__ = ["LoopbackComm", "ManualClock", "ManualTimer", "ScriptedSource", "fake"]


class ManualTimer:
    """A call on a `ManualClock`."""

    def __init__(self, when: float, callback: Callable[[], object]) -> None:
        self._when = when
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        """Call it no more."""
        self.callback = None

    def when(self) -> float:
        """Return the time of the call, in seconds."""
        return self._when


class ManualClock:
    """A clock that stands still until it is told: limits and cadence without a sleep.

    >>> clock = ManualClock()
    >>> timer = clock.call_at(2.0, lambda: print("rings"))
    >>> clock.advance(3.0)
    rings
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._order = itertools.count()
        self._timers: list[tuple[float, int, ManualTimer]] = []

    def time(self) -> float:
        """Return the seconds that have been advanced so far."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], object], /) -> ManualTimer:
        """Call `callback` when the clock is advanced to `when` or beyond."""
        timer = ManualTimer(when, callback)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass: every timer that is due rings at its own moment, in order."""
        target = self._now + seconds
        while self._timers and self._timers[0][0] <= target:
            when, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, when)
            if (callback := timer.callback) is not None:
                callback()
        self._now = target


class LoopbackComm:
    """A comm whose other end is a list: what a widget sends, and a way to answer.

    Attributes:
        sent: the messages in order, each a dict of `method`, `content` or `state`.
    """

    comm_id = "loopback"
    target_name = "jupyter.widget"

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self._receive: Callable[[dict[str, Any]], None] | None = None

    def send(self, data: dict[str, Any] | None = None, metadata: object = None, buffers: object = None) -> None:
        """Record what the kernel's side sends."""
        if data is not None:
            self.sent.append(data)

    def on_msg(self, callback: Callable[[dict[str, Any]], None]) -> None:
        """Keep the kernel's receiver."""
        self._receive = callback

    def on_close(self, callback: Callable[[dict[str, Any]], None]) -> None:
        """A loopback is never closed from the other side."""

    def close(self, data: object = None, metadata: object = None, buffers: object = None) -> None:
        """Forget the receiver."""
        self._receive = None

    def answer(self, content: object) -> None:
        """Deliver one custom message, as a view would send it."""
        if self._receive is not None:
            self._receive({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The custom messages that were sent, in order."""
        return [item["content"] for item in self.sent if item.get("method") == "custom"]
