"""HTTP/1.1, as much of it as a loopback server for one kind of client needs.

Belongs here: reading a request, writing a response, noticing that the client has left. Does not belong here: what is answered.

Each connection carries one request: the response says ``connection: close``, so that the end of a stream, Stop and an error
all look the same on the socket, and no idle connection is left behind.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

MOST_HEADER_BYTES = 64 * 1024
MOST_BODY_BYTES = 64 * 1024 * 1024
READ_SECONDS = 30.0
"""The longest that a client may take to send its request."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: it is none.
        """
        return json.loads(self.body)


class BadRequest(Exception):
    """The client's bytes cannot be answered other than by `status`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """Read one request; None where the client left without one.

    Raises:
        BadRequest: it is malformed, too large or too slow.
    """
    try:
        async with asyncio.timeout(READ_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, headers = _parse_head(head)
            if headers.get("expect", "").lower() == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return Request(method, path, headers, await _read_body(reader, headers))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except asyncio.LimitOverrunError:
        raise BadRequest(431, "the headers are too long") from None
    except TimeoutError:
        raise BadRequest(408, "the request took too long") from None


def _parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1.") or not parts[0].isalpha():
        raise BadRequest(400, "this is not HTTP/1.1")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest(400, "a header line is malformed")
        if name.lower() in ("host", "content-length") and name.lower() in headers:
            raise BadRequest(400, f"the header {name} is given twice")
        headers[name.lower()] = value.strip()
    return parts[0], parts[1], headers


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await _read_chunks(reader)
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise BadRequest(400, "content-length is no number")
    if len(length) > 12 or int(length) > MOST_BODY_BYTES:
        raise BadRequest(413, "the body is too large")
    return await reader.readexactly(int(length))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            raise BadRequest(400, "a chunk's size is no number") from None
        if size < 0 or len(body) + size > MOST_BODY_BYTES:
            raise BadRequest(413, "the body is too large")
        if size == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass  # trailers say nothing that we need
            return bytes(body)
        body += (await reader.readexactly(size + 2))[:-2]


class Response:
    """The way back to one client.

    Writes wait until the operating system has taken all bytes, so that what was written is what was sent.

    Attributes:
        closed: is called once with ``"client"`` or ``"server"``, by whom the connection was ended, the moment that is known.
    """

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.closed: Callable[[str], None] = _ignore
        self._writer = writer
        self._chunked = False
        writer.transport.set_write_buffer_limits(high=1, low=0)  # with 0 asyncio's TLS waits for ever

    async def start(self, status: int, headers: dict[str, str], *, chunked: bool = True) -> None:
        """Send the status line and the headers; without `chunked` the body ends with the connection or at content-length."""
        self._chunked = chunked
        lines = [f"HTTP/1.1 {status} {_phrase(status)}", *(f"{name}: {value}" for name, value in headers.items())]
        lines += ["transfer-encoding: chunked"] if chunked else []
        await self._write("\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1"))

    async def send(self, data: bytes) -> None:
        """Send a part of the body."""
        if data:
            await self._write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    async def finish(self) -> None:
        """Say that the body is complete."""
        if self._chunked:
            await self._write(b"0\r\n\r\n")

    async def whole(self, status: int, content_type: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Send a response that is no stream."""
        fixed = {"content-type": content_type, "content-length": str(len(body)), "x-content-type-options": "nosniff"}
        await self.start(status, {**fixed, **(headers or {})}, chunked=False)
        await self.send(body)

    def reset(self) -> None:
        """End the connection by RST, as a crash of the other side does."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()
        await asyncio.sleep(0)  # the watch over the client must come to its turn, however fast the answer is


def _ignore(by: str) -> None:
    """Nobody asked."""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"  # 529 and its like are no standard codes
