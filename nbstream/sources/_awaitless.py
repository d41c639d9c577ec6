"""Async generators that await nothing: an `async def` that drives a blocking client, as in many a tutorial.

Belongs here: telling them, and stepping through them. Does not belong here: what is pulled on a thread or a loop (`_objects`).

Such a generator would hold up the event loop that it is pulled on for as long as its stream lasts: in a notebook the one that
cells, widgets and comms live on. It needs none, so it is stepped through like a plain generator, on a thread of its own.
"""

from __future__ import annotations

import dis
import inspect
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from typing import Any, Final

_AWAITING: Final = frozenset({"GET_AWAITABLE", "GET_ANEXT"})
_OF_LOOPS: Final = frozenset(
    {"asyncio", "anyio", "trio", "get_running_loop", "get_event_loop", "create_task", "ensure_future", "current_task"}
)
"""Names by which code that awaits nothing may want the running loop all the same."""


def awaits_nothing(x: Any) -> bool:
    """Whether `x` is an async generator, or a function that makes one, with no `await` in it, nor a use of its loop."""
    code = getattr(x, "ag_code", None) or (getattr(x, "__code__", None) if inspect.isasyncgenfunction(x) else None)
    if code is None or _OF_LOOPS & {*code.co_names, *code.co_freevars}:
        return False
    return not any(instruction.opname in _AWAITING for instruction in dis.get_instructions(code))


def stepped(x: AsyncGenerator[Any, None]) -> Iterator[Any]:
    """Yield the items of `x`, which awaits nothing, and close it."""
    try:
        while True:
            try:
                x.__anext__().send(None)
            except StopIteration as item:
                yield item.value
            except StopAsyncIteration:
                return
    finally:
        with suppress(StopIteration, StopAsyncIteration):
            x.aclose().send(None)
