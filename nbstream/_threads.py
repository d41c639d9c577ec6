"""Threads and the one event loop of nbstream.

Belongs here: the loop's thread, work that must not block it, and their orderly end. Does not belong here: what runs on them.

All streams of a process share one event loop on one daemon thread, so that Stop works while the caller's thread is busy. No
thread of ours keeps the process alive: blocking work runs on daemon threads, because those of the default executor are joined
when the interpreter exits.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable
from typing import TypeVar

from nbstream._errors import WouldDeadlock

T = TypeVar("T")

EXIT_SECONDS = 1.5
"""The longest that the end of the interpreter waits for running streams, in seconds."""

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_callbacks: asyncio.AbstractEventLoop | None = None
_farewells: list[Callable[[], None]] = []


def event_loop() -> asyncio.AbstractEventLoop:
    """Return nbstream's own loop; the first call starts its thread."""
    global _loop, _thread
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            _thread = threading.Thread(target=_serve, args=(_loop,), name="nbstream", daemon=True)
            _thread.start()
        return _loop


def callback_loop() -> asyncio.AbstractEventLoop:
    """Return the loop of the users' coroutine callbacks: one that blocks it must not hold up a stream."""
    global _callbacks
    with _lock:
        if _callbacks is None or _callbacks.is_closed():
            _callbacks = asyncio.new_event_loop()
            threading.Thread(target=_serve, args=(_callbacks,), name="nbstream-coroutines", daemon=True).start()
        return _callbacks


def on_event_loop() -> bool:
    """Whether the caller runs on nbstream's own loop."""
    return _thread is not None and threading.current_thread() is _thread


def refuse_own_loop(call: str, feeding: asyncio.AbstractEventLoop | None = None) -> None:
    """Raise `WouldDeadlock` where `call`, which blocks, is made on nbstream's own loop, or on the one that is `feeding`."""
    if on_event_loop() or (feeding is not None and asyncio._get_running_loop() is feeding):
        raise WouldDeadlock(f"{call} would block the event loop that feeds the stream")


def at_exit(farewell: Callable[[], None]) -> None:
    """Call `farewell` when the interpreter ends, before the loop is stopped; it may block for `EXIT_SECONDS` at the most."""
    _farewells.append(farewell)


def soon(loop: asyncio.AbstractEventLoop, work: Callable[..., object], *args: object) -> bool:
    """Call `work` on `loop` from any thread; return False where the loop is closed: nobody waits there any more."""
    try:
        loop.call_soon_threadsafe(work, *args)
    except RuntimeError:
        return False
    return True


async def in_thread(work: Callable[[], T], name: str) -> T:
    """Run `work` on a daemon thread of its own and return what it returns; a cancelled caller leaves it to end by itself."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # reason: without an error there is a result

    def target() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001  # reason: it is handed to the caller, whatever it is
            error = RuntimeError("the stream ended") if isinstance(raised, StopIteration) else raised
        soon(loop, settle, result, error)

    threading.Thread(target=target, name=f"nbstream-{name}", daemon=True).start()
    return await future


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=EXIT_SECONDS / 3))
    loop.close()


def _leave() -> None:
    if _loop is None or _thread is None or _loop.is_closed():
        return
    for farewell in _farewells:
        farewell()
    if _callbacks is not None and not _callbacks.is_closed():
        _callbacks.call_soon_threadsafe(_callbacks.stop)
    _loop.call_soon_threadsafe(_loop.stop)
    _thread.join(EXIT_SECONDS)


def _forget() -> None:
    """After a fork the child has the loop but not its thread: begin anew."""
    global _loop, _thread, _lock, _callbacks
    _lock = threading.Lock()
    _loop = _thread = _callbacks = None


atexit.register(_leave)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
