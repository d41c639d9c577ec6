"""Stop for blocking code: shut down the connection that a thread waits on.

Belongs here: finding the socket of an HTTP client in the frames of a thread. Does not belong here: threads and when they are
stopped (`_pull`), closing what is at rest (`_close`).

A thread that waits in `recv` hears of nothing; closing its response from outside takes effect with the next chunk. Shutting the
socket down wakes it at once, whichever client it is, and over TLS too. So the frames of the thread are searched, from the
innermost outwards, for the socket that an HTTP client holds. Where there is no HTTP client in the frames, nothing is touched:
the thread may wait for something of the user's own.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any, Final

_CLIENTS: Final = frozenset({"httpcore", "httpcore2", "httpx", "httpx2", "urllib3", "requests", "http", "urllib"})
_DEPTH: Final = 16
"""How many frames of a client stand between its `recv` and code that holds no socket."""


def cut(thread: int, within: object = None) -> bool:
    """Shut down the socket on which the thread with the identifier `thread` waits; return whether there was one.

    Args:
        thread: as `threading.get_ident` gives it.
        within: a frame; nothing is touched unless the thread is executing it (its loop may be busy with something else).
    """
    frames = list(_frames(thread))
    if within is not None and within not in frames:
        return False
    if not any(_package(frame) in _CLIENTS for frame in frames):
        return False
    for frame in frames[:_DEPTH]:
        for value in list(frame.f_locals.values()):
            found = _socket(value)
            if found is not None:
                return _shut(found)
    return False


def _frames(thread: int) -> Iterator[FrameType]:
    frame = sys._current_frames().get(thread)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _socket(value: Any) -> socket.socket | None:
    if isinstance(value, socket.socket):
        return value
    held = getattr(value, "__dict__", None)
    if isinstance(held, dict):  # looked up, not asked for: an object of the user's may do anything in __getattr__
        for name in ("_sock", "sock"):  # httpcore's stream; http.client's connection and the file over its socket
            if isinstance(found := held.get(name), socket.socket):
                return found
    return None


def _shut(found: socket.socket) -> bool:
    try:
        # Not the method of ssl.SSLSocket, which would first take the connection from under the thread that reads.
        socket.socket.shutdown(found, socket.SHUT_RDWR)
    except OSError:
        return False  # it is closed, or not yet connected
    return True
