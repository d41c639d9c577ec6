"""Where a push waits, and who is never blocked by it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from nbstream import StreamStopped, WouldDeadlock, _threads
from nbstream.sources._buffer import LIMIT
from unit.pushing import in_thread, push


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """While it is not set, nbstream's own loop is blocked: nothing that is pushed is taken."""
    release, blocked = threading.Event(), threading.Event()
    _threads.event_loop().call_soon_threadsafe(lambda: (blocked.set(), release.wait(30)))
    assert blocked.wait(10)
    yield release
    release.set()


def test_the_producer_waits_while_the_buffer_is_full(held: threading.Event) -> None:
    s = push()
    pushed: list[int] = []

    def produce() -> None:
        for n in range(3 * LIMIT):
            s.text_delta(f"{n},")
            pushed.append(n)
        s.finish()

    thread, results = in_thread(produce)
    while len(s._push._buffer) < LIMIT:  # type: ignore[union-attr]  # reason: it is there in push mode
        thread.join(0.001)
    thread.join(0.05)
    assert len(pushed) == LIMIT
    held.set()
    thread.join(20)
    assert results == [None]
    assert (s.status, s.content) == ("done", "".join(f"{n}," for n in range(3 * LIMIT)))


def test_a_stop_frees_a_producer_that_waits(held: threading.Event) -> None:
    s = push()

    def produce() -> None:
        while True:
            s.text_delta("x")

    thread, results = in_thread(produce)
    while len(s._push._buffer) < LIMIT:  # type: ignore[union-attr]  # reason: it is there in push mode
        thread.join(0.001)
    s.stop()
    thread.join(10)
    assert isinstance(results[0], StreamStopped)
    held.set()
    assert s.wait(10).status == "stopped"


def test_many_threads_may_push_at_once() -> None:
    s = push()
    threads = [in_thread(lambda n=n: [s.text_delta(f"<{n}:{i}>") for i in range(200)])[0] for n in range(6)]  # type: ignore[misc]  # reason: binds the loop variable
    for thread in threads:
        thread.join(30)
    s.finish()
    for n in range(6):
        places = [s.content.index(f"<{n}:{i}>") for i in range(200)]
        assert places == sorted(places)
    assert s.content.count("<") == 1200


async def test_coroutines_push_without_blocking_their_loop(held: threading.Event) -> None:
    s = push()

    async def produce() -> None:
        for n in range(2 * LIMIT):
            await s.on_token_async(f"{n},")

    work = asyncio.create_task(produce())
    done, _ = await asyncio.wait({work}, timeout=0.1)
    assert not done
    held.set()
    await work
    async with s:
        pass
    assert (s.status, s.content) == ("done", "".join(f"{n}," for n in range(2 * LIMIT)))


async def test_its_own_loop_is_never_blocked() -> None:
    """Code on nbstream's own loop, such as a callback of asyncio there, pushes to a stream."""
    s = push()

    async def flood() -> bool:
        try:
            for _ in range(2 * LIMIT):
                s.text_delta("x")
        except WouldDeadlock:
            for _ in range(2 * LIMIT):
                await s.on_token_async("y")
            return True
        return False

    assert await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(flood(), _threads.event_loop()))
    s.finish()
    assert s.content == "x" * LIMIT + "y" * 2 * LIMIT
