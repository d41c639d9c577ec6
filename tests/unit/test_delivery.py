"""Delivery: slow, absent and late views, and messages that are lost, on a clock that is set by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbstream._audience import ABSENT_SECONDS, SLOW_SECONDS
from nbstream._budget import MESSAGES_PER_SECOND
from nbstream._delivery import AWAIT_SECONDS, LOOK_SECONDS
from nbstream._events import Append, End, Open
from nbstream._outbox import FRAME_BYTES, HELD_BYTES
from unit.views import Stage, View


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
