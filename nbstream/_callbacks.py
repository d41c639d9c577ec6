"""The user's callbacks: in order, off the loop, harmless to the stream.

Belongs here: calling `on_token`, `on_event`, `on_field`, `on_error`, `on_complete` from the event log, and the warning about
one that raised. Does not belong here: the log itself (`_record`), handles (`_stream` passes itself in).

A run with callbacks has one worker thread that reads the log like any other reader: a slow callback falls behind, it never
slows the run. Coroutine functions run on nbstream's own loop, one after the other. All run in a copy of the caller's context.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nbstream import _threads
from nbstream._errors import NbstreamError, clip, mask
from nbstream._json_machine import Change, Path
from nbstream._record import EventLog, StreamEvent
from nbstream._structured import Structure


@dataclass(slots=True)
class Callbacks:
    """The callbacks of one stream, each a function, a callable object or a coroutine function; None where there is none."""

    on_token: Callable[[str], Any] | None = None
    on_event: Callable[[StreamEvent], Any] | None = None
    on_error: Callable[[NbstreamError], Any] | None = None
    on_complete: Callable[[Any], Any] | None = None
    on_field: Callable[[Path, Any], Any] | None = None

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if value is not None and not callable(value):
                raise TypeError(f"{name} is {type(value).__name__}, which cannot be called; pass a function")

    def __bool__(self) -> bool:
        return any(getattr(self, name) is not None for name in self.__slots__)

    def start(self, log: EventLog, handle: Any, error: Callable[[], NbstreamError | None]) -> None:
        """Call them for all that `log` gets, on a thread of their own, in a copy of the current context."""
        context = contextvars.copy_context()
        work = threading.Thread(
            target=context.run, args=(self._work, log, handle, error), name="nbstream-callbacks", daemon=True
        )
        work.start()

    def _work(self, log: EventLog, handle: Any, error: Callable[[], NbstreamError | None]) -> None:
        structure = Structure()
        for event in log.follow(lambda: None):
            self._call("on_event", event)
            if event.type == "append" and event.kind == "content":
                self._call("on_token", event.delta)
            if self.on_field is not None and (event.is_answer or event.type == "end"):
                self._fields(structure.feed(event.delta) if event.is_answer else structure.end())
        if (failed := error()) is not None:
            self._call("on_error", failed)
        self._call("on_complete", handle)

    def _fields(self, changes: list[Change]) -> None:
        for path, value in changes:
            if path:  # the whole answer is no field of it
                self._call("on_field", path, value)

    def _call(self, name: str, *arguments: object) -> None:
        callback = getattr(self, name)
        if callback is None:
            return
        try:
            result = callback(*arguments)
            if inspect.isawaitable(result):
                asyncio.run_coroutine_threadsafe(_finish(result), _threads.event_loop()).result()
        except Exception as raised:  # noqa: BLE001  # reason: it is the user's code; it must not end the stream
            setattr(self, name, None)
            warn_dropped(name, callback, raised)


def warn_dropped(name: str, callback: object, raised: Exception) -> None:
    """Warn that a callback raised and is not called again."""
    who = getattr(callback, "__qualname__", type(callback).__name__)
    cause = clip(mask(f"{type(raised).__name__}: {raised}"))
    warnings.warn(f"nbstream: {name} ({who}) raised {cause}; it is not called again", RuntimeWarning, stacklevel=2)


async def _finish(awaitable: Any) -> Any:
    return await awaitable
