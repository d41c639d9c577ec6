"""`nb.to_sse`: a stream as server-sent events, for FastAPI and every other server that sends what it iterates over.

Belongs here: the forms, framing, what happens when the client leaves. Does not belong here: the AI SDK's chunks
(`_ui_chunks`), a server.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any, Final, Literal, TypeAlias

from nbstream._api import display_stream
from nbstream._errors import mask
from nbstream._record import StreamEvent
from nbstream._stream import Stream
from nbstream._ui_chunks import Chunks

Form: TypeAlias = Literal["own", "data", "ui"]

PING: Final = 15.0
"""Seconds of silence after which a comment is sent, so that no proxy takes the connection for dead."""

_COMMON: Final = {"content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no"}


class ServerSentEvents:
    """A stream as the bytes of an event-stream, for `for` and `async for`; each iteration starts at the first event.

    Attributes:
        headers: what the response must say, the content type among it.
    """

    def __init__(self, stream: Stream, form: Form, last_id: int, stop_on_leave: bool) -> None:
        self.headers = {**_COMMON, **({"x-vercel-ai-ui-message-stream": "v1"} if form == "ui" else {})}
        self._stream = stream
        self._form = form
        self._last_id = last_id
        self._stop_on_leave = stop_on_leave

    def __iter__(self) -> Iterator[bytes]:
        """Follow to the end, for servers that iterate on a thread."""
        frames = self._frames()
        ended = False
        try:
            for event in self._stream._run.log.follow(lambda: None):
                yield from frames(event)
            ended = True
        finally:
            self._leave(ended)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Follow to the end; a comment is sent now and then while nothing comes."""
        frames = self._frames()
        ended = False
        pull: asyncio.Future[StreamEvent | None] | None = None
        try:
            async with aclosing(self._stream._run.log.afollow(lambda: None)) as events:
                try:
                    while True:
                        pull = asyncio.ensure_future(anext(events, None))
                        while not (await asyncio.wait({pull}, timeout=PING))[0]:
                            yield b": ping\n\n"
                        if (event := pull.result()) is None:
                            break
                        for frame in frames(event):
                            yield frame
                    ended = True
                finally:
                    if pull is not None and not pull.done():
                        pull.cancel()
                        await asyncio.wait({pull})
        finally:
            self._leave(ended)

    def _leave(self, ended: bool) -> None:
        if not ended and self._stop_on_leave:
            self._stream.stop()

    def _frames(self) -> Callable[[StreamEvent], Iterator[bytes]]:
        """The framing of one iteration."""
        if self._form == "data":
            return _data
        if self._form == "own":
            return lambda event: _own(event, self._last_id)
        chunks = Chunks(f"msg_{id(self._stream):x}")

        def ui(event: StreamEvent) -> Iterator[bytes]:
            for chunk in chunks.of(event):
                yield _framed(chunk)
            if event.type == "end":
                yield b"data: [DONE]\n\n"

        return ui


def to_sse(
    stream: Any, *, form: Form = "own", last_id: int | str | None = None, stop_on_leave: bool | None = None
) -> ServerSentEvents:
    """Return `stream` as the body of an event-stream response.

    `StreamingResponse(body, headers=body.headers)` sends it, and so does sse-starlette's `EventSourceResponse(body)`.

    Args:
        stream: a handle, or anything that `display_stream` takes, which is then pulled without being shown.
        form: ``own`` is our events, each with its number as id, which `nb.from_sse` reads whole; ``data`` is
            `data: {"content": …}` for each piece of the answer and `data: [DONE]` when it is done, or `data: {"error": …}`;
            ``ui`` is the UI-message stream of the AI SDK.
        last_id: the header ``Last-Event-ID`` of the request (form ``own``): the events up to it are left out.
        stop_on_leave: whether a client that leaves stops the stream. By default it does, except in the form ``own``,
            where it may come back.

    Raises:
        TypeError, ValueError: `stream` cannot be pulled, or there is no such form.

    >>> from nbstream import fake
    >>> for frame in to_sse(fake("Hi", ttft=0, rate=None), form="data"):
    ...     print(frame.decode(), end="")
    data: {"content":"Hi"}
    <BLANKLINE>
    data: [DONE]
    <BLANKLINE>
    """
    if form not in ("own", "data", "ui"):
        raise ValueError(f"form is {form!r}; it can be own, data or ui")
    handle = stream if isinstance(stream, Stream) else display_stream(stream, display=False, wait=False)
    said = "" if last_id is None else str(last_id).strip()
    number = int(said) if said.isascii() and said.isdecimal() else 0
    return ServerSentEvents(handle, form, number, form != "own" if stop_on_leave is None else stop_on_leave)


def _own(event: StreamEvent, last_id: int) -> Iterator[bytes]:
    if event.seq > last_id:
        yield b"id: %d\n%b" % (event.seq, _framed(_wire(event)))


def _wire(event: StreamEvent) -> dict[str, Any]:
    """The event as the protocol writes it (`_events`)."""
    wire: dict[str, Any] = {"op": event.type}
    match event.type:
        case "open":
            wire |= {"kind": event.kind, **({"meta": dict(event.meta)} if event.meta else {})}
        case "append":
            wire |= {"at": event.at, "text": event.delta}
        case "amend":
            wire |= {"at": event.at, "meta": dict(event.meta)}
        case "close":
            wire |= {"at": event.at}
        case "note":
            wire |= {"meta": dict(event.meta)}
        case "end":
            said = dict(event.meta)
            error = {name: mask(str(said.pop(name))) for name in ("code", "message", "hint") if name in said}
            wire |= {**said, **({"error": error} if error else {})}
    return wire


def _data(event: StreamEvent) -> Iterator[bytes]:
    if event.is_answer:
        yield _framed({"content": event.delta})
    elif event.type == "end" and event.meta.get("status") == "done":
        yield b"data: [DONE]\n\n"
    elif event.type == "end":  # a client that waits for [DONE] must not take half an answer for a whole one
        message = event.meta.get("message") or f"the stream is {event.meta.get('status')}"
        yield _framed(
            {"error": {"message": mask(str(message)), "type": str(event.meta.get("code") or event.meta.get("status"))}}
        )


def _framed(value: Any) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
