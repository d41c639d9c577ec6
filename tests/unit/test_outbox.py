"""The outbox: exact frames, at a cadence, on a clock that is set by hand."""

from __future__ import annotations

from typing import Any

import pytest

from nbstream._coalesce import MERGE_LIMIT
from nbstream._codec import decode
from nbstream._events import Append, Close, End, Note, Open
from nbstream._outbox import (
    ANSWER_SECONDS,
    FRAME_BYTES,
    HELD_BYTES,
    PACE,
    SNAPSHOT_RATE,
    SNAPSHOT_SECONDS,
    Outbox,
)
from nbstream._transcript import Transcript
from nbstream.testing import ManualClock


class Line:
    """A transcript with an outbox on a manual clock, open from the start; `sent` holds (time, message)."""

    def __init__(self, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.sent: list[tuple[float, dict[str, Any]]] = []
        self.transcript = Transcript()
        self.outbox = Outbox(
            "r", lambda message: self.sent.append((self.clock.time(), message)), self.transcript.snapshot, self.clock
        )
        self.transcript.subscribe(self.outbox.push)
        self.outbox.resume(0)
        self.outbox.set_pace(PACE)

    def of(self, kind: str) -> list[tuple[float, dict[str, Any]]]:
        """The messages of one type."""
        return [(time, message) for time, message in self.sent if message["type"] == kind]

    def copy(self) -> Transcript:
        """What a view has that got every message and asked for nothing."""
        copy = Transcript()
        for _, message in self.sent:
            if message["type"] == "snapshot":
                copy = Transcript.from_snapshot(message["state"])
            elif message["type"] == "frame":
                assert message["from"] == copy.seq + 1
                for wire in message["events"]:
                    copy.apply(decode(wire))
                copy.seq = message["to"]
        return copy

    def open(self) -> None:
        """Open a section, and let what that sends pass."""
        self.transcript.apply(Open("content"))
        self.clock.advance(1)
        self.sent.clear()


def test_the_first_text_does_not_wait() -> None:
    line = Line()
    line.transcript.apply(Note({"phase": "waiting"}))
    line.clock.advance(0.001)
    line.transcript.apply(Open("content"))
    line.transcript.apply(Append(0, "a"))
    line.clock.advance(0)
    assert line.sent[-1][0] == pytest.approx(0.001)
    assert line.copy().content == "a"


@pytest.mark.parametrize("rate", [40, 100, 1000, 5000])
def test_a_second_of_text_takes_at_most_31_messages(rate: int) -> None:
    line = Line()
    line.transcript.apply(Open("content"))
    for _ in range(5 * rate):
        line.transcript.apply(Append(0, "x"))
        line.clock.advance(1 / rate)
    times = [time for time, _ in line.sent]
    assert max(sum(start <= time < start + 1 for time in times) for start in times) <= 31
    assert len(times) >= 5 * min(rate, 25)


def test_a_second_with_a_hello_and_the_end_has_at_most_31_messages_too() -> None:
    line = Line()
    line.transcript.apply(Open("content"))
    for _ in range(100):
        if len(line.sent) == 3:
            line.outbox.welcome()
            line.outbox.tell_current()
            line.outbox.aside({"type": "static", "rev": 1})
        line.transcript.apply(Append(0, "x"))
        line.clock.advance(0.0099)
    line.transcript.apply(End("done"))
    line.clock.advance(0)
    assert {message["type"] for _, message in line.sent} == {"frame", "welcome", "current", "static"}
    assert 25 <= len(line.sent) <= 31


def test_frames_are_consecutive_and_lose_nothing() -> None:
    line = Line()
    line.transcript.apply(Open("content"))
    for i in range(500):
        line.transcript.apply(Append(0, str(i)))
        line.clock.advance(0.003)
    line.transcript.apply(Close(0))
    line.transcript.apply(End("done"))
    line.clock.advance(1)
    assert {message["type"] for _, message in line.sent} == {"frame"}
    assert line.copy().snapshot() == line.transcript.snapshot()


def test_the_end_does_not_wait_and_comes_last() -> None:
    line = Line()
    line.transcript.apply(Open("content"))
    line.transcript.apply(Append(0, "a"))
    line.clock.advance(0)
    line.transcript.apply(Append(0, "b"))
    line.transcript.apply(End("done"))
    line.clock.advance(0)
    assert line.sent[-1][1]["events"][-1]["op"] == "end"
    assert line.sent[-1][0] == 0


@pytest.mark.parametrize("piece", ["y" * 1000, "é☃𝄞" * 100], ids=["ascii", "wide"])
def test_a_flood_is_cut_into_frames_of_at_most_so_many_bytes_of_utf_8(piece: str) -> None:
    line = Line()
    line.transcript.apply(Open("content"))
    for _ in range(1000):
        line.transcript.apply(Append(0, piece))
    line.transcript.apply(End("done"))
    line.clock.advance(10)
    sizes = [sum(len(e.get("text", "").encode()) for e in message["events"]) for _, message in line.of("frame")]
    assert len(sizes) > 1
    assert FRAME_BYTES - MERGE_LIMIT - 2000 <= max(sizes) <= FRAME_BYTES
    assert line.copy().content == piece * 1000


def test_an_outbox_that_comes_late_begins_with_a_snapshot() -> None:
    clock = ManualClock()
    sent: list[dict[str, Any]] = []
    transcript = Transcript()
    transcript.apply(Open("content"))
    transcript.apply(Append(0, "missed"))
    outbox = Outbox("r", sent.append, transcript.snapshot, clock)
    transcript.subscribe(outbox.push)
    outbox.set_pace(PACE)
    transcript.apply(Append(0, "seen"))
    clock.advance(1)
    assert [message["type"] for message in sent] == ["snapshot"]
    assert sent[0]["state"] == transcript.snapshot()


def test_a_shut_outbox_sends_nothing_and_keeps_nothing() -> None:
    line = Line()
    line.open()
    line.transcript.apply(Append(0, "waits"))
    line.outbox.shut()
    for _ in range(1000):
        line.transcript.apply(Append(0, "x" * 1000))
        line.clock.advance(0.01)
    line.outbox.want_snapshot()
    line.outbox.tell_current()
    line.outbox.welcome()
    line.clock.advance(10)
    assert line.sent == []
    assert line.outbox.held == 0


def test_what_was_missed_while_shut_comes_as_one_snapshot_and_frames_go_on_after_it() -> None:
    line = Line()
    line.open()
    line.outbox.shut()
    line.transcript.apply(Append(0, "missed "))
    line.outbox.set_pace(PACE)
    line.clock.advance(0)
    line.transcript.apply(Append(0, "seen"))
    line.clock.advance(1)
    assert [message["type"] for _, message in line.sent] == ["snapshot", "frame"]
    assert line.copy().snapshot() == line.transcript.snapshot()


def test_a_shut_outbox_that_missed_nothing_goes_on_with_frames() -> None:
    line = Line()
    line.transcript.apply(Open("content"))
    line.clock.advance(1)
    line.outbox.shut()
    line.outbox.set_pace(PACE)
    line.transcript.apply(Append(0, "seen"))
    line.clock.advance(1)
    assert [message["type"] for _, message in line.sent] == ["frame", "frame"]


def test_no_frame_repeats_what_a_snapshot_has_carried() -> None:
    line = Line()
    line.open()
    line.transcript.apply(Append(0, "a"))
    line.transcript.apply(Append(0, "b"))
    line.outbox.want_snapshot()
    line.transcript.apply(Append(0, "c"))
    line.clock.advance(1)
    line.transcript.apply(Append(0, "d"))
    line.clock.advance(1)
    assert line.sent[-1][1]["from"] == line.sent[-1][1]["to"] == line.transcript.seq
    assert line.copy().content == "abcd"


def test_a_storm_of_requests_gets_few_snapshots_and_fewer_of_a_long_text() -> None:
    counts = []
    for length in (1000, 4 * SNAPSHOT_RATE):
        line = Line()
        line.transcript.apply(Open("content"))
        line.transcript.apply(Append(0, "x" * length))
        line.clock.advance(1)
        line.sent.clear()
        for _ in range(10_000):
            line.outbox.want_snapshot()
            line.clock.advance(0.001)
        counts.append(len(line.of("snapshot")))
    assert counts[0] <= 10 / SNAPSHOT_SECONDS + 1
    assert counts[1] <= 4


def test_a_storm_of_questions_gets_few_answers() -> None:
    line = Line()
    for _ in range(10_000):
        line.outbox.welcome()
        line.outbox.tell_current()
        line.clock.advance(0.001)
    for kind in ("welcome", "current"):
        assert 50 <= len(line.of(kind)) <= 10 / ANSWER_SECONDS + 1


def test_a_line_that_cannot_keep_up_drops_what_waits_for_a_snapshot() -> None:
    line = Line()
    line.open()
    most = 0
    for _ in range(400):  # 4 MB in one instant
        line.transcript.apply(Append(0, "z" * 10_000))
        most = max(most, line.outbox.held)
    line.transcript.apply(End("done"))
    line.clock.advance(5)
    assert most <= HELD_BYTES
    assert [message["type"] for _, message in line.sent] == ["snapshot"]
    assert line.copy().snapshot() == line.transcript.snapshot()


def test_the_numbers_of_a_snapshot_are_told_after_it() -> None:
    line = Line()
    line.open()
    line.outbox.tell_current()
    line.clock.advance(0)
    assert line.sent == [(1.0, {"type": "current", "run": "r", "seq": 1})]
    line.outbox.tell_current()
    line.outbox.want_snapshot()
    line.clock.advance(1)
    assert [message["type"] for _, message in line.sent] == ["current", "snapshot"]  # which says the number, too


def test_an_aside_goes_out_though_the_outbox_is_shut_and_the_last_of_a_type_counts() -> None:
    line = Line()
    line.outbox.shut()
    for rev in range(100):
        line.outbox.aside({"type": "static", "rev": rev})
    line.outbox.aside({"type": "output", "rev": 99})
    line.clock.advance(1)
    assert [message for _, message in line.sent] == [{"type": "static", "rev": 99}, {"type": "output", "rev": 99}]


def test_a_storm_of_asides_leaves_the_frames_their_turns() -> None:
    line = Line()
    line.transcript.apply(Open("content"))
    for rev in range(1000):
        line.outbox.aside({"type": "static", "rev": rev})
        line.transcript.apply(Append(0, "x"))
        line.clock.advance(0.01)
    assert len(line.of("static")) <= 10 / ANSWER_SECONDS + 1
    assert len(line.of("frame")) >= 10 * 17
    assert len(line.sent) <= 10 * 29
