"""Delivery: how fast one run is told to its views, by what they say themselves.

Belongs here: the meaning of hello, bye, ack, check and resync, and the step from who listens to how much is sent. Does not
belong here: who listens (`_audience`), what a message looks like on its way out (`_outbox`), Stop (`_view`).

    view -> kernel                              answer
    hello   view, run, have, n, adopt, …        welcome, and a snapshot where `have` is behind
    resync  view, run, have, n                  snapshot
    check   view, run, have, n                  current: the number up to which was sent; a snapshot after an absence
    ack     view, run, seq                      none; a snapshot after an absence
    bye     view                                none

`view` names the view, `n` counts its requests: they may come by two ways, the later copy is dropped. `have` and `seq` are the
number up to which the view has everything. Nothing is sent before the first hello, unless the shell is too busy to hear one; a
view that owes an answer for `SLOW_SECONDS` gets a frame a second, after `ABSENT_SECONDS` nothing is sent until it is heard
again. The fastest view sets the pace: what goes to one goes to all, and a slow one is healed by a snapshot. When all has been
sent and a view still owes an answer, it is told the number, so that a lost last frame is found within a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from nbstream._audience import ABSENT_SECONDS, SLOW_SECONDS, Audience
from nbstream._budget import budget_of
from nbstream._events import SAFE_INTEGER, Event, Wire
from nbstream._limits import Clock, Timer
from nbstream._outbox import PACE, Outbox

LOOK_SECONDS: Final = 0.5
"""How often it is looked who owes an answer, while somebody does."""
PAUSE_SECONDS: Final = 0.25
"""When nothing was sent for so long, a view that owes an answer is told once what was sent."""
PROBE_SECONDS: Final = 1.0
"""One that owes it for so long is told again and again."""
AWAIT_SECONDS: Final = 10.0
"""For so long, of which the shell could hear, a first hello is awaited."""
SLOW_PACE: Final = 1.0
NAME_LIMIT: Final = 64


class Delivery:
    """Tells the views of one run what its transcript says.

    Attributes:
        audience: the views.
        outbox: what goes to them.
        refused: how many messages made no sense.
    """

    def __init__(
        self,
        run: str,
        send: Callable[[Wire], None],
        state: Callable[[], Wire],
        seq: Callable[[], int],
        clock: Clock,
        hears: Callable[[], bool],
    ) -> None:
        """Tell of `run` by `send`; `state` gives its snapshot, `seq` its last number; `hears` whether the shell was free."""
        self._run = run
        self._seq = seq
        self._clock = clock
        self._budget = budget_of(clock)
        self._hears = hears
        self.audience = Audience()
        self.outbox = Outbox(run, send, state, clock)
        self.refused = 0
        self._awaited = AWAIT_SECONDS  # no view is expected
        self._told = 0  # the number that was told in the last pause
        self._timer: Timer | None = None

    def expect(self) -> None:
        """A view is about to come: its hello may be held up by a busy shell, and is not waited for then."""
        self._awaited = 0.0
        self._watch()

    def restart(self, run: str) -> None:
        """Tell of another run from now on."""
        self._run = run
        self._told = 0
        self.audience.restart()
        self.outbox.restart(run)
        self._adjust()
        self._watch()

    def take(self, seq: int, event: Event) -> None:
        """Take one event; a subscriber of a transcript."""
        self.outbox.push(seq, event)
        if self._timer is None and self.outbox.open:
            self._watch()

    def charge(self) -> None:
        """Count a message that was sent beside the outbox."""
        self._budget.charge()

    def hear(self, message: Mapping[str, Any], *, quiet: bool) -> bool:
        """Take one message of a view; `quiet` if it came by the control channel. Return whether it made sense."""
        kind, view = message.get("type"), message.get("view")
        if not isinstance(view, str) or not 0 < len(view) <= NAME_LIMIT:
            return self._refuse()
        if kind == "bye":
            self.audience.leave(view)
            self._adjust()
            return True
        have = self._number(message, "seq" if kind == "ack" else "have")
        count = message.get("n", 0)
        if type(count) is not int or not 0 <= count <= SAFE_INTEGER:
            return self._refuse()
        first = view not in self.audience
        if have is None or not self.audience.hear(view, have, self._clock.time(), quiet=quiet):
            return self._refuse()
        if kind == "ack" or self.audience.is_new(view, count):
            self._answer(str(kind), have, first=first)
        self._watch()
        return True

    def _answer(self, kind: str, have: int, *, first: bool) -> None:
        if have == self._seq() and not (self.outbox.open and self.outbox.whole):
            self.outbox.resume(have)
        self._adjust()
        if kind == "hello":
            self.outbox.welcome()
            # One that says hello again may have the answer on its way: it looks at the number and asks if it lacks something.
            if first and have != self.outbox.sent:
                self.outbox.want_snapshot()
        if kind == "resync":
            self.outbox.want_snapshot()
        elif kind in ("hello", "check"):
            self.outbox.tell_current()

    def _number(self, message: Mapping[str, Any], name: str) -> int | None:
        """The number up to which the view says that it has everything: 0 for one that knows another run."""
        value = message.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            return None
        if message.get("run") != self._run:
            return 0 if message.get("type") == "hello" else None
        return value if value <= self._seq() else None

    def _refuse(self) -> bool:
        self.refused += 1
        return False

    def _watch(self) -> None:
        if self._timer is None:
            self._timer = self._clock.call_at(self._clock.time() + LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """Count what has been owed since the last look, and go on looking while anything may change by itself."""
        self._timer = None
        awaiting = not self.audience.greeted and self._awaited < AWAIT_SECONDS
        hears = self._hears() if awaiting or self.audience.loud else True
        if awaiting and hears:
            self._awaited += LOOK_SECONDS
        self.audience.look(self.outbox.sent, LOOK_SECONDS, hears=hears)
        self._adjust(blind=awaiting and not hears)
        self._probe()
        if awaiting or (self.outbox.open and (self.audience.waiting or not self.outbox.idle)):
            self._watch()

    def _probe(self) -> None:
        """Tell the number to a view that may have lost the last frame, which no gap will show."""
        sent = self.outbox.sent
        if not (self.outbox.open and self.outbox.idle and self.audience.waiting):
            return
        paused = self._told != sent and self._clock.time() - self.outbox.last >= PAUSE_SECONDS
        if paused or self.audience.silent >= PROBE_SECONDS:
            self._told = sent
            self.outbox.tell_current()

    def _adjust(self, *, blind: bool = False) -> None:
        silent = self.audience.silent
        if blind or silent < SLOW_SECONDS:
            self.outbox.set_pace(PACE)
        elif silent < ABSENT_SECONDS:
            self.outbox.set_pace(SLOW_PACE)
        else:
            self.outbox.shut()
