"""Closing a stream from the place that pulled it, whatever it is wrapped in.

Belongs here: which objects beneath a wrapper have a close, and that each is called. Does not belong here: waking who waits
(`_cut`).

LiteLLM's sync wrapper has no close; Anthropic's connection lies four objects beneath it. A response left open keeps the
provider at work, so every object on the way down that can be closed is closed, from the outside in.
"""

from __future__ import annotations

import inspect
from contextlib import suppress
from typing import Any

from nbstream.sources._shapes import beneath


def close(x: Any) -> None:
    """Close `x` and what lies beneath it. Nothing is raised: the stream is over either way."""
    for part in beneath(x):
        method = getattr(part, "close", None)
        if callable(method) and not inspect.iscoroutinefunction(method):
            _quietly(method)


async def aclose(x: Any) -> None:
    """The same for what lies on the running loop."""
    parts = beneath(x)
    for part in parts:
        methods = [getattr(part, name, None) for name in ("aclose", "close")]
        for method in methods:
            if method is not None and (inspect.iscoroutinefunction(method) or inspect.isasyncgen(part)):
                with suppress(Exception):  # the same
                    await method()
                break
    for part in parts:  # a sync client, driven in an async function
        method = getattr(part, "close", None)
        if callable(method) and not inspect.iscoroutinefunction(method):
            _quietly(method)


def _quietly(method: Any) -> None:
    with suppress(Exception):  # libraries raise whatever they like when they are cut off; the socket is shut already
        method()
