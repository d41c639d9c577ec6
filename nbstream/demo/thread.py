"""A server on a thread of its own.

Belongs here: starting and ending the thread and its loop. Does not belong here: when that is done (`nbstream.demo.url`).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading

from nbstream.demo.server import Server

START_SECONDS = 10.0


class ThreadedServer:
    """Runs `server` on its own event loop in a daemon thread, until `stop()`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="nbstream-demo", daemon=True)

    def start(self) -> None:
        """Start, and return when the port is open.

        Raises:
            OSError: no port could be opened.
        """
        self._thread.start()
        self._ready.wait(START_SECONDS)
        if self._failure is not None:
            raise self._failure

    def stop(self, timeout: float = 5.0) -> None:
        """End all connections and the thread; wait `timeout` seconds at the most."""
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self.loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout)

    def abandon(self) -> None:
        """In the child of a fork: let go of the port, and leave the parent's loop alone, whose selector is shared."""
        self.server.let_go()

    def _run(self) -> None:
        try:
            self.loop.run_until_complete(self._serve())
        finally:
            self.loop.close()

    async def _serve(self) -> None:
        try:
            await self.server.start()
        except OSError as error:
            self._failure = error
            return
        finally:
            self._ready.set()
        await self._stopping.wait()
        await self.server.close()
