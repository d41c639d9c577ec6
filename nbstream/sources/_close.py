"""Closing a stream from the place that pulled it, whatever it is wrapped in.

Belongs here: which objects beneath a wrapper have a close, and that each is called. Does not belong here: waking who waits
(`_cut`).

LiteLLM's sync wrapper has no close; Anthropic's connection lies four objects beneath it. A response left open keeps the
provider at work, so every object on the way down that can be closed is closed, from the outside in.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from nbstream.sources._shapes import beneath

_closing: set[asyncio.Task[None]] = set()


def close(x: Any) -> None:
    """Close `x` and what lies beneath it. Nothing is raised: the stream is over either way."""
    close_each(beneath(x))


def close_each(parts: Iterable[Any]) -> None:
    """Close every one of `parts` that can be closed without awaiting."""
    for part in parts:
        method = getattr(part, "close", None)
        if callable(method) and not inspect.iscoroutinefunction(method):
            _quietly(method)


async def aclose(x: Any) -> None:
    """The same for what lies on the running loop; a client that is cancelled while it closes would never do so."""
    task = asyncio.get_running_loop().create_task(_aclose(x), name="nbstream-close")
    _closing.add(task)
    task.add_done_callback(_closing.discard)
    await asyncio.shield(task)


async def _aclose(x: Any) -> None:
    parts = beneath(x)
    for part in parts:
        methods = [getattr(part, name, None) for name in ("aclose", "close")]
        for method in methods:
            if method is not None and (inspect.iscoroutinefunction(method) or inspect.isasyncgen(part)):
                with suppress(Exception):  # the same
                    await method()
                break
    close_each(parts)  # a sync client, driven in an async function


def unstarted(x: Any) -> None:
    """Forget a coroutine or a context manager that was never begun; the helpers of the SDKs hold a coroutine, too."""
    if isinstance(x, asyncio.Future):
        with suppress(RuntimeError):  # its loop is closed
            x.get_loop().call_soon_threadsafe(x.cancel)
    for held in (x, *getattr(x, "__dict__", {}).values()):
        if inspect.iscoroutine(held) and inspect.getcoroutinestate(held) == inspect.CORO_CREATED:
            held.close()


def _quietly(method: Any) -> None:
    with suppress(Exception):  # libraries raise whatever they like when they are cut off; the socket is shut already
        method()
