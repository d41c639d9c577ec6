"""The demo: a provider on a loopback port of this very process, for `model="demo"`.

Belongs here: the one server of a process. Does not belong here: anything that knows nbstream's sources or views; to them the
demo is a provider like any other, reached over HTTP, so that Stop closes a real connection. Only the standard library is used.

    nbstream.demo.url()        # "http://127.0.0.1:40613"; OpenAI-compatible under /v1, any key will do
"""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbstream.demo.thread import ThreadedServer

__all__ = ["url"]

_lock = threading.Lock()
_running: ThreadedServer | None = None
_abandoned: list[ThreadedServer] = []
"""Servers of parent processes: kept, because a loop that is collected while it seems to run complains."""


def url() -> str:
    """Return the address of this process's demo server; the first call starts it, on a daemon thread.

    May be called from any thread. After a fork the child has no threads and gets a server of its own.

    Raises:
        OSError: no loopback port could be opened.
    """
    global _running
    with _lock:
        if _running is None:
            from nbstream.demo.service import DemoServer
            from nbstream.demo.thread import ThreadedServer

            started = ThreadedServer(DemoServer())
            started.start()
            _running = started
        return _running.server.url


def _stop() -> None:
    """End the server with the interpreter, so that no task of it is destroyed while it is pending."""
    global _running
    with _lock:
        running, _running = _running, None
    if running is not None:
        running.stop(timeout=1.0)


def _forget() -> None:
    """In the child of a fork: the parent's thread and its lock's state are not ours."""
    global _lock, _running
    _lock = threading.Lock()
    if _running is not None:
        _running.abandon()
        _abandoned.append(_running)
        _running = None


atexit.register(_stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
