"""The outbox: exact frames, at a cadence, on a clock that is set by hand."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from nbstream._events import Append, Close, End, Note, Open, decode
from nbstream._outbox import FRAME_BYTES, FRAMES_PER_SECOND, MESSAGES_PER_SECOND, Outbox
from nbstream._transcript import Transcript
from nbstream.testing import ManualClock


class Line:
    """A transcript with an outbox on a manual clock; `frames` holds (time, frame)."""

    def __init__(self, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.frames: list[tuple[float, dict[str, Any]]] = []
        self.transcript = Transcript()
        self.outbox = Outbox("r", lambda message: self.frames.append((self.clock.time(), message)), self.clock)
        self.transcript.subscribe(self.outbox.push)

    def text(self) -> str:
        """The text of section 0, as the frames add up to."""
        events = [event for _, frame in self.frames for event in frame["events"]]
        return "".join(event["text"] for event in events if event["op"] == "append")


@pytest.fixture(autouse=True)
def _nobody_else_sends() -> Iterator[None]:
    gc.collect()  # the budget is shared by all outboxes that are alive
    yield
    gc.collect()


def test_the_first_text_does_not_wait() -> None:
    line = Line()
    line.transcript.apply(Note({"phase": "waiting"}))
    line.clock.advance(0.001)
    line.transcript.apply(Open("content"))
    line.transcript.apply(Append(0, "a"))
    line.clock.advance(0)
    assert line.frames[-1][0] == pytest.approx(0.001)
    assert line.text() == "a"


def test_a_second_of_fast_text_takes_at_most_31_frames() -> None:
    line = Line()
    line.transcript.apply(Open("content"))
    for _ in range(1000):
        line.transcript.apply(Append(0, "x"))
        line.clock.advance(0.001)
    assert 25 <= len(line.frames) <= FRAMES_PER_SECOND + 1


def test_frames_are_consecutive_and_lose_nothing() -> None:
    line = Line()
    line.transcript.apply(Open("content"))
    for i in range(500):
        line.transcript.apply(Append(0, str(i)))
        line.clock.advance(0.003)
    line.transcript.apply(Close(0))
    line.transcript.apply(End("done"))
    line.clock.advance(1)
    position = 0
    for _, frame in line.frames:
        assert frame["from"] == position + 1
        position = frame["to"]
    assert position == line.transcript.seq
    copy = Transcript()
    for _, frame in line.frames:
        for wire in frame["events"]:
            copy.apply(decode(wire))
    assert copy.sections[0].text == line.transcript.sections[0].text
    assert copy.end == line.transcript.end


def test_the_end_does_not_wait() -> None:
    line = Line()
    line.transcript.apply(Open("content"))
    line.transcript.apply(Append(0, "a"))
    line.clock.advance(0)
    line.transcript.apply(Append(0, "b"))
    line.transcript.apply(End("done"))
    line.clock.advance(0)
    assert line.frames[-1][1]["events"][-1]["op"] == "end"
    assert line.frames[-1][0] == 0


def test_all_outboxes_share_one_budget() -> None:
    clock = ManualClock()
    lines = [Line(clock) for _ in range(20)]
    for line in lines:
        line.transcript.apply(Open("content"))
    clock.advance(1)
    before = sum(len(line.frames) for line in lines)
    for _ in range(2000):
        for line in lines:
            line.transcript.apply(Append(0, "x"))
        clock.advance(0.001)
    for line in lines:
        line.transcript.apply(End("done"))
    clock.advance(0)
    frames = sum(len(line.frames) for line in lines) - before
    # Two seconds of the budget, and the first text and the end of each, which do not wait.
    assert frames <= 2 * MESSAGES_PER_SECOND + 2 * len(lines)
    assert all(line.text() == "x" * 2000 for line in lines)


def test_a_flood_is_cut_into_frames_of_bounded_size() -> None:
    line = Line()
    line.transcript.apply(Open("content"))
    for _ in range(1000):
        line.transcript.apply(Append(0, "y" * 1000))
    line.transcript.apply(End("done"))
    line.clock.advance(10)
    sizes = [sum(len(e.get("text", "")) for e in frame["events"]) for _, frame in line.frames]
    assert len(sizes) > 1
    assert max(sizes) <= FRAME_BYTES + 40_000
    assert sum(sizes) == 1_000_000


def test_an_outbox_that_comes_late_claims_only_what_it_carries() -> None:
    clock = ManualClock()
    frames: list[dict[str, Any]] = []
    transcript = Transcript()
    transcript.apply(Open("content"))
    transcript.apply(Append(0, "missed"))
    transcript.subscribe(Outbox("r", frames.append, clock).push)
    transcript.apply(Append(0, "seen"))
    clock.advance(0)
    assert [(f["from"], f["to"]) for f in frames] == [(3, 3)]


def test_nothing_waits_behind_a_drain_and_the_next_frame_follows_it() -> None:
    line = Line()
    line.transcript.apply(Open("content"))
    line.transcript.apply(Append(0, "a"))
    line.clock.advance(0)
    line.transcript.apply(Append(0, "b" * (FRAME_BYTES + 1)))
    line.transcript.apply(Append(0, "c"))
    line.outbox.drain()
    assert line.outbox.sent == line.transcript.seq
    assert line.text() == line.transcript.content
    line.transcript.apply(Append(0, "d"))
    line.clock.advance(1)
    assert line.frames[-1][1]["from"] == line.transcript.seq
    assert line.text() == line.transcript.content
