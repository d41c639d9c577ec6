"""Figures: first moments, gaps and stalls, the provider's counts and the estimates in their place."""

from __future__ import annotations

from typing import Any

import pytest

from nbstream import Metrics, Stream, Timeout, display_stream
from nbstream._events import Append, Delta
from nbstream._transcript import Section
from nbstream._usage import Meter
from nbstream.sources._scripted import ScriptedSource


def section(text: str, kind: str = "content") -> Section:
    made = Section(kind)
    made._grow(text)
    return made


def play(*deltas: Delta, **more: Any) -> Stream:
    return display_stream(ScriptedSource(deltas), display=False, wait=True, **more)


def test_gaps_are_between_chunks_with_text_of_one_step() -> None:
    meter = Meter()
    for t in (0.5, 0.6, 0.7, 0.8, 2.8):
        meter.chunk(t, textual=True, step=False)
    meter.chunk(3.0, textual=False, step=False)
    meter.chunk(60.0, textual=True, step=True)
    meter.chunk(60.1, textual=True, step=False)
    found = Metrics.of(meter.gaps())
    assert found.gap_p50 == pytest.approx(0.1)
    assert found.gap_p95 == pytest.approx(2.0)
    assert (found.stalls, found.stalled) == (1, pytest.approx(2.0))


def test_without_a_gap_there_are_no_figures_of_gaps() -> None:
    meter = Meter()
    meter.chunk(1.0, textual=True, step=False)
    assert meter.gaps() == {}
    assert Metrics.of(meter.gaps()).stalls is None


def test_the_first_text_and_the_first_visible_text_are_told_once() -> None:
    meter, event = Meter(), Append(0, "x")
    assert meter.see(event, "thinking", 0.25, []) == {"ttft_us": 250_000}
    assert meter.see(event, "thinking", 0.5, []) == {}
    assert meter.see(event, "content", 0.75, []) == {"ttfo_us": 750_000}
    assert meter.see(event, "content", 1.0, []) == {}


def test_what_follows_a_count_is_estimated_while_it_grows_and_told_once_a_second() -> None:
    meter, event = Meter(), Append(0, "x")
    meter.see(event, "content", 0.0, [])
    meter.count({"output_tokens": 10}, [section("")])
    grown = [section("x" * 40)]
    assert meter.see(event, "content", 0.9, grown) == {}
    assert meter.see(event, "content", 1.0, grown) == {"output_tokens": 20, "estimated": True}
    assert meter.see(event, "content", 1.9, grown) == {}
    assert "output_tokens" in meter.see(event, "content", 2.0, grown)


def test_a_run_that_is_whole_keeps_the_providers_count() -> None:
    s = play(Delta("content", "x" * 400), Delta(usage={"output_tokens": 7, "input_tokens": 3}), Delta(finish_reason="stop"))
    assert (s.usage.output_tokens, s.usage.input_tokens, s.usage.estimated) == (7, 3, False)


def test_a_run_that_is_stopped_counts_what_came_after_the_providers_count() -> None:
    early = Delta(usage={"input_tokens": 3, "output_tokens": 1})
    s = play(early, Delta("content", "x" * 40), Delta("content", "x" * 40), stop_when=lambda t: len(t.content) >= 40)
    assert s.stopped_by == "condition"
    assert (s.usage.input_tokens, s.usage.output_tokens, s.usage.estimated) == (3, 11, True)


def test_a_count_that_comes_later_takes_the_mark_of_the_estimate_away() -> None:
    s = play(
        Delta("content", "x"),
        Delta(usage={"output_tokens": 1}, note={"estimated": True}),
        Delta(usage={"output_tokens": 2}, finish_reason="stop"),
    )
    assert (s.usage.output_tokens, s.usage.estimated) == (2, False)


def test_a_run_without_a_count_is_estimated_also_while_it_goes_on() -> None:
    with Stream(display=False) as s:
        s.thinking_delta("x" * 10)
        s.tool_input_delta("x" * 10, name="f")
        for event in s:
            if event.type == "append" and event.kind == "tool":
                break
        assert (s.usage.output_tokens, s.usage.estimated) == (5, True)
        assert s.metrics.ttft is not None
        assert s.metrics.duration is not None
    assert (s.usage.output_tokens, s.usage.estimated) == (5, True)


def test_speeds_are_counted_after_the_first_text_and_over_all() -> None:
    found = Metrics.of({"ttft_us": 1_000_000, "duration_us": 5_000_000, "output_tokens": 100})
    assert (found.tokens_per_s, found.tokens_per_s_overall) == (25.0, 20.0)


def test_limits_that_stop_a_run_leave_an_estimate() -> None:
    s = play(*[Delta("content", "word ")] * 100, max_output_tokens=20, timeout=Timeout())
    assert s.stopped_by == "max_tokens"
    assert s.usage.estimated
    assert (s.usage.output_tokens or 0) >= 20
