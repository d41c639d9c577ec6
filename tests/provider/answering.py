"""How one request is answered: the plan of a stream, its faults, its pace.

Belongs here: everything that happens on the provider's loop for one request. Does not belong here: the wire formats
(`nbstream.demo.formats`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import TypeVar

from nbstream.demo.formats import Ask, Format
from nbstream.demo.formats.shape import dumps
from nbstream.demo.http import Request, Response
from provider import faults
from provider.coding import coder
from provider.script import Connection, Recording, Script

F = TypeVar("F", bound=faults.Fault)

_MESSAGES = {
    401: "Incorrect API key provided",
    404: "The model does not exist",
    429: "Rate limit reached",
    500: "The server had an error",
    503: "The service is overloaded",
}
_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in to continue</h1></body></html>"


def having(script: Script, kind: type[F]) -> list[F]:
    """Return the faults of one kind."""
    return [fault for fault in script.faults if isinstance(fault, kind)]


async def deliver(script: Script, conn: Connection, found: Format, ask: Ask, response: Response) -> None:
    """Answer one request as `script` says; returning ends the connection."""
    attempt = script.connections.index(conn)
    await asyncio.sleep(script.header_delay)
    if await _failed(script, attempt, conn.request, found, response):
        return
    answer = script.answers[min(attempt, len(script.answers) - 1)]
    if isinstance(answer, Recording):
        chunks, content_type = list(answer.chunks), answer.content_type
    elif ask.stream:
        chunks, content_type = found.stream(answer, ask, script.raw), found.content_type
    else:
        await response.whole(200, "application/json", dumps(found.reply(answer, ask), script.raw))
        return
    chunks = spoiled(chunks, script, found)
    conn.chunks_total = len(chunks)
    headers = {"content-type": content_type}
    for packed in having(script, faults.Compressed):
        headers["content-encoding"] = packed.coding
    await response.start(200, headers, chunked=script.framing == "chunked")
    await asyncio.sleep(script.first_delay)
    await _stream(chunks, script, conn, response)


async def _failed(script: Script, attempt: int, request: Request, found: Format, response: Response) -> bool:
    """Carry out what stands in place of a stream; say whether something did."""
    for refusal in having(script, faults.Refuse):
        if refusal.times is None or attempt < refusal.times:
            response.reset()
            return True
    for status in having(script, faults.Status):
        if status.times is None or attempt < status.times:
            message = status.message or _MESSAGES.get(status.code, "The request failed")
            message += f": {key_of(request)}" if status.echo_key else ""
            headers = {} if status.retry_after is None else {"retry-after": f"{status.retry_after:g}"}
            body = dumps(found.error(status.code, message, f"status_{status.code}"))
            await response.whole(status.code, "application/json", body, headers)
            return True
    if having(script, faults.Html):
        await response.whole(200, "text/html; charset=utf-8", _PAGE)
        return True
    for wrong in having(script, faults.JsonError):
        await response.whole(200, "application/json", dumps(found.error(500, wrong.message, "unavailable")))
        return True
    return False


def key_of(request: Request) -> str:
    """Return the key that came with the request, wherever its format puts it."""
    in_query = re.search(r"[?&]key=([^&]+)", request.path)
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    other = request.headers.get("x-api-key") or request.headers.get("x-goog-api-key")
    return bearer or other or (in_query[1] if in_query else "")


def spoiled(chunks: list[bytes], script: Script, found: Format) -> list[bytes]:
    """Return the chunks with everything in them that the script's faults put in, and without what they leave out."""
    lines = found.name == "ollama"  # NDJSON has neither comments nor data fields
    if having(script, faults.NoEnd):
        chunks = chunks[:-1]
    for wrong in having(script, faults.ErrorEvent):
        chunks = [*chunks[: wrong.at], found.error_event(wrong.message, wrong.code)]
    for fault in script.faults:
        match fault:
            case faults.Raw(at, data):
                chunks = _before(chunks, at, data)
            case faults.BadJson(at):
                chunks = _before(chunks, at, found.event(b'{"choices": [{"delta": {"content": "lost'))
            case faults.BadUtf8(at):
                chunks = _before(chunks, at, found.event(b'{"text": "a\xff\xfeb"}'))
            case faults.EmptyData(at):
                chunks = _before(chunks, at, b"\n" if lines else b"data:\n\n")
            case faults.KeepAlive(every):
                comment = b"\n" if lines else b": keep-alive\n\n"
                chunks = [comment + chunk if at % every == 0 else chunk for at, chunk in enumerate(chunks)]
    return _before(chunks, 0, b"\xef\xbb\xbf") if having(script, faults.Bom) else chunks


def _before(chunks: list[bytes], at: int, data: bytes) -> list[bytes]:
    if at >= len(chunks):
        return [*chunks, data]
    return [*chunks[:at], data + chunks[at], *chunks[at + 1 :]]


async def _stream(chunks: list[bytes], script: Script, conn: Connection, response: Response) -> None:
    endings = [f for f in script.faults if isinstance(f, faults.Cut | faults.Reset | faults.Hang)]
    ending = min(endings, key=lambda fault: fault.at, default=None)
    if ending is not None:
        chunks = chunks[: ending.at]
    together = next((fault.n for fault in having(script, faults.Coalesce)), 1)
    splits = having(script, faults.Split)
    packer = next((coder(fault.coding) for fault in having(script, faults.Compressed)), None)
    position = 0
    for start in range(0, len(chunks), together):
        group = chunks[start : start + together]
        if start and script.rate is not None:
            await asyncio.sleep(len(group) / script.rate)
        if script.gate is not None:
            for _ in group:
                await script.gate.passed()
        data = b"".join(group)
        if packer is not None:
            data = packer.pack(data)
        for part in parts(data, position, splits[0]) if splits else (data,):
            await response.send(part)
        position += len(data)
        conn.sent(len(group), len(data))
    match ending:
        case faults.Hang():
            await asyncio.Event().wait()
        case faults.Reset():
            response.reset()
        case None:
            await response.send(packer.end() if packer is not None else b"")
            await response.finish()


def parts(data: bytes, position: int, split: faults.Split) -> Iterator[bytes]:
    """Yield `data`, which begins at byte `position` of the body, cut as `split` says."""
    cuts = range(1, len(data)) if split.every else sorted({at - position for at in split.at if 0 < at - position < len(data)})
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        yield data[start:end]
