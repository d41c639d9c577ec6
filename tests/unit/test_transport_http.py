"""The transport over real sockets: codings, proxies, latency, and what it notes of a response."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from nbstream._errors import BadResponse, ConnectionFailed
from nbstream.sources._transport import Transport
from nbstream.sources._watch import Broken, Watch

EVENT = 'data: {"text": "ä\u2028"}\n\n'.encode()
CLEAN = b'data: {"text": "\xc3\xa4\\u2028"}\n\n'


@asynccontextmanager
async def serving(head: str, *parts: bytes | asyncio.Event) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers with `head` and `parts`, waiting where a part is an event; yields its address and the requests."""
    requests: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(f"HTTP/1.1 {head}\r\nconnection: close\r\n\r\n".encode())
        for part in parts:
            if isinstance(part, asyncio.Event):
                await part.wait()
            else:
                writer.write(part)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", requests


async def read(watch: Watch, address: str) -> bytes:
    async with httpx.AsyncClient(transport=Transport(watch)) as client:
        return (await client.get(address)).content


def deflate(data: bytes) -> bytes:
    return zlib.compress(data)


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", deflate), ("identity", bytes)])
async def test_a_body_is_decoded_before_it_is_cleaned(coding: str, pack: Callable[[bytes], bytes]) -> None:
    watch, packed = Watch(), pack(EVENT * 3)
    head = f"200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: {coding}"
    async with serving(head, packed[:5], packed[5:]) as (address, requests):
        assert await read(watch, address) == CLEAN * 3
    assert b"accept-encoding: identity" in requests[0].lower()
    assert (watch.status, watch.streamed, watch.requests) == (200, True, 1)


async def test_a_broken_coding_is_a_bad_response() -> None:
    watch = Watch()
    async with serving("200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip", b"no gzip") as (address, _):
        with pytest.raises(Broken):
            await read(watch, address)
    assert isinstance(watch.fault, BadResponse)


async def test_a_line_is_passed_on_before_the_next_one_comes() -> None:
    watch, more = Watch(), asyncio.Event()
    async with (
        serving("200 OK\r\ncontent-type: text/event-stream", EVENT[:-1], more, EVENT) as (address, _),
        httpx.AsyncClient(transport=Transport(watch)) as client,
        client.stream("GET", address) as response,
    ):
        pieces = response.aiter_raw()
        assert await anext(pieces) == CLEAN
        more.set()
        assert await anext(pieces) == CLEAN


async def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with serving("200 OK\r\ncontent-type: text/event-stream", EVENT) as (address, _):
        assert await read(Watch(), address) == CLEAN


async def test_a_proxy_of_the_environment_is_asked_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with serving("200 OK\r\ncontent-type: text/event-stream", EVENT) as (address, requests):
        monkeypatch.setenv("http_proxy", address)
        assert await read(Watch(), "http://provider.example/v1") == CLEAN
    assert requests[0].startswith(b"GET http://provider.example/v1 ")


async def test_a_refusal_passes_untouched_and_is_noted() -> None:
    watch = Watch()
    head = "429 Too Many\r\ncontent-type: text/event-stream\r\nretry-after: 3"
    async with serving(head, b": no comment\n\xff") as (address, _):
        assert await read(watch, address) == b": no comment\n\xff"
    assert (watch.status, watch.retry_after, watch.body, watch.streamed) == (429, 3.0, b": no comment\n\xff", False)


async def test_after_a_fault_no_further_request_leaves() -> None:
    watch = Watch()
    async with serving("200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 999", EVENT) as (address, requests):
        with pytest.raises(Broken):
            await read(watch, address)
        assert isinstance(watch.fault, ConnectionFailed)
        with pytest.raises(httpx.ReadError):
            await read(watch, address)
    assert len(requests) == 1


async def test_a_stopped_transport_refuses_by_cancelling() -> None:
    transport = Transport(Watch())
    transport.stop()
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(asyncio.CancelledError):
            await client.get("http://127.0.0.1:9")
