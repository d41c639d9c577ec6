"""`from_sse` over real connections: resuming, compression, refusals, cuts, and a Stop that closes the socket."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

import nbstream as nb
from nbstream._errors import AuthError, BadResponse, ConnectionFailed, NbstreamError, RateLimitError
from nbstream._events import Delta
from nbstream.sources import _from_sse
from nbstream.sources._from_sse import from_sse
from remains import staying


@dataclass
class Reply:
    """What the server answers to one request; `end`: close, reset or hang."""

    body: bytes = b""
    status: str = "200 OK"
    head: str = "content-type: text/event-stream\r\n"
    end: str = "close"
    pieces: int = 1_000_000


@dataclass
class Server:
    """A server that answers each connection with the next reply, the last one again and again."""

    replies: list[Reply]
    address: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((first, headers, body))
        reply = self.replies[min(len(self.requests), len(self.replies)) - 1]
        chunked = "" if reply.end == "reset" else "connection: close\r\n"
        writer.write(f"HTTP/1.1 {reply.status}\r\n{reply.head}{chunked}\r\n".encode())
        for at in range(0, len(reply.body), reply.pieces):
            writer.write(reply.body[at : at + reply.pieces])
            await writer.drain()
            if reply.pieces < 100:
                await asyncio.sleep(0)
        if reply.end == "hang":
            await reader.read()
            self.left.set()
        elif reply.end == "reset":
            await asyncio.sleep(0.05)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()


@asynccontextmanager
async def serving(*replies: Reply) -> AsyncIterator[Server]:
    """Serve `replies` on a port of this machine."""
    server = Server(list(replies))
    running = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.address = f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/stream"
    try:
        yield server
    finally:
        running.close()
        for writer in server.writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


def event(text: str, number: int | None = None, finish: str | None = None) -> bytes:
    """A chunk of OpenAI's chat, with an id."""
    value = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}
    return (b"id: %d\n" % number if number is not None else b"") + b"data: " + json.dumps(value).encode() + b"\n\n"


async def drain(x: Any, **keywords: Any) -> tuple[str, str, NbstreamError | None]:
    """The content, the finish reason and the error of a source from `x`."""
    found: list[Delta] = []
    error = None
    try:
        async for batch in from_sse(x, **keywords).deltas():
            found += batch
    except NbstreamError as raised:
        error = raised
    content = "".join(delta.text for delta in found if delta.kind == "content")
    return content, next((d.finish_reason for d in found if d.finish_reason), ""), error


WHOLE = event("Hel") + event("lo", None, "stop") + b"data: [DONE]\n\n"


async def test_a_stream_with_ids_goes_on_where_it_broke() -> None:
    first = Reply(b"retry: 10\n\n" + event("a", 1) + event("b", 2) + b"id: 3\ndata: {", end="reset")
    second = Reply(event("c", 3))
    third = Reply(event("c", 3) + event("d", 4, "stop"))
    async with serving(first, second, third) as server:
        assert await drain(server.address, headers={"x-mine": "1"}) == ("abcd", "stop", None)
    assert [headers.get("last-event-id") for _, headers, _ in server.requests] == [None, "2", "3"]
    assert all(headers["x-mine"] == "1" for _, headers, _ in server.requests)


async def test_a_stream_that_brings_nothing_new_is_given_up_and_reads_truncated() -> None:
    async with serving(Reply(b"retry: 1\n\n" + event("a", 1)), Reply()) as server:
        assert await drain(server.address) == ("a", "", None)
    assert len(server.requests) <= 2 + _from_sse.TRIES


async def test_no_content_ends_the_resuming() -> None:
    async with serving(Reply(b"retry: 1\n\n" + event("a", 1)), Reply(status="204 No Content")) as server:
        assert (await drain(server.address))[0] == "a"


async def test_a_post_is_not_sent_again() -> None:
    async with serving(Reply(event("a", 1), end="reset")) as server:
        content, _, error = await drain(server.address, json={"prompt": "é"})
    assert content == "a"
    assert type(error) in (ConnectionFailed, type(None))
    assert [(first.partition(" ")[0], json.loads(body)) for first, _, body in server.requests] == [("POST", {"prompt": "é"})]


CODINGS: list[tuple[str, Callable[[bytes], bytes]]] = [("gzip", gzip.compress), ("deflate", zlib.compress)]


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
async def test_a_compressed_body_is_read(coding: str, compress: Callable[[bytes], bytes]) -> None:
    head = f"content-type: text/event-stream\r\ncontent-encoding: {coding}\r\n"
    async with serving(Reply(compress(WHOLE), head=head, pieces=3)) as server:
        assert await drain(server.address) == ("Hello", "stop", None)


async def test_a_body_that_claims_to_be_compressed_is_a_bad_response() -> None:
    async with serving(Reply(WHOLE, head="content-type: text/event-stream\r\ncontent-encoding: gzip\r\n")) as server:
        content, reason, error = await drain(server.address)
    assert (content, reason, type(error)) == ("", "", BadResponse)


