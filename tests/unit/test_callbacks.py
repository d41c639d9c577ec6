"""Callbacks: in order, complete, and harmless to the stream."""

from __future__ import annotations

import contextvars
import threading
from typing import Any

import pytest

from nbstream import NbstreamError, Stream, StreamEvent, _callbacks, _threads, display_stream, fake

PIECES = ["one ", "two ", "three"]
who = contextvars.ContextVar("who", default="nobody")


class Calls:
    """Collects what the callbacks were given; `complete` is set at the last one."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.events: list[StreamEvent] = []
        self.order: list[str] = []
        self.complete = threading.Event()

    def on_complete(self, _: Stream) -> None:
        self.order.append("complete")
        self.complete.set()


def run(calls: Calls, source: Any = None, **callbacks: Any) -> Stream:
    """Play three pieces with `callbacks`, wait for `on_complete`."""
    source = source or fake(PIECES, thinking="hm", rate=None, ttft=0)
    s = display_stream(source, display=False, wait=True, **{"on_complete": calls.on_complete, **callbacks})
    assert calls.complete.wait(10)
    return s


def test_on_token_gets_the_content_and_nothing_else() -> None:
    calls = Calls()
    run(calls, on_token=calls.tokens.append)
    assert calls.tokens == PIECES


def test_on_event_gets_every_event_in_order() -> None:
    calls = Calls()
    s = run(calls, on_event=calls.events.append)
    assert calls.events == list(s.events())


def test_coroutine_callbacks_run_in_order() -> None:
    calls = Calls()

    async def on_token(text: str) -> None:
        calls.tokens.append(text)

    run(calls, on_token=on_token)
    assert calls.tokens == PIECES


def test_on_error_comes_before_on_complete() -> None:
    calls = Calls()

    def on_error(error: NbstreamError) -> None:
        calls.order.append(error.code)

    run(calls, source=fake("x", error="broken", rate=None, ttft=0), on_error=on_error)
    assert calls.order == ["provider", "complete"]


def test_callbacks_run_in_a_copy_of_the_callers_context() -> None:
    calls, seen = Calls(), list[str]()
    token = who.set("caller")
    try:
        run(calls, on_token=lambda _: seen.append(who.get()))
    finally:
        who.reset(token)
    assert set(seen) == {"caller"}


@pytest.mark.filterwarnings("always::RuntimeWarning")
def test_one_that_raises_is_warned_of_once_and_dropped(recwarn: pytest.WarningsRecorder) -> None:
    calls = Calls()

    def broken(text: str) -> None:
        calls.tokens.append(text)
        raise ValueError("my bug with sk-abcdefghijklmnop")

    s = run(calls, on_token=broken, on_event=calls.events.append)
    assert s.status == "done"
    assert calls.tokens == PIECES[:1]
    assert len(calls.events) == len(list(s.events()))
    warnings = [str(w.message) for w in recwarn if "on_token" in str(w.message)]
    assert len(warnings) == 1
    assert "broken" in warnings[0]
    assert "sk-abc" not in warnings[0]


def test_a_callback_may_stop_the_stream() -> None:
    calls = Calls()
    handle: list[Stream] = []
    ready = threading.Event()

    def on_token(_: str) -> None:
        ready.wait(10)
        handle[0].stop()

    s = display_stream(
        fake("word " * 2000, rate=200), display=False, wait=False, on_token=on_token, on_complete=calls.on_complete
    )
    handle.append(s)
    ready.set()
    assert s.wait(20).stopped_by == "user"
    assert calls.complete.wait(10)


def test_a_blocked_callback_does_not_hold_up_the_stream() -> None:
    release = threading.Event()
    s = display_stream(fake(PIECES, rate=None, ttft=0), display=False, wait=False, on_token=lambda _: release.wait(30))
    assert s.wait(10).status == "done"
    release.set()


def test_something_that_cannot_be_called_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="on_token is str, which cannot be called"):
        display_stream(fake("x"), display=False, on_token="print")  # type: ignore[arg-type]  # reason: what is tested


def test_a_coroutine_that_blocks_its_loop_does_not_hold_up_a_stream() -> None:
    release, blocked = threading.Event(), threading.Event()

    async def rude(_: str) -> None:
        blocked.set()
        release.wait(30)

    s = display_stream(fake(PIECES, rate=None, ttft=0), display=False, wait=False, on_token=rude)
    assert blocked.wait(10)
    assert s.wait(10).status == "done"
    assert display_stream(fake("another", rate=None, ttft=0), display=False, wait=True).content == "another"
    release.set()


def test_one_that_does_not_return_is_named_once() -> None:
    release, said = threading.Event(), list[str]()
    warned = threading.Event()

    def slow(_: str) -> None:
        release.wait(30)

    def note(name: str, callback: Any, seconds: float) -> None:
        said.append(f"{name} {callback.__name__}")
        warned.set()

    watch = _callbacks._Watch(0.05, note)
    watch.begin("on_token", slow)
    watch.start()
    assert warned.wait(10)
    assert said == ["on_token slow"]
    with pytest.warns(RuntimeWarning, match=r"on_token \(.*slow\) has not returned for 3.0 s; the stream goes on"):
        _callbacks.warn_blocked("on_token", slow, 3.0)


def test_nothing_is_said_of_callbacks_that_return() -> None:
    said: list[str] = []
    done = threading.Event()
    watch = _callbacks._Watch(0.01, lambda *_: said.append("blocked"))
    watch.start()
    for _ in range(200):
        watch.begin("on_token", print)
        watch.end()
    watch.leave()
    _threads.event_loop().call_soon_threadsafe(_threads.event_loop().call_later, 0.05, done.set)
    assert done.wait(10)
    assert said == []
