"""Push mode: what a producer hands over arrives exactly, in order, and a Stop reaches the producer."""

from __future__ import annotations

import gc
import threading
from typing import Any

import pytest

from nbstream import Stream, StreamStopped, Timeout, display_stream, fake
from unit.pushing import brief, in_thread, push, until


def test_a_with_block_ends_as_done() -> None:
    with push(title="agent") as s:
        s.thinking_delta("hm")
        s.text_delta("Hel")
        s.text_delta("lo 😀")
    assert (s.status, s.thinking, s.content) == ("done", "hm", "Hello 😀")
    assert brief(s) == [("thinking", "hm"), ("content", "Hello 😀")]
    assert s.finish_reason is None
    assert s.stopped_by is None


def test_it_streams_while_it_is_pushed_to() -> None:
    with push() as s:
        assert s.status == "submitted"
        s.text_delta("first")
        until(s, "append")
        assert (s.status, s.content) == ("streaming", "first")


def test_an_exception_ends_it_in_error_and_is_raised_again() -> None:
    s = push()

    def produce() -> None:
        with s:
            s.text_delta("partial")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        produce()
    assert (s.status, s.content) == ("error", "partial")
    assert s.error is not None
    assert s.error.code == "source"
    assert "ZeroDivisionError" in str(s.error)


def test_an_interrupt_stops_it() -> None:
    with pytest.raises(KeyboardInterrupt), push() as s:
        raise KeyboardInterrupt
    assert (s.status, s.stopped_by) == ("stopped", "interrupt")


def test_an_error_of_the_producer_reaches_the_reader_after_all_that_came_before() -> None:
    s = push()
    for n in range(5):
        s.text_delta(f"{n} ")
    s.fail(ConnectionError("lost with sk-abcdefghijklmnop"))
    assert (s.status, s.content) == ("error", "0 1 2 3 4 ")
    assert "sk-abc" not in str(s.error)


def test_finish_may_name_a_reason_and_is_heard_once() -> None:
    s = push()
    s.text_delta("a")
    s.finish("length")
    s.finish("stop")
    s.fail(ValueError())
    assert (s.status, s.finish_reason) == ("done", "length")


def test_a_push_after_the_end_is_refused() -> None:
    s = push()
    s.finish()
    with pytest.raises(StreamStopped, match="has ended \\(done\\)"):
        s.text_delta("late")
    assert s.content == ""


def test_after_a_stop_the_next_push_raises() -> None:
    s = push()
    s.text_delta("kept")
    until(s, "append")
    s.stop()
    with pytest.raises(StreamStopped, match="was stopped \\(user\\)"):
        s.on_token("late")
    assert s.wait(10).status == "stopped"
    assert (s.stopped_by, s.content) == ("user", "kept")
    s.finish()
    assert s.status == "stopped"


def test_after_a_stop_pushes_may_be_ignored() -> None:
    with push(raise_on_stop=False) as s:
        s.text_delta("kept")
        until(s, "append")
        s.stop()
        s.text_delta("late")
        assert s.approval("f", {}) is False
    assert (s.status, s.content) == ("stopped", "kept")


def test_a_condition_stops_the_producer() -> None:
    s = push(stop_when=lambda transcript: "three" in transcript.content)

    def produce() -> None:
        while True:
            s.text_delta("one two three ")

    _, results = in_thread(produce)
    assert s.wait(10).stopped_by == "condition"
    until(s, "end")
    thread, results = in_thread(produce)
    thread.join(10)
    assert isinstance(results[0], StreamStopped)


def test_limits_are_off_unless_they_are_set() -> None:
    s = push(timeout=Timeout(first_token=0.05))
    assert s.wait(10).status == "error"
    assert s.error is not None
    assert s.error.code == "first_token_timeout"
    with pytest.raises(StreamStopped):
        s.text_delta("late")
    assert push()._run._timeout == Timeout(None, None, None)


def test_a_stream_that_nobody_can_push_to_any_more_ends_as_truncated() -> None:
    s = push()
    s.text_delta("cut")
    run = s._run
    del s
    gc.collect()
    assert run.ended.wait(10)
    assert (run.status, run.transcript.content) == ("truncated", "cut")


def test_more_streams_than_places_may_be_open_at_once() -> None:
    streams = [push() for _ in range(40)]
    for n, s in enumerate(streams):
        s.text_delta(str(n))
        s.finish()
    assert [s.content for s in streams] == [str(n) for n in range(40)]


def test_a_stream_that_is_pulled_cannot_be_pushed_to() -> None:
    s = display_stream(fake("x", rate=None, ttft=0), display=False, wait=True)
    with pytest.raises(TypeError, match=r"only one made with nb.Stream\(\)"):
        s.text_delta("y")
    assert s.approvals == []


@pytest.mark.parametrize("item", [7, b"bytes", object()])
def test_what_cannot_be_read_is_refused_with_what_can(item: object) -> None:
    with push() as s:
        with pytest.raises(TypeError, match="which nbstream cannot read"):
            s.on_token(item)
        s.text_delta("goes on")
    assert (s.status, s.content) == ("done", "goes on")


def test_texts_must_be_texts() -> None:
    with push() as s, pytest.raises(TypeError, match="text is NoneType; give a string"):
        s.text_delta(None)  # type: ignore[arg-type]  # reason: what is tested
    with push() as s, pytest.raises(TypeError, match="error is str; give an exception"):
        s.fail("broken")  # type: ignore[arg-type]  # reason: what is tested


def test_json_that_is_pushed_is_read_as_it_comes() -> None:
    told: list[tuple[Any, Any]] = []
    done = threading.Event()
    schema = {"type": "object", "properties": {"title": {"type": "string"}}}
    given: dict[str, Any] = {"on_field": lambda *field: told.append(field), "on_complete": lambda _: done.set()}
    with Stream(display=False, response_format=schema, **given) as s:
        for piece in ('{"title": "So', 'up", "minutes": 1', "25}"):
            s.text_delta(piece)
    assert done.wait(5)
    assert told == [(("title",), "Soup"), (("minutes",), 125)]
    assert s.parsed == {"title": "Soup", "minutes": 125}
    with pytest.raises(TypeError, match="response_format is int"):
        Stream(display=False, response_format=3)
