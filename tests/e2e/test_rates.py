"""Rates: what a stream at full speed and several fast ones put on the wire, counted in the browser; none of it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import expect

from e2e.harness import Lab, Notebook
from e2e.traffic import Traffic

MESSAGES = 100
"""The most comm messages that a kernel sends in any second."""
COUNTS = "globalThis[Symbol.for('nbstream.page.1')].counts"


@contextmanager
def streaming(
    lab: Lab, *, streams: int, tokens: int, rate: int | None, record: Any, seconds: float = 100.0
) -> Iterator[tuple[Notebook, Traffic, dict[str, Any]]]:
    """A notebook in which so many streams have run to their ends, what that sent, and its figures."""
    words = f"[f'w{{i}}, ' for i in range({tokens})]"
    code = f"all = [nb.display_stream(nb.fake({words}, rate={rate}, ttft=0.5), render='text') for _ in range({streams})]"
    notebook = lab.open("import nbstream as nb", code)
    notebook.run(0, wait=True)
    traffic = Traffic(notebook.page)
    notebook.run(1, wait=True)
    views = notebook.view(1)
    expect(views).to_have_count(streams, timeout=20_000)
    for number in range(streams):
        expect(views.nth(number)).to_have_attribute("data-status", "done", timeout=seconds * 1000)
    expected = "".join(f"w{i}, " for i in range(tokens))
    for number in range(streams):
        assert views.nth(number).locator("[data-kind='content'] [data-part='body']").evaluate("e => e.textContent") == expected
    assert notebook.value("[s.content for s in all]") == [expected] * streams
    counts = notebook.page.evaluate(COUNTS)
    assert counts["mismatches"] == counts["illegal"] == 0
    assert notebook.value("[(s._view.mismatches, s._view._channel.failed) for s in all]") == [[0, 0]] * streams
    figures = traffic.figures(streams * len(expected))
    record("figures", figures)
    print(f"{streams} x {tokens} at {rate}: {figures} {counts}")
    yield notebook, traffic, figures
    traffic.close()


@pytest.mark.timeout(200)
def test_twenty_thousand_deltas_at_full_speed_arrive_at_the_cost_of_their_text(lab: Lab, record_property: Any) -> None:
    with streaming(lab, streams=1, tokens=20_000, rate=None, record=record_property) as (_, _, figures):
        assert figures["sent_in_a_second"] <= MESSAGES
        assert figures["comm_data_to_text"] <= 1.5
        assert figures["socket_to_text"] <= 6


@pytest.mark.parametrize(
    "tokens",
    [pytest.param(8_000, id="5 s"), pytest.param(102_000, id="60 s", marks=[pytest.mark.soak, pytest.mark.timeout(600)])],
)
@pytest.mark.timeout(200)
def test_four_streams_of_1700_tokens_a_second_share_a_hundred_messages(lab: Lab, record_property: Any, tokens: int) -> None:
    with streaming(lab, streams=4, tokens=tokens, rate=1_700, record=record_property, seconds=300) as (_, traffic, figures):
        assert figures["sent_in_a_second"] <= MESSAGES
        assert figures["comm_data_to_text"] <= 1.5
        assert figures["socket_to_text"] <= 6
        # Fairly: none of the streams had to wait for the others.
        frames: dict[str, int] = {}
        for message in traffic.comm:
            content = message.content["data"].get("content", {})
            if content.get("type") == "frame":
                frames[content["run"]] = frames.get(content["run"], 0) + 1
        assert len(frames) == 4
        assert min(frames.values()) >= 0.7 * max(frames.values())


@pytest.mark.timeout(200)
def test_a_hundred_tokens_a_second_take_at_most_31_messages(lab: Lab, record_property: Any) -> None:
    with streaming(lab, streams=1, tokens=600, rate=100, record=record_property) as (_, _, figures):
        assert figures["sent_in_a_second"] <= 31


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("streams", "tokens", "rate"), [(20, 3_000, 150), (1, 60_000, 3_000), (1, 50_000, None)])
def test_the_rates_of_the_fastest_providers_hold(lab: Lab, record_property: Any, streams: int, tokens: int, rate: int) -> None:
    with streaming(lab, streams=streams, tokens=tokens, rate=rate, record=record_property, seconds=300) as (_, _, figures):
        assert figures["sent_in_a_second"] <= MESSAGES
        assert figures["comm_data_to_text"] <= 1.5 or rate == 150
        assert figures["socket_to_text"] <= 6 or rate == 150
