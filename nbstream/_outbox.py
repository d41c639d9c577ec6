"""The outbox: from events to frames, at a cadence that a notebook server carries.

Belongs here: when a frame is sent and how large it is. Does not belong here: merging (`_coalesce`), the comm (`_comm`).

The first text goes out at once, then at most `FRAMES_PER_SECOND` frames a second; all outboxes of a process share one budget of
`MESSAGES_PER_SECOND`, because jupyter_server silently drops what exceeds 1,000 comm messages a second, and each one makes a
browser's busy light flicker. The end goes out at once. An outbox lives on one event loop.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Final

from nbstream._coalesce import Coalescer
from nbstream._events import Append, End, Event, Wire, frame
from nbstream._limits import Clock, Timer

FRAMES_PER_SECOND: Final = 30
MESSAGES_PER_SECOND: Final = 100
FRAME_BYTES: Final = 131_072
"""About how many bytes of events one frame carries."""

_busy: weakref.WeakSet[Outbox] = weakref.WeakSet()


class Outbox:
    """Sends what one transcript says, as frames.

    Attributes:
        sent: the number of the last event that was sent.
    """

    def __init__(self, run: str, send: Callable[[Wire], None], clock: Clock) -> None:
        """Send frames of `run` with `send`; `clock` is the event loop on which `push` is called."""
        self._run = run
        self._send = send
        self._clock = clock
        self.sent = 0
        self._waiting = Coalescer()
        self._timer: Timer | None = None
        self._last = -1 / FRAMES_PER_SECOND
        self._quiet = True  # no text has been sent yet

    def push(self, seq: int, event: Event) -> None:
        """Take one event; a subscriber of a transcript."""
        if not self._waiting:
            self.sent = seq - 1  # a view that was made in mid-stream may have missed some: a frame never claims what it lacks
        self._waiting.push(seq, event)
        urgent = type(event) is End or (self._quiet and type(event) is Append)
        if urgent:
            self._quiet = False
            self._schedule(self._clock.time())
        elif self._timer is None:
            self._schedule(self._last + self._interval())

    def drain(self) -> None:
        """Send all that waits now, whatever the cadence.

        To be called before a snapshot is sent: a frame with events that the snapshot has, too, fits no view, and each one would
        ask for another snapshot.
        """
        while self._waiting:
            self._flush()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _interval(self) -> float:
        _busy.add(self)
        return max(1 / FRAMES_PER_SECOND, len(_busy) / MESSAGES_PER_SECOND)

    def _schedule(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_at(when, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._last = self._clock.time()
        last, events = self._waiting.take(FRAME_BYTES)
        if events:
            message = {"type": "frame", **frame(self._run, self.sent + 1, last, events)}
            self.sent = last
            self._send(message)
        if self._waiting:
            self._schedule(self._last + self._interval())
        elif events and type(events[-1]) is End:
            _busy.discard(self)
