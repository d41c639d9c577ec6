"""The kernel's side of a view: it answers what it is asked, and a hostile view changes nothing."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import comm
import pytest

import nbstream as nb
from nbstream._codec import decode
from nbstream._comm import _on_control
from nbstream._transcript import Transcript
from nbstream._view import MISMATCHES, UNHEARD
from nbstream.testing import LoopbackComm


class Line(LoopbackComm):
    """A loopback that can be waited on: `until` returns when a message of ours satisfies a condition."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False
        self.refused = threading.Event()
        self._news = threading.Condition()

    def send(self, data: dict[str, Any] | None = None, metadata: object = None, buffers: object = None) -> None:
        """Record a message and wake whoever waits for one."""
        if self.closed:
            self.refused.set()
            raise RuntimeError("the socket is closed")  # as where a kernel shuts down
        with self._news:
            super().send(data, metadata, buffers)
            self._news.notify_all()

    def until(self, condition: Callable[[list[dict[str, Any]]], object], seconds: float = 20.0) -> None:
        """Return when `condition` holds for the messages that were sent."""
        with self._news:
            assert self._news.wait_for(lambda: condition(self.messages), seconds), self.messages

    def until_end(self) -> None:
        """Return when the end was sent, by a frame or a snapshot."""
        self.until(lambda messages: any(is_last(m) for m in messages))


def is_last(message: dict[str, Any]) -> bool:
    """Whether a view that has this message knows the end."""
    if message["type"] == "snapshot":
        return "end" in message["state"]
    return message["type"] == "frame" and message["events"][-1]["op"] == "end"


@pytest.fixture
def line() -> Iterator[list[Line]]:
    """Every comm that is opened from now on; `comm.create_comm` is the hook that kernels themselves set."""
    opened: list[Line] = []

    def create(*_: Any, data: Any = None, **__: Any) -> Line:
        opened.append(Line())
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


def widget_line(line: list[Line], s: nb.Stream) -> Line:
    """The comm of the widget itself (its layout has one too)."""
    return next(c for c in line if c.sent[0].get("state", {}).get("key") == s.widget.key)


def run_of(link: Line) -> str:
    """The id of the run that the widget was opened with."""
    return str(link.sent[0]["state"]["snapshot"]["run"])


def hello(link: Line, view: str = "v", **more: Any) -> dict[str, Any]:
    """The hello of a view that has what the widget was opened with."""
    state = link.sent[0]["state"]["snapshot"]
    return {"type": "hello", "view": view, "run": state["run"], "have": state["seq"], "n": 1, "adopt": True, **more}


def copied(link: Line) -> Transcript:
    """The fold of a view that hears all messages and asks for nothing."""
    copy = Transcript.from_snapshot(link.sent[0]["state"]["snapshot"])
    for message in link.messages:
        if message["type"] == "snapshot" and message["state"]["seq"] > copy.seq:
            copy = Transcript.from_snapshot(message["state"])
        elif message["type"] == "frame" and message["to"] > copy.seq:
            assert message["from"] == copy.seq + 1
            for wire in message["events"]:
                copy.apply(decode(wire))
            copy.seq = message["to"]
    return copy


def until_heard(s: nb.Stream) -> None:
    """Return when the run's loop has taken every message that was sent so far."""
    heard = threading.Event()
    assert s._view is not None
    s._view._loop.call_soon_threadsafe(heard.set)
    assert heard.wait(20)


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
