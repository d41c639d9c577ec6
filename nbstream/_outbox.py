"""The outbox: from events to frames, at a cadence that a notebook server carries.

Belongs here: what is sent next, when, and how large it is. Does not belong here: merging (`_coalesce`), pauses between answers
(`_replies`), the share of one stream among others (`_budget`), who listens (`_audience`), the comm (`_comm`).

The first text goes out at once, then at most `FRAMES_PER_SECOND` frames a second; the end goes out at once. Whatever else is
sent postpones the next frame, so that a second has at most 31 messages, unless views ask for more. While the outbox is shut
it keeps nothing: what is missed then is in the snapshot that goes out first when it is opened. A snapshot goes to all views
and heals all, so that one for many requests is enough, at most one in `SNAPSHOT_SECONDS`: whatever views ask for, they do not
take the turns of other streams. An outbox lives on one event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nbstream._budget import budget_of
from nbstream._coalesce import Coalescer
from nbstream._codec import frame
from nbstream._events import Append, End, Event, Wire
from nbstream._limits import Clock, Timer
from nbstream._replies import ANSWER_SECONDS, Asides, Reply

FRAMES_PER_SECOND: Final = 28
FRAME_BYTES: Final = 131_072
"""So many bytes of events one frame carries at the most, unless a single event has more."""
SNAPSHOT_SECONDS: Final = 0.25
"""The shortest pause between two snapshots."""
SNAPSHOT_RATE: Final = 4_000_000
"""A long text makes the pause longer: so many characters a second go into snapshots at the most."""
HELD_BYTES: Final = 16 * FRAME_BYTES
"""If more than this waits, it is dropped, and a snapshot sent instead."""

PACE: Final = 1 / FRAMES_PER_SECOND
"""The usual pause between two frames, in seconds."""


class Outbox:
    """Sends what one transcript says, as frames and snapshots.

    Attributes:
        sent: the number of the last event that was sent, in a frame or a snapshot.
        whole: whether frames go on from there; if not, a snapshot comes first.
        last: when the last frame or snapshot was sent.
    """

    def __init__(self, run: str, send: Callable[[Wire], None], state: Callable[[], Wire], clock: Clock) -> None:
        """Send messages about `run` with `send`, once a pace is set.

        Args:
            state: gives a snapshot.
            clock: the event loop on which everything here is called.
        """
        self._run = run
        self._send = send
        self._state = state
        self._clock = clock
        self._budget = budget_of(clock)
        self.sent = 0
        self.whole = False
        self._pace: float | None = None
        self._waiting = Coalescer()
        self._taken = 0  # the number of the last event that waits or was sent
        self._welcome = Reply()
        self._current = Reply()
        self._snapshot = Reply()
        self._asides = Asides()
        self._urgent = False  # what waits must not wait
        self._quiet = True  # no text has been sent yet
        self.last = -PACE
        self._next_frame = 0.0  # not before this time, unless it is urgent
        self._timer: Timer | None = None
        self._asked = False

    @property
    def open(self) -> bool:
        """Whether anything is sent."""
        return self._pace is not None

    @property
    def held(self) -> int:
        """How many bytes of events wait."""
        return self._waiting.bytes

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be sent."""
        return not (self._waiting or self._snapshot.wanted or self._current.wanted or self._welcome.wanted)

    def push(self, seq: int, event: Event) -> None:
        """Take one event; a subscriber of a transcript."""
        if seq <= self.sent:
            return  # a snapshot has carried it
        if self._pace is None or not self.whole or seq != self._taken + 1:
            if self.whole or not self._snapshot.wanted:
                self._fall_behind()
            return
        self._taken = seq
        self._waiting.push(seq, event)
        if self._waiting.bytes > HELD_BYTES:
            self._fall_behind()
            return
        if type(event) is End or (self._quiet and type(event) is Append):
            self._urgent, self._quiet = True, False
            self._plan()
        elif self._timer is None and not self._asked:
            self._plan()

    def set_pace(self, pace: float) -> None:
        """Send, with `pace` seconds between two frames; what was missed while shut goes out first, as a snapshot."""
        if self._pace == pace:
            return
        self._pace = pace
        self._next_frame = min(self._next_frame, self._clock.time() + pace)
        self._snapshot.wanted |= not self.whole
        self._plan()

    def shut(self) -> None:
        """Send nothing, and keep nothing, until a pace is set."""
        self._pace = None
        self._welcome.wanted = self._current.wanted = self._snapshot.wanted = False
        if self._waiting:
            self._fall_behind()
        self._plan()

    def restart(self, run: str) -> None:
        """Tell of another run from now on, beginning with its snapshot."""
        self._run = run
        self.sent = self._taken = 0
        self._quiet = True
        self._fall_behind()

    def resume(self, seq: int) -> None:
        """All views have everything up to `seq`, the last event that there is: go on from there without a snapshot."""
        self._waiting.clear()
        self.sent = self._taken = seq
        self.whole = True

    def welcome(self) -> None:
        """Tell a view that it was heard."""
        self._welcome.wanted = True
        self._plan()

    def tell_current(self) -> None:
        """Tell the views up to which number was sent."""
        self._current.wanted = True
        self._plan()

    def want_snapshot(self) -> None:
        """Send a snapshot as soon as may be."""
        self._snapshot.wanted = True
        self._plan()

    def aside(self, message: Wire) -> None:
        """Send a message that is none of the transcript's; it takes the place of one of its type that still waits.

        It goes out even where the outbox is shut: a page that has its output from a file listens, though it hears no stream.
        """
        self._asides.put(message)
        self._plan()

    def turn(self) -> bool:
        """Send one message, if one is due; the budget calls this."""
        self._asked = False
        now = self._clock.time()
        message = self._next(now)
        if message is not None:
            pace = self._pace if self._pace is not None and message["type"] == "frame" else PACE
            self._next_frame = max(self._next_frame, now) + pace
            self._send(message)
        self._plan()
        return message is not None

    def _next(self, now: float) -> Wire | None:
        if self._pace is not None:
            if self._welcome.ready(now):
                self._welcome.sent(now, ANSWER_SECONDS)
                return {"type": "welcome", "run": self._run}
            if self._snapshot.ready(now):
                return self._take_snapshot(now)
            if self._current.ready(now) and not self._snapshot.wanted:
                self._current.sent(now, ANSWER_SECONDS)
                return {"type": "current", "run": self._run, "seq": self.sent}
        if self._asides.ready(now) and now >= self._next_frame:
            return self._asides.take(now)
        if self._pace is not None and self._waiting and (self._urgent or now >= self._next_frame):
            return self._frame(now)
        return None

    def _take_snapshot(self, now: float) -> Wire:
        state = self._state()
        # What waits is in it, too: a frame with events that the snapshot has fits no view, and each would ask for another.
        self.resume(state["seq"])
        self._urgent = self._current.wanted = False
        self._quiet = self._quiet and not state["sections"]
        length = sum(len(section["text"]) for section in state["sections"])
        self.last = now
        self._snapshot.sent(now, max(SNAPSHOT_SECONDS, length / SNAPSHOT_RATE))
        return {"type": "snapshot", "state": state}

    def _frame(self, now: float) -> Wire:
        last, events = self._waiting.take(FRAME_BYTES)
        message = {"type": "frame", **frame(self._run, self.sent + 1, last, events)}
        self.sent, self.last = last, now
        self._urgent = False
        return message

    def _fall_behind(self) -> None:
        self._waiting.clear()
        self._urgent = self.whole = False
        if self._pace is not None:
            self.want_snapshot()

    def _plan(self) -> None:
        """Ask for a turn now, or think of it when there is something to send."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._due()
        if due is None:
            return
        when, urgent = due
        if when > self._clock.time():
            self._timer = self._clock.call_at(when, self._ring)
        else:
            self._asked = True
            self._budget.ask(self, urgent=urgent)

    def _ring(self) -> None:
        self._timer = None
        self._plan()

    def _due(self) -> tuple[float, bool] | None:
        """When the next message is due, and whether it goes before those of others; None where there is none."""
        now = self._clock.time()
        due: list[tuple[float, bool]] = []
        if self._asides.wanted:
            due.append((max(self._asides.due(now), self._next_frame), False))
        if self._pace is not None:
            replies = (self._welcome, self._snapshot if self._snapshot.wanted else self._current)
            due += [(reply.due(now), True) for reply in replies if reply.wanted]
            if self._waiting:
                due.append((now, True) if self._urgent else (max(now, self._next_frame), False))
        return min(due, key=lambda item: (item[0], not item[1]), default=None)
