"""A run, its delivery and views of it, on a clock that is set by hand.

Belongs here: a view that does what the front-end's does. Does not belong here: what is expected.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbstream._codec import decode
from nbstream._delivery import Delivery
from nbstream._events import Append
from nbstream._transcript import Transcript
from nbstream.testing import ManualClock


class Stage:
    """One run, its delivery, and the views that hear it."""

    def __init__(self, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.transcript = Transcript()
        self.free = True
        self.sent: list[tuple[float, dict[str, Any]]] = []
        self.views: list[View] = []
        self.delivery = Delivery("r", self._send, self.state, lambda: self.transcript.seq, self.clock, lambda: self.free)
        self.transcript.subscribe(self.delivery.take)

    def state(self) -> dict[str, Any]:
        """The snapshot of a view."""
        return {**self.transcript.snapshot(), "run": "r"}

    def say(self, **message: Any) -> bool:
        """One message of a view, by the comm."""
        return self.delivery.hear(message, quiet=False)

    def stream(self, seconds: float, rate: int = 100, text: str = "word ") -> None:
        """Let text come for so long."""
        for _ in range(round(seconds * rate)):
            self.transcript.apply(Append(0, text))
            self.clock.advance(1 / rate)

    def count(self, kind: str = "frame", since: float = -1.0) -> int:
        """How many messages of one type were sent from `since` on."""
        return sum(message["type"] == kind and time >= since for time, message in self.sent)

    def _send(self, message: dict[str, Any]) -> None:
        self.sent.append((self.clock.time(), message))
        for view in self.views:
            view.receive(message)


class View:
    """A view as the front-end makes one: it applies, drops, asks for what is missing, and acknowledges once a second."""

    def __init__(self, stage: Stage, name: str = "v", loses: Callable[[], bool] = lambda: False, *, quiet: bool = True) -> None:
        self.stage = stage
        self.name = name
        self.loses = loses  # asked for each message, in both directions
        self.quiet = quiet
        self.copy = Transcript.from_snapshot(stage.transcript.snapshot())
        self.requests = 0
        self.acked = -1
        self.away = False
        stage.views.append(self)
        self.ask("hello")
        self.tick()

    def ask(self, kind: str) -> None:
        """Send one request."""
        self.requests += 1
        self.send({"type": kind, "view": self.name, "run": "r", "have": self.copy.seq, "n": self.requests})

    def send(self, message: dict[str, Any]) -> None:
        """Send one message, unless the line loses it."""
        if not self.loses():
            self.stage.clock.call_at(
                self.stage.clock.time() + 0.01, lambda: self.stage.delivery.hear(message, quiet=self.quiet)
            )

    def receive(self, message: dict[str, Any]) -> None:
        """Take one message of the kernel, unless the line loses it."""
        if self.away or self.loses():
            return
        match message:
            case {"type": "snapshot", "state": state} if state["seq"] >= self.copy.seq:
                self.copy = Transcript.from_snapshot(state)
            case {"type": "frame", "from": begin, "to": last, "events": events} if last > self.copy.seq:
                if begin != self.copy.seq + 1:
                    self.ask("resync")
                    return
                for wire in events:
                    self.copy.apply(decode(wire))
                self.copy.seq = last
            case {"type": "current", "seq": seq} if seq > self.copy.seq:
                self.ask("resync")

    def tick(self) -> None:
        """Once a second: acknowledge what is new; one that is in doubt asks again."""
        if not self.away:
            if self.copy.seq != self.acked:
                self.acked = self.copy.seq
                self.send({"type": "ack", "view": self.name, "run": "r", "seq": self.copy.seq})
            if self.copy.end is None:
                self.ask("check")
        self.stage.clock.call_at(self.stage.clock.time() + 1, self.tick)
