"""The user's callbacks: in order, off the loop, harmless to the stream.

Belongs here: calling `on_token`, `on_event`, `on_field`, `on_error`, `on_complete` from the event log, and the warning about
one that raised. Does not belong here: the log itself (`_record`), handles (`_stream` passes itself in).

A run with callbacks has one worker thread that reads the log like any other reader: a slow callback falls behind, it never
slows the run. Coroutine functions run on a loop of their own, one after the other. All run in a copy of the caller's context.
One that raises is named in a warning and dropped; one that does not return is named, and holds up the others of its
stream.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from nbstream import _threads
from nbstream._errors import NbstreamError, clip, mask
from nbstream._json_machine import Change, Path
from nbstream._record import EventLog, StreamEvent
from nbstream._structured import Structure

NAMES: Final = ("on_token", "on_event", "on_error", "on_complete", "on_field")
BLOCKED_SECONDS: Final = 10.0
"""A callback that has not returned for about so long is named in a warning."""


class _Watch:
    """Warns, once for a stream, of a callback that does not return; looks at it from nbstream's own loop."""

    def __init__(self, patience: float, tell: Callable[[str, object, float], None] | None = None) -> None:
        self._patience = patience
        self._tell = tell or warn_blocked
        self._call: tuple[str, object, float] | None = None
        self._over = False

    def begin(self, name: str, callback: object) -> None:
        self._call = name, callback, time.monotonic()

    def end(self) -> None:
        self._call = None

    def start(self) -> None:
        self._over = False
        loop = _threads.event_loop()
        loop.call_soon_threadsafe(loop.call_later, self._patience, self._look, loop)

    def leave(self) -> None:
        self._over = True

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        call = self._call
        if call is not None and time.monotonic() - call[2] >= self._patience / 2:
            self._tell(call[0], call[1], time.monotonic() - call[2])
        elif not self._over:
            loop.call_later(self._patience, self._look, loop)


@dataclass(slots=True)
class Callbacks:
    """The callbacks of one stream, each a function, a callable object or a coroutine function; None where there is none."""

    on_token: Callable[[str], Any] | None = None
    on_event: Callable[[StreamEvent], Any] | None = None
    on_error: Callable[[NbstreamError], Any] | None = None
    on_complete: Callable[[Any], Any] | None = None
    on_field: Callable[[Path, Any], Any] | None = None
    _watch: _Watch = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._watch = _Watch(BLOCKED_SECONDS)
        for name in NAMES:
            value = getattr(self, name)
            if value is not None and not callable(value):
                raise TypeError(f"{name} is {type(value).__name__}, which cannot be called; pass a function")

    def __bool__(self) -> bool:
        return any(getattr(self, name) is not None for name in NAMES)

    def start(self, log: EventLog, handle: Any, error: Callable[[], NbstreamError | None]) -> None:
        """Call them for all that `log` gets, on a thread of their own, in a copy of the current context."""
        context = contextvars.copy_context()
        work = threading.Thread(
            target=context.run, args=(self._work, log, handle, error), name="nbstream-callbacks", daemon=True
        )
        work.start()
        self._watch.start()

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
        self._watch.leave()

    def _fields(self, changes: list[Change]) -> None:
        for path, value in changes:
            if path:  # the whole answer is no field of it
                self._call("on_field", path, value)

    def _call(self, name: str, *arguments: object) -> None:
        callback = getattr(self, name)
        if callback is None:
            return
        self._watch.begin(name, callback)
        try:
            result = callback(*arguments)
            if inspect.isawaitable(result):
                asyncio.run_coroutine_threadsafe(_finish(result), _threads.callback_loop()).result()
        except Exception as raised:  # noqa: BLE001  # reason: it is the user's code; it must not end the stream
            setattr(self, name, None)
            warn_dropped(name, callback, raised)
        finally:
            self._watch.end()


def warn_blocked(name: str, callback: object, seconds: float) -> None:
    """Warn that a callback has not returned."""
    who = getattr(callback, "__qualname__", type(callback).__name__)
    warnings.warn(
        f"nbstream: {name} ({who}) has not returned for {seconds:.1f} s; the stream goes on, its other callbacks wait",
        RuntimeWarning,
        stacklevel=2,
    )


def warn_dropped(name: str, callback: object, raised: Exception) -> None:
    """Warn that a callback raised and is not called again."""
    who = getattr(callback, "__qualname__", type(callback).__name__)
    cause = clip(mask(f"{type(raised).__name__}: {raised}"))
    warnings.warn(f"nbstream: {name} ({who}) raised {cause}; it is not called again", RuntimeWarning, stacklevel=2)


async def _finish(awaitable: Any) -> Any:
    return await awaitable