REFUSALS: list[tuple[Reply, type[NbstreamError], str]] = [
    (
        Reply(b'{"error": {"message": "bad key sk-aaaaaaaaaaaa"}}', "401 No", "content-type: application/json\r\n"),
        AuthError,
        "bad key",
    ),
    (Reply(b"slow down", "429 No", "retry-after: 7\r\n"), RateLimitError, "slow down"),
    (Reply(b"<html><body>Sign in</body></html>", head="content-type: text/html\r\n"), BadResponse, "text/html"),
    (Reply(b'{"error": {"message": "boom"}}'), NbstreamError, "boom"),
]


@pytest.mark.parametrize(("reply", "kind", "words"), REFUSALS, ids=["401", "429", "HTML", "JSON error"])
async def test_a_refusal_says_what_the_server_said_without_its_keys(reply: Reply, kind: type[Any], words: str) -> None:
    async with serving(reply) as server:
        _, _, error = await drain(server.address, headers={"authorization": "Bearer secret-of-mine"})
        for client in (httpx.Client(), httpx.AsyncClient()):
            if isinstance(client, httpx.Client):
                response = await asyncio.to_thread(lambda c=client: c.send(c.build_request("GET", server.address), stream=True))
            else:
                response = await client.send(client.build_request("GET", server.address), stream=True)
            _, _, same = await drain(response)
            assert type(same) is type(error)
            await asyncio.to_thread(client.close) if isinstance(client, httpx.Client) else await client.aclose()
    assert isinstance(error, kind)
    assert words in str(error)
    assert "sk-aaa" not in str(error)
    if isinstance(error, RateLimitError):
        assert error.retry_after == 7


async def test_nobody_there_is_a_failed_connection() -> None:
    async with serving(Reply()) as server:
        pass
    _, _, error = await drain(server.address)
    assert type(error) is ConnectionFailed


async def test_half_a_character_at_the_end_costs_only_that_event() -> None:
    cut = 'data: {"choices":[{"index":0,"delta":{"content":"é'.encode()[:-1]
    async with serving(Reply(event("Hi") + cut)) as server:
        assert await drain(server.address) == ("Hi", "", None)


async def test_a_server_that_keeps_the_connection_open_does_not_keep_a_whole_answer_waiting() -> None:
    async with serving(Reply(WHOLE, end="hang")) as server:
        assert await drain(server.address) == ("Hello", "stop", None)
        await asyncio.wait_for(server.left.wait(), 5)


@pytest.mark.parametrize("how", ["address", "sync response", "async response", "context manager"])
async def test_stop_closes_the_connection_in_a_silent_gap(how: str) -> None:
    async with serving(Reply(event("Hi"), end="hang")) as server:
        client, aclient = httpx.Client(), httpx.AsyncClient()
        x: Any = server.address
        if how == "sync response":
            x = await asyncio.to_thread(lambda: client.send(client.build_request("GET", server.address), stream=True))
        elif how == "async response":
            x = await aclient.send(aclient.build_request("GET", server.address), stream=True)
        elif how == "context manager":
            x = client.stream("GET", server.address)  # noqa: ASYNC212  # reason: nothing is sent before it is entered
        s = nb.display_stream(from_sse(x), display=False, wait=False)
        async for e in s.events():
            if e.delta:
                break
        begun = time.monotonic()
        s.stop()
        await asyncio.wait_for(server.left.wait(), 5)
        assert time.monotonic() - begun < 2  # 250 ms is promised; the rest is for a busy machine
        await s
        assert (s.status, s.content) == ("stopped", "Hi")
        await asyncio.to_thread(client.close)
        await aclient.aclose()


class Working:
    """A generator of somebody's that does other work between two reads of its response."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.client = httpx.Client(timeout=60)

    def read(self, url: str) -> Iterator[bytes]:
        with self.client.stream("GET", url) as response:
            for piece in response.iter_raw():
                yield piece
                self.begun.set()
                threading.Event().wait(1.5)  # the work


async def test_stop_closes_a_connection_that_its_reader_comes_back_to_later() -> None:
    async with serving(Reply(event("Hi"), end="hang")) as server:
        working = Working()
        s = nb.display_stream(from_sse(working.read(server.address)), display=False, wait=False)
        await asyncio.to_thread(working.begun.wait, 10)
        s.stop()
        assert (await s).status == "stopped"
        await asyncio.wait_for(server.left.wait(), 10)
        await asyncio.to_thread(working.client.close)


async def test_so_does_a_reader_whose_task_is_cancelled_again_while_it_ends() -> None:
    async with serving(Reply(event("Hi"), end="hang")) as server:
        working = Working()
        reading = asyncio.create_task(drain(working.read(server.address)))
        await asyncio.to_thread(working.begun.wait, 10)
        reading.cancel()
        for _ in range(3):
            await asyncio.sleep(0)  # it has begun to end
        reading.cancel()
        await asyncio.wait({reading})
        assert reading.cancelled()
        await asyncio.wait_for(server.left.wait(), 10)
        await asyncio.to_thread(working.client.close)


async def test_nothing_is_left_behind() -> None:
    async with serving(Reply(WHOLE)) as server:
        await drain(server.address)
        before = threading.enumerate()
        for _ in range(5):
            await drain(server.address)
    assert staying(before) == []
