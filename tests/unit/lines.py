"""The line of a widget without a front-end: what the kernel says on it, and a view that says something back.

Belongs here: opening, waiting, the short spellings. Does not belong here: what is expected of either side.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import comm

import nbstream as nb
from nbstream._codec import decode
from nbstream._transcript import Transcript
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


@contextmanager
def lines() -> Iterator[list[Line]]:
    """Give every comm that is opened from now on; `comm.create_comm` is the hook that kernels themselves set."""
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
