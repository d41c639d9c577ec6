"""Delivery: slow, absent, hostile and many views, lost and late messages, on a clock that is set by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbstream._audience import ABSENT_SECONDS, SLOW_SECONDS, VIEWS
from nbstream._budget import MESSAGES_PER_SECOND
from nbstream._codec import decode
from nbstream._delivery import AWAIT_SECONDS, LOOK_SECONDS, PROBE_SECONDS, Delivery
from nbstream._events import Append, End, Open
from nbstream._outbox import FRAME_BYTES, HELD_BYTES, SNAPSHOT_SECONDS
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


@pytest.fixture
def stage() -> Stage:
    """A run that has opened its first section."""
    made = Stage()
    made.transcript.apply(Open("content"))
    return made


def test_nothing_is_sent_before_a_hello(stage: Stage) -> None:
    stage.delivery.expect()
    stage.stream(5)
    assert stage.sent == []
    assert stage.delivery.outbox.held == 0


def test_a_hello_that_the_shell_is_too_busy_to_hear_is_not_waited_for(stage: Stage) -> None:
    stage.free = False
    stage.delivery.expect()
    stage.stream(2 * LOOK_SECONDS)
    assert stage.count("snapshot") == 1
    assert stage.count("frame") > 5
    stage.stream(2 * AWAIT_SECONDS)
    assert stage.count("frame", since=stage.clock.time() - 1) > 25
    stage.free = True
    stage.stream(2)
    assert stage.count("frame", since=stage.clock.time() - 1) == 0  # it could have said hello now


def test_the_first_text_goes_to_a_view_at_once(stage: Stage) -> None:
    View(stage)
    stage.clock.advance(1)
    stage.sent.clear()
    stage.transcript.apply(Append(0, "a"))
    stage.clock.advance(0)
    assert [(time, message["type"]) for time, message in stage.sent] == [(1.0, "frame")]


def test_a_view_that_answers_gets_all_frames_and_one_hundred_tokens_take_31_messages(stage: Stage) -> None:
    view = View(stage)
    stage.stream(20)
    times = [time for time, _ in stage.sent if time > 2]
    assert max(sum(start <= time < start + 1 for time in times) for start in times) <= 33  # two are answers to its checks
    stage.transcript.apply(End("done"))
    stage.clock.advance(1)
    assert view.copy.snapshot() == stage.transcript.snapshot()


def test_a_view_that_falls_silent_is_slowed_down_and_then_left_alone(stage: Stage) -> None:
    view = View(stage)
    stage.stream(2)
    view.away = True
    left = stage.clock.time()
    stage.stream(SLOW_SECONDS + 2)
    slow = stage.clock.time()
    stage.stream(3)
    assert 2 <= stage.count("frame", since=slow) <= 4
    stage.stream(ABSENT_SECONDS)
    gone = stage.clock.time()
    assert gone - left < 20
    held = []
    for _ in range(60):
        stage.stream(1, text="word " * 10)
        held.append(stage.delivery.outbox.held)
    assert stage.count("frame", since=gone) == stage.count("snapshot", since=gone) == stage.count("current", since=gone) == 0
    assert set(held) == {0}
    view.away = False
    view.ask("check")
    stage.clock.advance(0.1)
    assert view.copy.snapshot() == stage.transcript.snapshot()
    assert stage.count("snapshot", since=gone) == 1


def test_an_absent_view_misses_the_end_and_is_healed_when_it_is_back(stage: Stage) -> None:
    view = View(stage)
    stage.stream(1)
    view.away = True
    stage.stream(ABSENT_SECONDS + 5)
    stage.transcript.apply(End("done"))
    stage.clock.advance(600)
    assert view.copy.end is None
    view.away = False
    stage.clock.advance(1.1)
    assert view.copy.snapshot() == stage.transcript.snapshot()


def test_silence_does_not_count_while_the_shell_could_not_have_heard(stage: Stage) -> None:
    View(stage, loses=iter_once(), quiet=False)
    stage.free = False
    stage.stream(30)
    assert stage.count("frame", since=stage.clock.time() - 1) > 25


def iter_once() -> Callable[[], bool]:
    """A line on which the kernel's messages pass and of the view's only the hello: what a busy shell does."""
    calls = 0

    def loses() -> bool:
        nonlocal calls
        calls += 1
        return calls > 1

    return loses


def test_a_second_client_that_answers_does_not_hide_that_ours_lost_something(stage: Stage) -> None:
    lossy = False
    ours, other = View(stage, "ours", lambda: lossy), View(stage, "other")
    stage.stream(2)
    lossy = True
    stage.stream(20)
    assert stage.count("frame", since=stage.clock.time() - 1) > 25  # the other one sets the pace
    lossy = False
    stage.stream(2)
    assert ours.copy.snapshot() == other.copy.snapshot()
    assert stage.count("snapshot") <= 4


def test_a_client_that_acknowledges_in_our_name_does_not_keep_us_from_being_healed(stage: Stage) -> None:
    view = View(stage)
    stage.stream(2)
    view.away = True
    for _ in range(20):
        stage.stream(1)
        stage.say(type="ack", view="v", run="r", seq=stage.delivery.outbox.sent)
    view.away = False
    stage.stream(2)
    stage.transcript.apply(End("done"))
    stage.clock.advance(1)
    assert view.copy.snapshot() == stage.transcript.snapshot()


def test_a_lost_last_frame_is_found(stage: Stage) -> None:
    lossy = False
    view = View(stage, loses=lambda: lossy)
    stage.stream(2)
    stage.clock.advance(1)
    lossy = True
    stage.transcript.apply(End("done"))
    stage.clock.advance(0.1)
    lossy = False
    stage.clock.advance(PROBE_SECONDS + 2 * LOOK_SECONDS + 1)
    assert view.copy.snapshot() == stage.transcript.snapshot()


def test_a_storm_of_resyncs_by_many_views_costs_four_snapshots_a_second(stage: Stage) -> None:
    for number in range(VIEWS):
        assert stage.say(type="hello", view=f"v{number}", run="r", have=0, n=1)
    stage.clock.advance(1)
    stage.sent.clear()
    for n in range(2, 500):
        for number in range(VIEWS):
            stage.say(type="resync", view=f"v{number}", run="r", have=0, n=n)
            stage.say(type="check", view=f"v{number}", run="r", have=0, n=n)
        stage.clock.advance(0.01)
    assert stage.count("snapshot") <= 5 / SNAPSHOT_SECONDS + 1
    assert len(stage.sent) <= 5 * 15


def test_a_storm_about_one_run_leaves_the_turns_of_the_others(stage: Stage) -> None:
    calm = Stage(stage.clock)
    calm.transcript.apply(Open("content"))
    view = View(calm)
    stage.say(type="hello", view="storm", run="r", have=0, n=1)
    stage.clock.advance(2)
    began = stage.clock.time()
    for n in range(2, 502):
        calm.transcript.apply(Append(0, "word "))
        stage.say(type=("resync", "check", "hello")[n % 3], view="storm", run="r", have=0, n=n)
        stage.clock.advance(0.01)
    assert calm.count("frame", since=began) >= 5 * 25
    times = [time for time, _ in stage.sent + calm.sent]
    assert max(sum(start <= time < start + 1 for time in times) for start in times) <= MESSAGES_PER_SECOND
    assert view.copy.seq >= calm.transcript.seq - 10


def test_views_beyond_the_limit_are_refused_until_one_has_gone(stage: Stage) -> None:
    for number in range(VIEWS):
        assert stage.say(type="hello", view=f"v{number}", run="r", have=1, n=1)
    assert not stage.say(type="hello", view="late", run="r", have=1, n=1)
    assert stage.delivery.refused == 1
    assert len(stage.delivery.audience) == VIEWS
    stage.clock.advance(SLOW_SECONDS)
    for number in range(1, VIEWS):
        stage.say(type="ack", view=f"v{number}", run="r", seq=1)
    assert stage.say(type="hello", view="late", run="r", have=1, n=2)
    assert "v0" not in stage.delivery.audience
    assert not stage.say(type="hello", view="later", run="r", have=1, n=1)
    stage.say(type="bye", view="v1")
    assert stage.say(type="hello", view="later", run="r", have=1, n=2)


def test_pages_that_left_without_a_word_make_room_on_a_run_that_has_ended(stage: Stage) -> None:
    stage.transcript.apply(End("done"))
    for number in range(10 * VIEWS):
        assert stage.say(type="hello", view=f"page{number}", run="r", have=2, n=1)
        stage.clock.advance(2)
    assert len(stage.delivery.audience) <= VIEWS


def test_both_copies_of_a_request_get_one_answer(stage: Stage) -> None:
    message = {"type": "hello", "view": "v", "run": "r", "have": 1, "n": 1}
    assert stage.delivery.hear(message, quiet=True)
    stage.clock.advance(1)
    sent = len(stage.sent)
    assert stage.delivery.hear(message, quiet=False)
    stage.clock.advance(1)
    assert len(stage.sent) == sent


def test_when_the_last_view_says_goodbye_nothing_more_is_sent(stage: Stage) -> None:
    stage.say(type="hello", view="v", run="r", have=0, n=1)
    stage.stream(1)
    stage.say(type="bye", view="v")
    stage.sent.clear()
    stage.stream(5)
    assert stage.sent == []
    assert stage.delivery.outbox.held == 0


def test_a_view_of_another_run_is_told_of_this_one(stage: Stage) -> None:
    stage.say(type="hello", view="v", run="an earlier one", have=77, n=1)
    stage.clock.advance(0.1)
    assert [message["type"] for _, message in stage.sent] == ["welcome", "snapshot"]


def test_a_second_view_that_comes_with_less_gets_a_snapshot_though_the_first_lacks_nothing(stage: Stage) -> None:
    View(stage)
    stage.stream(2)
    assert stage.count("snapshot") <= 1
    before = stage.clock.time()
    stage.say(type="hello", view="second", run="r", have=3, n=1)
    stage.clock.advance(0.3)
    assert stage.count("snapshot", since=before) == 1


def test_a_hello_is_awaited_for_ten_seconds_of_a_free_shell_and_then_no_more(stage: Stage) -> None:
    stage.delivery.expect()
    stage.stream(AWAIT_SECONDS + 1)
    stage.free = False
    stage.stream(5)
    assert stage.sent == []


@pytest.mark.parametrize("have", [-1, True, None, "1", 1.0, 10**30, [1]])
def test_a_number_that_cannot_be_is_refused(stage: Stage, have: Any) -> None:
    for kind in ("hello", "resync", "check"):
        assert not stage.say(type=kind, view="v", run="r", have=have, n=1)
    assert not stage.say(type="ack", view="v", run="r", seq=have)
    assert stage.delivery.refused == 4
    assert len(stage.delivery.audience) == 0


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32), loss=st.floats(0, 0.9), views=st.integers(1, 3), size=st.sampled_from([5, 2000]))
def test_whatever_is_lost_every_view_is_whole_a_moment_after_the_line_is_back(
    seed: int, loss: float, views: int, size: int
) -> None:
    chance = random.Random(seed)
    stage = Stage()
    stage.transcript.apply(Open("content"))
    lossy = True
    seen = [View(stage, f"v{number}", lambda: lossy and chance.random() < loss) for number in range(views)]
    for _ in range(chance.randrange(20)):
        stage.stream(chance.choice([0.05, 1, 4]), rate=20, text="x" * size)
        for view in seen:
            view.away = chance.random() < 0.2
    if chance.random() < 0.7:
        stage.transcript.apply(End("done"))
    lossy = False
    for view in seen:
        view.away = False
        view.ask("hello")
        view.ask("check")
    stage.clock.advance(3)
    expected = stage.transcript.snapshot()
    assert all(view.copy.snapshot() == expected for view in seen)
    sizes = [sum(len(e.get("text", "")) for e in m["events"]) for _, m in stage.sent if m["type"] == "frame"]
    assert max(sizes, default=0) <= FRAME_BYTES
    assert stage.delivery.outbox.held <= HELD_BYTES
    times = [time for time, _ in stage.sent]
    assert max((sum(start <= time < start + 1 for time in times) for start in times), default=0) <= MESSAGES_PER_SECOND
