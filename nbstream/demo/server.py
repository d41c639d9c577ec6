"""The server: connections, their watch, and the refusal of what does not come from this machine.

Belongs here: accepting, watching and closing connections on a loop that is given. Does not belong here: the thread that this
may run on (`thread`), and what is answered (`respond` of whoever makes the server).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from nbstream.demo.http import MOST_HEADER_BYTES, BadRequest, Request, Response, read_request

Respond: TypeAlias = Callable[[Request, Response], Awaitable[None]]

CLOSE_SECONDS = 1.0
"""The longest that the orderly end of a connection may take."""


class Server:
    """A loopback HTTP server that runs `respond(request, response)` for each request, and cancels it when the client leaves.

    Args:
        respond: answers one request; returning ends the connection.
        tls: a server-side context for https.
    """

    def __init__(self, respond: Respond, *, tls: ssl.SSLContext | None = None) -> None:
        self._respond = respond
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._socket: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._tasks)

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1, on the loop that runs this."""
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._socket.getsockname()[1]
        self._server = await asyncio.start_server(self._accept, sock=self._socket, limit=MOST_HEADER_BYTES, ssl=self._tls)

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def let_go(self) -> None:
        """In the child of a fork: close this process's copy of the port, else it stays open after the parent has gone."""
        if self._socket is not None:
            self._socket.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own: the one that asyncio would make complains when it is cancelled (Python 3.11).
        task = asyncio.get_running_loop().create_task(self._connection(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            task.get_loop().call_exception_handler({"message": "an answer failed", "exception": failure, "task": task})

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
            writer.close()
            async with asyncio.timeout(CLOSE_SECONDS):
                await writer.wait_closed()
        except (OSError, TimeoutError):
            pass  # the client was quicker
        finally:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        response = Response(writer)
        try:
            request = await read_request(reader, writer)
            if request is None:
                return
            _check_host(request)
        except BadRequest as error:
            await _refuse(response, error)
            return
        # The socket is read while the answer is made: that is how a client's leaving is seen at once, also in a silent gap.
        watch = asyncio.create_task(_left(reader))
        answer = asyncio.ensure_future(self._respond(request, response))
        by = "server"
        try:
            await asyncio.wait({watch, answer}, return_when=asyncio.FIRST_COMPLETED)
            # A write may fail before the watch comes to its turn.
            if not answer.done() or isinstance(answer.exception(), ConnectionError):
                by = "client"
        finally:
            response.closed(by)
            for task in (watch, answer):
                task.cancel()
            await asyncio.gather(watch, answer, return_exceptions=True)
        if not answer.cancelled() and (failure := answer.exception()) and not isinstance(failure, ConnectionError):
            raise failure


async def _left(reader: asyncio.StreamReader) -> None:
    """Return when the client has closed its side or reset the connection."""
    with contextlib.suppress(ConnectionError):
        while await reader.read(4096):
            pass  # nothing may follow the request on its connection


def _check_host(request: Request) -> None:
    """Refuse a request that a web page could have been lured into sending: by a name that someone else's DNS points here."""
    host = request.headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name.lower() not in ("127.0.0.1", "localhost", "[::1]"):
        raise BadRequest(403, "this server answers only requests to a loopback address")


async def _refuse(response: Response, error: BadRequest) -> None:
    body = json.dumps({"error": {"message": str(error), "type": "invalid_request_error", "code": "bad_request"}}).encode()
    with contextlib.suppress(ConnectionError):
        await response.whole(error.status, "application/json", body)
