"""A wait inside a task lets the loop that it blocks turn, and disturbs nobody."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

from nbstream import _nested


class Ended:
    """What a run is to somebody who waits for it."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self._callbacks: list[object] = []

    def when(self, callback: object) -> None:
        self._callbacks.append(callback)

    def end(self) -> None:
        self.event.set()
        for callback in self._callbacks:
            callback()  # type: ignore[operator]  # reason: typed as an object


async def test_the_loop_that_feeds_a_source_turns_while_it_is_waited_for() -> None:
    ended = Ended()
    order: list[str] = []

    async def feed() -> None:
        for name in "ab":
            await asyncio.sleep(0.001)
            order.append(name)
        ended.end()

    async def bystander(name: str) -> None:
        order.append(name)
        await asyncio.sleep(0)

    task = asyncio.current_task()
    others = [asyncio.create_task(feed()), *(asyncio.create_task(bystander(n)) for n in "xyz")]
    source = SimpleNamespace(loop=asyncio.get_running_loop())
    assert _nested.wait(ended.event, ended.when, source)
    assert sorted(order) == ["a", "b", "x", "y", "z"]
    assert asyncio.current_task() is task
    await asyncio.gather(*others)


async def test_a_wait_is_ended_from_another_thread() -> None:
    ended = Ended()
    threading.Timer(0.05, ended.end).start()
    assert _nested.wait(ended.event, ended.when, SimpleNamespace(loop=asyncio.get_running_loop()))


async def test_a_source_that_this_loop_does_not_feed_is_waited_for_in_the_plain_way() -> None:
    ended = Ended()
    ran: list[int] = []
    asyncio.get_running_loop().call_soon(ran.append, 1)
    threading.Timer(0.05, ended.end).start()
    assert _nested.wait(ended.event, ended.when, SimpleNamespace(loop=None))
    assert ran == []


def test_the_turn_that_was_interrupted_goes_on_with_what_it_had_begun() -> None:
    """Its loop has counted the handles that are due; those that the wait has run for it must not be missing."""
    ended, order = Ended(), []
    loop = asyncio.new_event_loop()

    def waiting() -> None:
        order.append("waits")
        loop.call_later(0.01, ended.end)
        _nested.wait(ended.event, ended.when, SimpleNamespace(loop=loop))
        order.append("waited")

    for work in (waiting, *(lambda n=n: order.append(n) for n in "abc"), loop.stop):
        loop.call_soon(work)
    loop.run_forever()
    loop.close()
    assert order[:4] == ["waits", "a", "b", "c"]
    assert order[-1] == "waited"
