"""The kernel's side of a view: it answers what it is asked, and its own faults end no run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

import nbstream as nb
from nbstream._comm import _on_control
from nbstream._transcript import Transcript
from nbstream.testing import LoopbackComm
from unit.lines import Line, copied, hello, lines, run_of, started, until_heard, widget_line


@pytest.fixture
def line() -> Iterator[list[Line]]:
    """Every comm that is opened by the test."""
    with lines() as opened:
        yield opened


def test_frames_add_up_to_what_the_handle_holds(line: list[Line]) -> None:
    s = nb.display_stream(nb.fake("Hello there", thinking="Hm", rate=200, ttft=0.05), display=False, wait=False)
    assert s.widget.key
    link = widget_line(line, s)
    link.answer(hello(link))
    s.wait(10)
    link.until_end()
    copy = copied(link)
    assert copy.content == s.content == "Hello there"
    assert copy.snapshot() == {
        k: v for k, v in s.widget.snapshot().items() if k not in ("run", "elapsed_ms", "attempts", "ways")
    }


def test_a_part_is_given_to_a_view_and_what_is_no_part_is_refused_and_counted(line: list[Line]) -> None:
    s = started()
    link = widget_line(line, s)
    for name in ("math", "nothing", "../_view.py", None):
        link.answer({"type": "part", "name": name})
    link.until(lambda messages: any(m["type"] == "part" for m in messages))
    until_heard(s)
    assert [m["name"] for m in link.messages if m["type"] == "part"] == ["math"]
    assert s._view is not None
    assert s._view._channel.refused == 3
    s.stop()


def test_the_stop_of_a_view_stops_its_run(line: list[Line]) -> None:
    s = started()
    link = widget_line(line, s)
    link.answer({"type": "stop", "run": run_of(link)})
    assert s.wait(10).stopped_by == "user"


def test_a_hello_is_welcomed_and_a_resync_is_answered_with_the_whole_state(line: list[Line]) -> None:
    s = started(content="Hello", rate=None)
    link = widget_line(line, s)
    s.wait(10)
    link.answer(hello(link, run="", have=0))  # of a page that knows nothing yet
    link.until(lambda messages: {m["type"] for m in messages} >= {"welcome", "snapshot"})
    link.answer({"type": "resync", "view": "v", "run": run_of(link), "have": 0, "n": 2})
    link.until(lambda messages: [m["type"] for m in messages].count("snapshot") == 2)
    assert Transcript.from_snapshot(link.messages[-1]["state"]).content == "Hello"


def announced(link: Line) -> dict[str, Any] | None:
    """The first message about the output."""
    return next((m for m in link.messages if m["type"] == "static"), None)


@pytest.mark.parametrize(
    ("said", "unseen"),
    [
        ([], False),
        ([{"type": "ack", "view": "gone", "seq": 0}], True),
        ([{"type": "ack", "view": "gone", "seq": 0}, {"type": "bye", "view": "gone"}], False),
        ([{"type": "ack", "view": "gone", "seq": -1}], False),
    ],
    ids=["nobody came", "gone without a word", "said goodbye", "saw the end"],
)
def test_a_new_page_is_told_that_the_end_was_seen_by_nobody(line: list[Line], said: list[dict[str, Any]], unseen: bool) -> None:
    s = started(content="Hello", rate=None)
    link = widget_line(line, s)
    s.wait(10)
    s._view.island.shown = True  # type: ignore[union-attr]  # reason: made by `started`; there is no cell that could show it
    end = s.widget.snapshot()["seq"]
    for message in said:
        link.answer({"run": run_of(link), **message, **({"seq": end} if message.get("seq") == -1 else {})})
    link.answer(hello(link, run="", have=0, fallback=True))
    link.until(lambda _: announced(link) is not None)
    told = announced(link)
    assert told is not None
    assert told.get("unseen", False) is unseen


def test_a_view_whose_sending_fails_does_not_end_the_run(line: list[Line]) -> None:
    s = started()
    link = widget_line(line, s)
    link.answer(hello(link))
    link.until(lambda messages: any(m["type"] == "welcome" for m in messages))
    link.closed = True
    assert link.refused.wait(20)
    assert s.status == "streaming"
    s.stop()
    assert s.wait(20).status == "stopped"
    assert s._view is not None
    assert s._view._channel.failed > 0


def test_an_observer_that_raises_does_not_end_the_run(line: list[Line]) -> None:
    s = started()
    link = widget_line(line, s)
    link.answer(hello(link))

    def fail(_change: object) -> None:
        raise RuntimeError("a bug of the user's")

    s.widget.observe(fail, names=["seq"])
    assert s.status in ("submitted", "streaming")
    s.stop()
    assert s.wait(20).status == "stopped"
    link.until_end()
    assert copied(link).content == s.content
    assert s._view is not None
    assert s._view._channel.failed > 0


def test_a_view_cannot_write_the_traits_of_its_model(line: list[Line]) -> None:
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


def test_prompts_and_keys_do_not_meet_in_the_widget_state(line: list[Line]) -> None:
    s = nb.stream(
        "Hi", model="openai/x", api_base="http://127.0.0.1:9/v1", api_key="sk-verysecretkey123", display=False, wait=False
    )
    link = widget_line(line, s) if s.widget else None
    s.stop()
    s.wait(20)
    assert link is not None
    assert "verysecret" not in repr(link.sent)


def test_status_and_seq_can_be_observed_without_a_flood(line: list[Line]) -> None:
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


@pytest.mark.parametrize("approved", [True, False])
def test_the_first_answer_of_a_view_to_a_question_counts_also_by_both_ways(line: list[Line], approved: bool) -> None:
    s = nb.Stream("agent", display=False)
    assert s.widget.key
    link = widget_line(line, s)
    heard: list[bool] = []
    asker = threading.Thread(target=lambda: heard.append(s.approval("f", {"x": 1})))
    asker.start()
    while not s.approvals:
        asker.join(0.001)
    answer = {"type": "approval", "run": run_of(link), "id": s.approvals[0].id, "approved": approved}
    for wrong in ({"run": "other"}, {"approved": 1}, {"approved": None}, {"id": 1}, {"id": "approval-9"}):
        link.answer({**answer, **wrong})
    assert len(s.approvals) == 1
    _on_control(None, None, {"content": {"key": s.widget.key, "message": answer}})
    link.answer(answer)
    link.answer({**answer, "approved": not approved})
    asker.join(10)
    s.finish()
    assert heard == [approved]
    assert s._view is not None
    assert s._view._channel.refused == 4


def test_a_stream_that_asks_nothing_refuses_answers(line: list[Line]) -> None:
    s = started()
    link = widget_line(line, s)
    link.answer({"type": "approval", "run": run_of(link), "id": "approval-1", "approved": True})
    s.stop()
    assert s.wait(10).stopped_by == "user"
    assert s._view is not None
    assert s._view._channel.refused == 1
