"""Delivery to many views, of which some ask all the time or say what is not true."""

from __future__ import annotations

import pytest

from nbstream._audience import SLOW_SECONDS, VIEWS
from nbstream._budget import MESSAGES_PER_SECOND
from nbstream._delivery import LOOK_SECONDS, PROBE_SECONDS
from nbstream._events import Append, End, Open
from nbstream._outbox import SNAPSHOT_SECONDS
from unit.views import Stage, View


@pytest.fixture
def stage() -> Stage:
    """A run that has opened its first section."""
    made = Stage()
    made.transcript.apply(Open("content"))
    return made


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
