"""A last frame that is lost: nothing that follows it shows the gap, so the kernel tells the number."""

from __future__ import annotations

from typing import Any

from nbstream._delivery import PAUSE_SECONDS, Delivery
from nbstream._events import Append, Open
from nbstream._transcript import Transcript
from nbstream.testing import ManualClock

HEALED_SECONDS = 1.0


class Line:
    """A transcript that is told to one view, which answers what the test says; `sent` holds (time, message)."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.sent: list[tuple[float, dict[str, Any]]] = []
        transcript = self.transcript = Transcript()
        self.delivery = Delivery(
            "r", self._send, lambda: {**transcript.snapshot(), "run": "r"}, lambda: transcript.seq, self.clock, lambda: True
        )
        transcript.subscribe(self.delivery.take)
        self.hear("hello", have=0, n=1)
        transcript.apply(Open("content"))

    def hear(self, kind: str, **more: int) -> None:
        """The view says something, by the control channel."""
        assert self.delivery.hear({"type": kind, "view": "v", "run": "r", **more}, quiet=True)

    def of(self, kind: str) -> list[tuple[float, dict[str, Any]]]:
        """The messages of one type."""
        return [(time, message) for time, message in self.sent if message["type"] == kind]

    def _send(self, message: dict[str, Any]) -> None:
        self.sent.append((self.clock.time(), message))


def test_a_view_is_told_the_number_soon_after_the_last_frame() -> None:
    for phase in range(10):
        line = Line()
        line.clock.advance(1 + phase / 20)
        line.hear("ack", seq=line.transcript.seq)
        line.transcript.apply(Append(0, "lost"))
        line.clock.advance(PAUSE_SECONDS / 2)
        line.hear("ack", seq=line.transcript.seq - 1)  # it was on its way
        line.sent[:-1] = []
        line.clock.advance(HEALED_SECONDS)
        (frame, _), (told, message) = line.of("frame")[-1], line.of("current")[0]
        assert message["seq"] == line.transcript.seq
        assert PAUSE_SECONDS <= told - frame < HEALED_SECONDS - 0.1


def test_a_pause_is_told_of_once_and_then_less_often() -> None:
    line = Line()
    line.clock.advance(1)
    line.sent.clear()
    line.transcript.apply(Append(0, "lost"))
    line.clock.advance(0.99)
    assert len(line.of("current")) == 1
    line.clock.advance(9)
    assert len(line.of("current")) <= 20


def test_a_view_that_has_everything_is_told_nothing() -> None:
    line = Line()
    line.transcript.apply(Append(0, "here"))
    line.clock.advance(0.05)
    line.hear("ack", seq=line.transcript.seq)
    line.sent.clear()
    line.clock.advance(10)
    assert line.sent == []


def test_a_stream_without_pauses_is_not_told_of() -> None:
    line = Line()
    line.clock.advance(1)
    line.sent.clear()
    for number in range(500):
        line.transcript.apply(Append(0, "x"))
        line.clock.advance(0.01)
        if number % 100 == 0:
            line.hear("ack", seq=line.transcript.seq - 1)
    assert line.of("current") == []
