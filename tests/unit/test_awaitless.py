"""An async generator that awaits nothing leaves the event loop alone, and one that does keeps its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

import nbstream as nb
from nbstream.sources._awaitless import awaits_nothing, stepped
from provider import Answer, FakeProvider, faults


async def blocking() -> AsyncIterator[int]:
    yield 1
    yield 2


async def awaiting() -> AsyncIterator[int]:
    yield 1
    await asyncio.sleep(0)


async def delegating() -> AsyncIterator[int]:
    async for item in blocking():
        yield item


async def managing() -> AsyncIterator[int]:
    async with asyncio.timeout(1):
        yield 1


async def comprehending() -> AsyncIterator[int]:
    for item in [item async for item in blocking()]:
        yield item


async def spawning() -> AsyncIterator[int]:
    asyncio.get_running_loop().call_soon(print)
    yield 1


async def coroutine() -> int:
    return 1


@pytest.mark.parametrize(
    ("made", "expected"),
    [(blocking, True), *((f, False) for f in (awaiting, delegating, managing, comprehending, spawning, coroutine))],
    ids=lambda given: getattr(given, "__name__", None),
)
def test_only_a_generator_without_an_await_or_its_loop_needs_no_loop(made: Any, expected: bool) -> None:
    assert awaits_nothing(made) is expected
    if made is not coroutine:
        assert awaits_nothing(made()) is expected


def test_one_that_is_left_early_is_closed() -> None:
    closed: list[str] = []

    async def items() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append("yes")

    steps: Any = stepped(items())  # type: ignore[arg-type]  # reason: an async generator is annotated as an iterator
    assert next(steps) == 1
    steps.close()
    assert closed == ["yes"]


async def test_the_loop_goes_on_while_an_async_def_drives_a_blocking_client() -> None:
    """In a notebook it is the loop of cells and widgets: whoever blocks it cannot be stopped by a view's message."""
    here = threading.current_thread()
    go = threading.Event()
    threads: list[threading.Thread] = []

    async def words() -> AsyncIterator[str]:
        threads.append(threading.current_thread())
        yield "one "
        go.wait(5)
        yield "two"

    s = nb.display_stream(words(), display=False)
    async for event in s.events():
        if event.type == "append":
            go.set()  # were the generator to wait on this loop, nobody would come here
    assert s.content == "one two"
    assert threads != [here]


async def test_a_run_that_is_stopped_leaves_other_requests_on_its_loop_alone(provider: FakeProvider) -> None:
    """The stream's loop is busy with a blocking request of the user's own: Stop must not take that for the stream's."""
    provider.script("awaitless-other", Answer.of(["one ", "two"]), header_delay=0.5)
    held = provider.script("awaitless-held", Answer.of(["one ", "two"]), faults=[faults.Hang(1)])
    url = f"{provider.base('openai')}/chat/completions"

    def body(model: str) -> dict[str, Any]:
        return {"model": model, "messages": [{"role": "user", "content": "Go"}], "stream": True}

    async with httpx.AsyncClient() as client, client.stream("POST", url, json=body("awaitless-held")) as response:
        s = nb.display_stream(nb.from_sse(response), display=False)
        async for event in s.events():
            if event.type == "append":
                break
        threading.Timer(0.1, s.stop).start()
        assert httpx.post(url, json=body("awaitless-other")).text.count("data:") >= 3  # noqa: ASYNC210 - it blocks, as cells do
        assert (await s).stopped_by == "user"
    held.connections[0].wait_closed(1)
