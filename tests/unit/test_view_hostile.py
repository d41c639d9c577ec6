"""A hostile view: whatever it says changes nothing, raises nothing and is counted."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from nbstream._comm import _on_control
from nbstream._view import MISMATCHES, UNHEARD
from unit.lines import Line, hello, lines, run_of, started, until_heard, widget_line


@pytest.fixture
def line() -> Iterator[list[Line]]:
    """Every comm that is opened by the test."""
    with lines() as opened:
        yield opened


WRONG: list[Any] = [
    None,
    True,
    -1,
    1.5,
    10**400,
    "x",
    "",
    "x" * 100_000,
    [],
    ["x"],
    {},
    {"$gt": ""},
    {"deep": [[[[]]]]},
    "0" * 8,
]
"""What a field of a message may hold instead of what it should."""
RIGHT: dict[str, dict[str, Any]] = {
    "hello": {"view": "h", "have": 0, "n": 1, "adopt": True, "fallback": False},
    "bye": {"view": "h"},
    "resync": {"view": "h", "have": 0, "n": 2},
    "check": {"view": "h", "have": 0, "n": 3},
    "ack": {"view": "h", "seq": 0},
    "mismatch": {"seq": 0},
    "want": {"rev": 0},
    "stop": {},
}
"""Each message with its fields, but for the run's id."""


def distorted(run: str) -> Iterator[Any]:
    """Every message with every field missing or wrong, and things that are no messages."""
    yield from (None, 3, "stop", [], {}, {"type": None}, {"type": 3}, {"type": ["stop"]}, {"type": "x" * 100_000})
    yield {"type": "frame", "events": [{"op": "end", "status": "done"}]}
    yield {"type": "snapshot", "state": {}}
    for kind, fields in RIGHT.items():
        message = {"type": kind, "run": run, **fields}
        for name in message.keys() - {"type"}:
            if (kind, name) == ("stop", "run"):
                yield {"type": "stop"}
            for wrong in WRONG:
                yield {**message, name: wrong}
            yield {key: value for key, value in message.items() if (key, kind) == ("run", "stop") or key != name}


@pytest.mark.parametrize("way", ["comm", "control"])
def test_a_hostile_view_stops_nothing_and_raises_nothing(line: list[Line], way: str) -> None:
    s = started()
    link = widget_line(line, s)
    run = run_of(link)
    sent = 0
    for message in distorted(run):
        if isinstance(message, dict) and message.get("type") == "stop" and message.get("run") == run:
            continue
        sent += 1
        if way == "comm":
            link.answer(message)
        else:
            _on_control(None, None, {"content": {"key": s.widget.key, "message": message}})
    until_heard(s)
    count = len(link.messages)
    link.answer(hello(link, "honest"))
    link.until(lambda messages: any(m["type"] == "welcome" for m in messages[count:]))
    assert s.status in ("submitted", "streaming")
    assert s._view is not None
    assert sent > 300
    assert s._view._channel.refused > sent / 3
    assert s._view._channel.failed == 0
    s.stop()
    assert s.wait(10).status == "stopped"
    link.until_end()


def test_the_control_channel_takes_no_notice_of_what_is_not_for_us(line: list[Line]) -> None:
    s = started()
    for content in (
        None,
        3,
        [],
        {},
        {"key": None},
        {"key": ["x"], "message": {}},
        {"key": "unknown", "message": {"type": "stop"}},
    ):
        _on_control(None, None, {"content": content})
    _on_control(None, None, {})
    assert s.status in ("submitted", "streaming")
    s.stop()
    s.wait(10)


def test_the_stop_of_a_foreign_run_is_refused_and_counted(line: list[Line]) -> None:
    s, other = started(), started()
    link = widget_line(line, s)
    assert s._view is not None
    for run in ("00000000", run_of(widget_line(line, other)), None, 3, {"$gt": ""}):
        link.answer({"type": "stop", "run": run})
    assert s._view._channel.refused == 5
    assert s.status in ("submitted", "streaming")
    assert other.status in ("submitted", "streaming")
    for each in (s, other):
        each.stop()
        each.wait(10)


def test_claims_that_the_end_differs_are_healed_a_few_times_and_then_refused(line: list[Line]) -> None:
    s = started(content="Hello", rate=None)
    link = widget_line(line, s)
    s.wait(10)
    link.answer(hello(link, run="", have=0))
    for _ in range(50):
        link.answer({"type": "mismatch", "run": run_of(link), "seq": 3})
    until_heard(s)
    link.until(lambda messages: {m["type"] for m in messages} >= {"welcome", "snapshot"})
    assert s._view is not None
    assert s._view.mismatches == MISMATCHES
    assert s._view._channel.refused == 50 - MISMATCHES
    assert [m["type"] for m in link.messages].count("snapshot") <= 2


def test_a_flood_of_messages_waits_in_a_bounded_queue(line: list[Line]) -> None:
    s = started()
    link = widget_line(line, s)
    assert s._view is not None
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        go.wait(20)

    s._view._loop.call_soon_threadsafe(hold)
    assert held.wait(10)
    for n in itertools.count(1):
        link.answer({"type": "check", "view": "v", "run": run_of(link), "have": 0, "n": n})
        if n == 5 * UNHEARD:
            break
    assert len(s._view._unheard) == UNHEARD
    go.set()
    link.until(lambda messages: any(m["type"] in ("current", "snapshot") for m in messages))
    assert s._view._channel.refused == 4 * UNHEARD
    s.stop()
    s.wait(10)
