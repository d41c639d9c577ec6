"""A gate that holds chunks back until the test lets them pass.

Belongs here: permits between the test's thread and the provider's loop. Does not belong here: what a chunk is.
"""

from __future__ import annotations

import asyncio
import threading


class Gate:
    """Shut at first; each chunk that passes uses up one permit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._permits = 0
        self._always_open = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    def open(self, n: int = 1) -> None:
        """Let `n` more chunks pass."""
        with self._lock:
            self._permits += n
            self._wake()

    def open_all(self) -> None:
        """Let all chunks pass from now on."""
        with self._lock:
            self._always_open = True
            self._wake()

    async def passed(self) -> None:
        """Wait for a permit and use it up."""
        loop = asyncio.get_running_loop()
        while True:
            with self._lock:
                if self._always_open or self._permits:
                    self._permits -= not self._always_open
                    return
                future = loop.create_future()
                self._waiting.append((loop, future))
            await future

    def _wake(self) -> None:
        for loop, future in self._waiting:
            loop.call_soon_threadsafe(_release, future)
        self._waiting.clear()


def _release(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
