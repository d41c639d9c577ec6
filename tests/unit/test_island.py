"""The island of a run: when it is refreshed, on which thread, and that the end comes after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import comm
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

import nbstream as nb
from nbstream._events import Append, Open
from nbstream._island import FIRST_REFRESH, REFRESH_SECONDS, Island
from nbstream._transcript import Transcript
from nbstream.testing import LoopbackComm


class Publisher(CapturingDisplayPublisher):
    """Keeps what is published, the thread it was published on, and the length of the messages of `link` before it."""

    def publish(self, data: Any, metadata: Any = None, **more: Any) -> None:
        """Keep one output."""
        self.outputs.append(
            {"data": data, "thread": threading.current_thread().name, "at": len(links[-1].messages) if links else 0}
        )


links: list[LoopbackComm] = []


@pytest.fixture
def published() -> Iterator[list[dict[str, Any]]]:
    """What an IPython without a kernel is given to show."""
    shell = InteractiveShell.instance(display_pub_class=Publisher)
    before = comm.create_comm

    def create(*_: Any, data: Any = None, **__: Any) -> LoopbackComm:
        made = LoopbackComm()
        made.sent.append({"method": "open", **(data or {})})
        if "key" in (data or {}).get("state", {}):
            links.append(made)
        return made

    comm.create_comm = create
    yield shell.display_pub.outputs
    comm.create_comm = before
    links.clear()
    InteractiveShell.clear_instance()


def test_the_output_is_built_on_the_worker_and_the_end_comes_after_it(published: list[dict[str, Any]]) -> None:
    s = nb.display_stream(nb.fake(["word "] * 50, rate=500, ttft=0.05), display=False, wait=False)
    assert s.widget.key
    assert s._view is not None
    s._view.show()
    (link,) = links
    state = link.sent[0]["state"]["snapshot"]
    link.answer({"type": "hello", "view": "v", "run": state["run"], "have": state["seq"], "n": 1, "fallback": False})
    s.wait(20)
    deadline = time.monotonic() + 10
    while not any(m["type"] == "frame" and m["events"][-1]["op"] == "end" for m in link.messages):
        assert time.monotonic() < deadline
        time.sleep(0.01)  # the loopback tells nobody
    first, *refreshes = published
    assert first["thread"] == threading.current_thread().name
    assert refreshes
    assert {output["thread"] for output in refreshes} == {"nbstream-worker"}
    last = refreshes[-1]
    assert s.content in last["data"]["text/plain"]
    ends = [n for n, m in enumerate(link.messages) if m["type"] == "frame" and m["events"][-1]["op"] == "end"]
    assert last["at"] <= ends[0]


def test_refreshes_that_come_due_cost_about_twice_the_final_form(published: list[dict[str, Any]]) -> None:
    transcript = Transcript()
    island = Island(transcript, "9f2c41d0", "model", lambda: None)
    island.show()
    transcript.apply(Open("content"))
    for _ in range(4000):
        transcript.apply(Append(0, "word "))
        island._at -= REFRESH_SECONDS  # time enough has always passed
        island.renew()
    island.refresh()
    sizes = [len(output["data"]["text/html"]) for output in published]
    assert len(sizes) >= 8
    assert sum(sizes) <= 3.2 * sizes[-1] + len(sizes) * 300
    assert island.rev == len(published) - 1


def test_no_refresh_comes_due_before_its_time_or_for_little_text(published: list[dict[str, Any]]) -> None:
    transcript = Transcript()
    island = Island(transcript, "9f2c41d0", "model", lambda: None)
    island.show()
    transcript.apply(Open("content"))
    transcript.apply(Append(0, "x" * 100_000))
    assert not island.due
    island.renew()
    assert len(published) == 1
    island._at -= REFRESH_SECONDS
    assert island.due
    island.renew()
    island._at -= REFRESH_SECONDS
    transcript.apply(Append(0, "x" * (100_000 - 1)))
    assert not island.due
    transcript.apply(Append(0, "x"))
    assert island.due
    assert FIRST_REFRESH < 100_000
