"""The run: one source, one end, on every path."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import AsyncGenerator, Sequence

import pytest

from nbstream import ConnectionFailed, NbstreamError, RateLimitError, RequestError, Timeout, fake
from nbstream._events import Delta, End
from nbstream._run import Run
from nbstream.testing import ScriptedSource


def ends_of(run: Run) -> list[End]:
    """Start `run`, wait for it, return every `End` that its transcript took."""
    ends: list[End] = []
    run.transcript.subscribe(lambda _, event: ends.append(event) if isinstance(event, End) else None)
    run.start()
    assert run.ended.wait(20)
    return ends


class Failing:
    """Fails `times` times before the first text, then answers."""

    title = "failing"
    repeatable = True

    def __init__(self, error: NbstreamError, times: int) -> None:
        self.error, self.times, self.pulls = error, times, 0

    async def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
        self.pulls += 1
        yield [Delta("phase", "waiting")]
        if self.pulls <= self.times:
            raise self.error
        yield [Delta("content", "ok")]
        yield [Delta(finish_reason="stop")]


class Stubborn:
    """Swallows its cancellation and goes on; `release` lets it go."""

    title = "stubborn"
    repeatable = False

    def __init__(self) -> None:
        self.release = threading.Event()

    async def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
        number = 0
        while not self.release.is_set():
            number += 1
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue
            yield [Delta("content", f"{number} ")]


class Closing:
    """Waits for ever after one delta, and tells when it was closed."""

    title = "closing"
    repeatable = False

    def __init__(self) -> None:
        self.closed = threading.Event()

    async def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
        try:
            yield [Delta("content", "one")]
            await asyncio.Event().wait()
        finally:
            self.closed.set()


def first_text(run: Run) -> threading.Event:
    """An event that is set at the first append of `run`."""
    seen = threading.Event()
    run.transcript.subscribe(lambda _, event: seen.set() if event.op == "append" else None)
    return seen


def test_a_finished_answer_is_done() -> None:
    run = Run(fake("Hello there", thinking="Hm", rate=None, ttft=0))
    ends = ends_of(run)
    assert [(e.status, e.reason) for e in ends] == [("done", "stop")]
    assert (run.transcript.content, run.transcript.thinking) == ("Hello there", "Hm")


def test_an_end_without_a_finish_reason_is_truncated() -> None:
    run = Run(fake("Hello", finish_reason="", rate=None, ttft=0))
    assert [e.status for e in ends_of(run)] == ["truncated"]
    assert run.transcript.content == "Hello"


def test_an_empty_stream_is_truncated() -> None:
    assert [e.status for e in ends_of(Run(ScriptedSource([])))] == ["truncated"]


def test_one_choice_without_a_finish_reason_makes_it_truncated() -> None:
    deltas = [Delta("content", "a"), Delta("content", "b", choice=1), Delta(finish_reason="stop")]
    assert [e.status for e in ends_of(Run(ScriptedSource(deltas)))] == ["truncated"]


def test_an_error_keeps_the_partial_answer_and_says_what_to_do() -> None:
    run = Run(fake("Half of", error="it broke", rate=None, ttft=0))
    (end,) = ends_of(run)
    assert end.status == "error"
    assert end.error is not None
    assert end.error["message"] == "it broke"
    assert end.error["hint"]
    assert run.transcript.content == "Half of"
    assert run.error is not None


def test_an_exception_of_the_source_is_masked_and_named() -> None:
    class Raising:
        title, repeatable = "raising", True

        async def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
            yield [Delta("content", "a")]
            raise KeyError("token sk-abcdefghijklmnop and hunter2-password")

    run = Run(Raising(), secret=("hunter2-password",))
    (end,) = ends_of(run)
    assert end.error is not None
    assert end.error["code"] == "source"
    assert "KeyError" in end.error["message"]
    assert "sk-abc" not in end.error["message"]
    assert "hunter2" not in end.error["message"]


def test_half_a_character_in_an_error_or_a_prompt_does_not_cost_the_end() -> None:
    run = Run(Failing(RequestError("no such model: \ud83d", hint="\ude00"), 1), meta={"prompt": "a\ud83d", "attempt": 1})
    (end,) = ends_of(run)
    assert end.error == {"code": "request", "message": "no such model: �", "hint": "�"}
    assert run.transcript.meta["prompt"] == "a�"


def test_stop_ends_it_and_closes_the_source() -> None:
    source = Closing()
    run = Run(source)
    seen = first_text(run)
    run.start()
    assert seen.wait(10)
    run.stop()
    assert run.ended.wait(10)
    assert source.closed.wait(10)
    assert run.transcript.end is not None
    assert (run.transcript.end.status, run.transcript.end.reason) == ("stopped", "user")
    assert run.transcript.content == "one"


def test_stop_before_the_start_is_heard() -> None:
    run = Run(fake("Hello" * 100, rate=10))
    run.stop()
    assert [(e.status, e.reason) for e in ends_of(run)] == [("stopped", "user")]
    assert run.transcript.content == ""


def test_a_source_that_swallows_its_cancellation_does_not_hold_up_the_end() -> None:
    source = Stubborn()
    run = Run(source)
    seen = first_text(run)
    run.start()
    assert seen.wait(10)
    run.stop()
    assert run.ended.wait(10)
    length = run.transcript.seq
    source.release.set()
    assert run.transcript.end is not None
    assert run.transcript.end.status == "stopped"
    assert run.transcript.seq == length


def test_a_stop_after_the_end_changes_nothing() -> None:
    run = Run(fake("Hello", rate=None, ttft=0))
    ends_of(run)
    run.stop()
    assert run.status == "done"
    assert run.latch.reason is None


@pytest.mark.parametrize(
    ("timeout", "status", "said"),
    [
        (Timeout(first_token=0.05), "error", "first_token_timeout"),
        (Timeout(total=0.05), "stopped", "max_duration"),
    ],
)
def test_a_time_limit_ends_a_silent_stream(timeout: Timeout, status: str, said: str) -> None:
    run = Run(fake("x", ttft=60), timeout=timeout)
    (end,) = ends_of(run)
    assert end.status == status
    assert said in (end.reason, (end.error or {}).get("code"))


def test_an_idle_gap_is_an_error_that_keeps_the_text() -> None:
    run = Run(Closing(), timeout=Timeout(idle=0.05))
    (end,) = ends_of(run)
    assert end.error is not None
    assert end.error["code"] == "idle_timeout"
    assert run.transcript.content == "one"


def test_a_condition_stops_it_within_one_delta() -> None:
    run = Run(fake(["a", "b", "STOP", "c", "d"], rate=None, ttft=0), stop_when=[lambda t: "STOP" in t.content])
    (end,) = ends_of(run)
    assert (end.status, end.reason) == ("stopped", "condition")
    assert run.transcript.content == "abSTOP"


def test_a_condition_that_raises_is_named_and_dropped() -> None:
    def broken(_: object) -> bool:
        raise ValueError("no")

    warned: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_, **__: warned.append(str(message))
        run = Run(fake(["a", "b"], rate=None, ttft=0), stop_when=[broken])
        (end,) = ends_of(run)
    assert end.status == "done"
    assert len(warned) == 1
    assert "broken" in warned[0]


def test_the_output_limit_counts_content_and_thinking() -> None:
    run = Run(fake(["abcd"] * 100, rate=None, ttft=0), max_output_tokens=10)
    (end,) = ends_of(run)
    assert (end.status, end.reason) == ("stopped", "max_tokens")
    assert len(run.transcript.content) == 40


@pytest.mark.parametrize("error", [ConnectionFailed("refused"), RateLimitError("slow down", retry_after=0.01)])
def test_a_passing_failure_before_the_first_text_is_tried_again(error: NbstreamError) -> None:
    source = Failing(error, times=1)
    run = Run(source)
    (end,) = ends_of(run)
    assert end.status == "done"
    assert source.pulls == 2
    assert run.transcript.meta["attempt"] == 2


def test_a_failure_that_stays_is_tried_three_times_in_all() -> None:
    source = Failing(RateLimitError("slow down", retry_after=0.01), times=10)
    (end,) = ends_of(Run(source))
    assert end.status == "error"
    assert source.pulls == 3


@pytest.mark.parametrize(
    "error", [RequestError("unknown model", status=404), ConnectionFailed("not the host that it says", code="certificate")]
)
def test_a_lasting_failure_is_not_tried_again(error: NbstreamError) -> None:
    source = Failing(error, times=10)
    (end,) = ends_of(Run(source))
    assert end.status == "error"
    assert source.pulls == 1


def test_a_failure_after_the_first_text_is_not_tried_again() -> None:
    source = ScriptedSource([Delta("content", "a")], error=ConnectionFailed("reset"))
    run = Run(source)
    (end,) = ends_of(run)
    assert end.status == "error"
    assert run.transcript.content == "a"
    assert "attempt" not in run.transcript.meta


def test_a_provider_that_asks_for_a_long_pause_is_not_waited_for() -> None:
    source = Failing(RateLimitError("slow down", retry_after=3600), times=10)
    (end,) = ends_of(Run(source))
    assert end.status == "error"
    assert source.pulls == 1


def test_stop_in_the_pause_between_attempts_is_heard() -> None:
    source = Failing(RateLimitError("slow down", retry_after=20), times=10)
    run = Run(source)
    retrying = threading.Event()
    run.transcript.subscribe(lambda _, event: retrying.set() if "attempt" in (getattr(event, "meta", None) or {}) else None)
    run.start()
    assert retrying.wait(10)
    run.stop()
    assert run.ended.wait(5)
    assert run.status == "stopped"


def test_the_loop_it_runs_on_may_close_under_it() -> None:
    loop = asyncio.new_event_loop()
    run = Run(Closing())
    seen = first_text(run)
    ends: list[End] = []
    run.transcript.subscribe(lambda _, event: ends.append(event) if isinstance(event, End) else None)
    run.start(loop)

    async def until_text() -> None:
        await asyncio.to_thread(seen.wait, 10)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.01)

    loop.run_until_complete(until_text())
    loop.close()
    assert [e.status for e in ends] == ["stopped"]


def test_figures_are_noted() -> None:
    run = Run(fake("Hello there", thinking="Hm", rate=200, ttft=0.05))
    ends_of(run)
    meta = run.transcript.meta
    assert 50_000 <= int(meta["ttft_us"]) <= int(meta["ttfo_us"]) <= int(meta["duration_us"])
    assert meta["estimated"] is True
    assert meta["output_tokens"] == 4
    assert all("duration_us" in s.meta for s in run.transcript.sections)


def test_the_providers_count_replaces_the_estimate() -> None:
    run = Run(fake("Hello there", rate=None, ttft=0, usage={"input_tokens": 3, "output_tokens": 7}))
    ends_of(run)
    assert run.transcript.meta["output_tokens"] == 7
    assert "estimated" not in run.transcript.meta
