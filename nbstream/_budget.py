"""The budget: how many messages all streams of a kernel send in a second, and whose turn it is.

Belongs here: the token bucket and the queue of those who want to send. Does not belong here: what is sent (`_outbox`).

jupyter_server silently drops what exceeds 1,000 comm messages a second, and each one makes a browser's busy light flicker. So
all outboxes of an event loop ask here before they send. Turns are given in the order in which they were asked for, one message
a turn: a stream that talks much waits as long as one that talks little, one that has nothing to say takes no share. Urgent
ones (a first text, an end, an answer to a view) go before the others, and count like them.
"""

from __future__ import annotations

import weakref
from typing import Final, Protocol

from nbstream._limits import Clock, Timer

MESSAGES_PER_SECOND: Final = 100
"""No second of any stream's life sees more messages than this."""
BURST: Final = 12
"""So many of them may be sent at once."""
RATE: Final = 80
"""So many more are spread over a second; the rest is for messages that are late and fall in with the next ones."""

_ALMOST_ONE: Final = 1 - 1e-6
_budgets: weakref.WeakKeyDictionary[Clock, Budget] = weakref.WeakKeyDictionary()


class Sender(Protocol):
    """Who asks for turns."""

    def turn(self) -> bool:
        """Send at most one message now; return whether one was sent."""
        ...


class Budget:
    """The turns of all senders on one clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Clock = weakref.proxy(clock)  # the table below keeps budgets as long as their clocks live
        self._tokens = float(BURST)
        self._filled = clock.time()
        self._urgent: dict[Sender, None] = {}
        self._waiting: dict[Sender, None] = {}
        self._timer: Timer | None = None
        self._serving = False

    def ask(self, sender: Sender, *, urgent: bool = False) -> None:
        """Give `sender` a turn as soon as there is one; asking again before that changes nothing but the urgency."""
        if urgent:
            self._waiting.pop(sender, None)
            self._urgent[sender] = None
        elif sender not in self._urgent:
            self._waiting[sender] = None
        if self._timer is None and not self._serving:
            self._plan()

    def charge(self) -> None:
        """Count a message that was sent without a turn."""
        self._tokens -= 1

    def _plan(self) -> None:
        now = self._refill()
        self._timer = self._clock.call_at(now + max(0.0, 1 - self._tokens) / RATE, self._serve)

    def _refill(self) -> float:
        now = self._clock.time()
        self._tokens = min(float(BURST), self._tokens + (now - self._filled) * RATE)
        self._filled = now
        return now

    def _serve(self) -> None:
        self._timer = None
        self._serving = True
        self._refill()
        try:
            while self._tokens >= _ALMOST_ONE and (queue := self._urgent or self._waiting):
                sender = next(iter(queue))
                del queue[sender]
                self._tokens -= sender.turn()
        finally:
            self._serving = False
            if self._urgent or self._waiting:
                self._plan()


def budget_of(clock: Clock) -> Budget:
    """Return the one budget of all senders on `clock`."""
    found = _budgets.get(clock)
    if found is None:
        found = _budgets[clock] = Budget(clock)
    return found
