"""The kernel's side of a view: it answers what it is asked, and a hostile view changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import comm
import pytest

import nbstream as nb
from nbstream._events import decode
from nbstream._transcript import Transcript
from nbstream.testing import LoopbackComm


@pytest.fixture
def line() -> Iterator[list[LoopbackComm]]:
    """Every comm that is opened from now on; `comm.create_comm` is the hook that kernels themselves set."""
    opened: list[LoopbackComm] = []

    def create(*_: Any, data: Any = None, **__: Any) -> LoopbackComm:
        opened.append(LoopbackComm())
        opened[-1].sent.append({"method": "open", **(data or {})})
        return opened[-1]

    before = comm.create_comm
    comm.create_comm = create
    yield opened
    comm.create_comm = before


def started(**script: Any) -> nb.Stream:
    """A stream with a view, shown nowhere."""
    s = nb.display_stream(nb.fake(**{"content": "word " * 2000, "rate": 50, "ttft": 0, **script}), display=False, wait=False)
    assert s.widget.key
    return s


def widget_line(line: list[LoopbackComm], s: nb.Stream) -> LoopbackComm:
    """The comm of the widget itself (its layout has one too)."""
    return next(c for c in line if c.sent[0].get("state", {}).get("key") == s.widget.key)


def test_frames_add_up_to_what_the_handle_holds(line: list[LoopbackComm]) -> None:
    s = nb.display_stream(nb.fake("Hello there", thinking="Hm", rate=None, ttft=0.05), display=False, wait=False)
    link = widget_line(line, s) if s.widget else None
    assert link is not None
    state = link.sent[0]["state"]["snapshot"]
    copy = Transcript.from_snapshot(state)
    s.wait(10)
    for message in link.messages:
        if message["type"] == "frame" and message["to"] > copy.seq:
            assert message["from"] == copy.seq + 1
            for wire in message["events"]:
                copy.apply(decode(wire))
            copy.seq = message["to"]
    assert copy.content == s.content
    assert copy.snapshot() == {k: v for k, v in s.widget.snapshot().items() if k not in ("run", "elapsed_ms")}


def test_the_stop_of_a_view_stops_its_run(line: list[LoopbackComm]) -> None:
    s = started()
    link = widget_line(line, s)
    link.answer({"type": "stop", "run": link.sent[0]["state"]["snapshot"]["run"]})
    assert s.wait(10).stopped_by == "user"


def test_a_hello_is_welcomed_and_a_resync_is_answered_with_the_whole_state(line: list[LoopbackComm]) -> None:
    s = started(content="Hello", rate=None)
    link = widget_line(line, s)
    s.wait(10)
    run = link.sent[0]["state"]["snapshot"]["run"]
    link.answer({"type": "hello", "view": "v", "run": run, "adopt": True, "fallback": False})
    link.answer({"type": "resync", "run": run, "have": 0})
    nb.display_stream(nb.fake("x", rate=None, ttft=0), display=False, wait=True)  # the loop has been round once
    types = [m["type"] for m in link.messages]
    assert "welcome" in types
    answer = next(m for m in link.messages if m["type"] == "snapshot")
    assert Transcript.from_snapshot(answer["state"]).content == "Hello"


HOSTILE: list[Any] = [
    None,
    3,
    "stop",
    [],
    {},
    {"type": None},
    {"type": 3},
    {"type": ["stop"]},
    {"type": "stop"},
    {"type": "stop", "run": None},
    {"type": "stop", "run": "00000000"},
    {"type": "stop", "run": {"$gt": ""}},
    {"type": "resync", "run": ["x"], "have": "y"},
    {"type": "resync", "run": "00000000", "have": -1},
    {"type": "hello", "view": {"deep": [[[]]]}},
    {"type": "ack", "seq": 10**400},
    {"type": "mismatch", "run": 1},
    {"type": "frame", "events": [{"op": "end", "status": "done"}]},
    {"type": "snapshot", "state": {}},
    {"type": "x" * 100_000},
]


def test_a_hostile_view_stops_nothing_and_raises_nothing(line: list[LoopbackComm]) -> None:
    s = started()
    link = widget_line(line, s)
    for message in HOSTILE:
        link.answer(message)
    assert s.status in ("submitted", "streaming")
    assert s._view is not None
    assert s._view.mismatches == 0
    assert s._view._channel.refused >= 8
    s.stop()
    assert s.wait(10).status == "stopped"


def test_a_view_cannot_write_the_traits_of_its_model(line: list[LoopbackComm]) -> None:
    s = started()
    link = widget_line(line, s)
    key = s.widget.key
    receive = link._receive
    assert receive is not None
    state = {"key": "forged", "cell": "forged", "snapshot": {"v": 9}}
    receive({"content": {"data": {"method": "update", "state": state, "buffer_paths": []}}, "buffers": []})
    assert s.widget.key == key
    assert s.widget.snapshot()["run"] == link.sent[0]["state"]["snapshot"]["run"]
    s.stop()
    s.wait(10)


def test_prompts_and_keys_do_not_meet_in_the_widget_state(line: list[LoopbackComm]) -> None:
    s = nb.stream(
        "Hi", model="openai/x", api_base="http://127.0.0.1:9/v1", api_key="sk-verysecretkey123", display=False, wait=False
    )
    link = widget_line(line, s) if s.widget else None
    s.stop()
    s.wait(20)
    assert link is not None
    assert "verysecret" not in repr(link.sent)


def test_status_and_seq_can_be_observed_without_a_flood(line: list[LoopbackComm]) -> None:
    s = started(content="word " * 300, rate=600)
    seen: list[tuple[str, Any]] = []
    s.widget.observe(lambda change: seen.append((change["name"], change["new"])), names=["status", "seq"])
    nb.display_stream(nb.fake("x", rate=None, ttft=0), display=False, wait=True)
    s.wait(20)
    nb.display_stream(nb.fake("x", rate=None, ttft=0), display=False, wait=True)  # the loop has been round once
    numbers = [value for name, value in seen if name == "seq"]
    assert numbers == sorted(numbers)
    assert numbers[-1] == list(s.events())[-1].seq
    assert len(numbers) < 40
    assert s.widget.status == "done"


def test_a_view_gets_the_pages_of_chunks_that_it_asks_for(line: list[LoopbackComm]) -> None:
    s = started(content=["a", "b", "c"], rate=None)
    link = widget_line(line, s)
    s.wait(10)
    for message in ({"run": s._run.id, "from": 1}, {"run": "another", "from": 1}, {"run": s._run.id, "from": "1"}):
        link.answer({"type": "chunks", "count": 1, **message})
    nb.display_stream(nb.fake("x", rate=None, ttft=0), display=False, wait=True)  # the loop has been round once
    pages = [m for m in link.messages if m["type"] == "chunks"]
    assert [(p["run"], p["from"], p["total"], [row["n"] for row in p["rows"]]) for p in pages] == [(s._run.id, 1, 3, [1])]
