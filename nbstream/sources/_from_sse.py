"""`nb.from_sse`: a stream over HTTP, from its address, a response that is open, or anything that holds its bytes.

Belongs here: where the bytes come from, connecting anew, closing. Does not belong here: what they mean (`_session`).

A stream whose events have ids is resumed where it broke: the same request is made again, with ``Last-Event-ID``, after the
time that the server asked for. Only a GET is: any other request would begin a new answer.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, aclosing
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from nbstream._errors import ConnectionFailed, NbstreamError
from nbstream._events import Delta
from nbstream._threads import in_thread
from nbstream.sources import _blame, _bodies, _close, _faults, _pull
from nbstream.sources._litellm import hidden
from nbstream.sources._session import HEAD_LIMIT, Batch, Session
from nbstream.sources._watch import Watch
from nbstream.sources.formats import FORMATS

RETRY: Final = 1.0
"""Seconds before a connection is made anew, where the server does not say."""
TRIES: Final = 4
"""Connections in a row that bring nothing new before the stream is given up."""

_LOOPBACK: Final = ("all://127.0.0.1", "all://localhost", "all://[::1]")
_ACCEPT: Final = "text/event-stream, application/x-ndjson, application/json;q=0.9"


class SSESource:
    """The source that `from_sse` makes.

    Attributes:
        title: the host, the file's name, or ``stream``.
        repeatable: it has an address or a file: there may be another attempt.
        loop: the caller's event loop, to which an async response is bound; None where there is none.
    """

    def __init__(
        self,
        x: Any,
        *,
        method: str,
        json: Any,
        headers: Mapping[str, str],
        format: str | None,  # noqa: A002  # reason: the API's word
    ) -> None:
        self._x = x
        self._request = {"method": method, "json": json}
        self._headers = dict(headers)
        self._format = format
        self._context = contextvars.copy_context()
        self._url = _bodies.address(x)
        self.title = _bodies.title(x, self._url)
        self.repeatable = bool(self._url) or isinstance(x, os.PathLike | str | bytes)
        self.loop = _running() if _bodies.is_async(x) else None

    async def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
        """Yield one batch of deltas for each event.

        Raises:
            NbstreamError: the request was refused, the connection broke, the body is no stream, or the stream holds an error.
        """
        session = Session(self._format)
        failure: NbstreamError | None = None
        batches = self._fetched(session) if self._url else self._given(session)
        try:
            async with aclosing(batches):
                async for batch in batches:
                    yield batch
            failure = session.closing()
        except Exception as error:  # noqa: BLE001  # reason: libraries raise anything; it is mapped and raised
            if not session.finished:
                failure = self._explain(error, session.watch)
        if failure is not None:
            raise _faults.tidy(failure, self._secrets())  # outside of `except`: nothing of a library is chained to it

    async def _fetched(self, session: Session) -> AsyncGenerator[Batch, None]:
        """Make the request, and make it again where the stream can be resumed."""
        yield [Delta("phase", "loading")]
        httpx = await in_thread(partial(import_module, "httpx"), "httpx")
        mounts = dict.fromkeys(_LOOPBACK)  # a proxy of the environment cannot reach this machine
        client = await in_thread(partial(httpx.AsyncClient, timeout=None, follow_redirects=True, mounts=mounts), "httpx")
        yield [Delta("phase", "waiting")]
        tries = 0
        async with client:
            while True:
                last = session.decoder.last_id
                try:
                    async with aclosing(self._response(client, session)) as batches:
                        async for batch in batches:
                            yield batch
                except httpx.TransportError:
                    if session.finished or not self._resumable(session) or tries >= TRIES:
                        raise
                if session.over or session.finished or not self._resumable(session):
                    return
                tries = 0 if session.decoder.last_id != last else tries + 1
                if tries >= TRIES:
                    return
                await asyncio.sleep(RETRY if session.decoder.retry is None else session.decoder.retry / 1000)
                session.again()

    def _resumable(self, session: Session) -> bool:
        return bool(session.decoder.last_id) and str(self._request["method"]).upper() == "GET"

    async def _response(self, client: Any, session: Session) -> AsyncGenerator[Batch, None]:
        headers = {"accept": _ACCEPT, "accept-encoding": "identity", "cache-control": "no-store", **self._headers}
        if session.decoder.last_id:
            headers["last-event-id"] = session.decoder.last_id
        async with client.stream(url=self._url, headers=headers, **self._request) as response:
            if response.status_code == 204:
                return
            await _check(response, session)
            if fault := _faults.undecoded(response, client.headers["accept-encoding"]):
                raise fault
            async with aclosing(response.aiter_bytes()) as chunks, aclosing(_bodies.read(chunks, session)) as batches:
                async for batch in batches:
                    yield batch

    def _given(self, session: Session) -> AsyncGenerator[Sequence[Delta], None]:
        """Read what was handed over, where it must be read: on a thread, or on the loop it is bound to."""
        if _bodies.is_async(self._x):
            return _pull.from_loop(lambda put: self._async_body(session, put), self.loop, self._context, [])
        return _pull.from_thread(lambda put: self._body(session, put), self._context, [])

    def _body(self, session: Session, put: _pull.Put) -> None:
        put([Delta("phase", "waiting")])
        with ExitStack() as stack:
            x = self._x
            if not any(hasattr(x, name) for name in ("__iter__", "read", "__fspath__")) and hasattr(x, "__enter__"):
                x = stack.enter_context(x)
            refused = _bodies.note(x, session)
            for piece in _bodies.pieces(x, stack):
                if refused:
                    session.watch.body += piece if len(session.watch.body) < HEAD_LIMIT else b""
                    continue
                for batch in session.feed(piece):
                    put(batch)
                if session.over:
                    return
            if refused:
                session.fault = _faults.refusal(session.watch, "The server")
            for batch in session.finish():
                put(batch)

    async def _async_body(self, session: Session, put: _pull.AsyncPut) -> None:
        await put([Delta("phase", "waiting")])
        async with AsyncExitStack() as stack:
            x = self._x
            if not hasattr(x, "__aiter__") and not hasattr(x, "aiter_bytes") and hasattr(x, "__aenter__"):
                x = await stack.enter_async_context(x)
            stack.push_async_callback(_close.aclose, x)
            if _bodies.note(x, session):
                async for piece in _bodies.async_pieces(x):
                    session.watch.body += piece[:HEAD_LIMIT] if isinstance(piece, bytes) else b""
                session.fault = _faults.refusal(session.watch, "The server")
                return
            async with aclosing(_bodies.read(_bodies.async_pieces(x), session)) as batches:
                async for batch in batches:
                    await put(batch)

    def _explain(self, error: BaseException, watch: Watch) -> NbstreamError:
        if isinstance(error, NbstreamError):
            return error
        if self._url and isinstance(error, import_module("httpx").TransportError | import_module("httpx").DecodingError):
            host = self.title
            return _faults.cut(error, host, watch.received) if watch.status else _faults.connection(error, host)
        if isinstance(error, import_module("httpx").InvalidURL | ValueError) and self._url:
            return ConnectionFailed(f"{error}", hint="Check the address and the headers.")
        return _blame.explain(error, self._x)

    def _secrets(self) -> tuple[str, ...]:
        return (*hidden(self._headers, 4), *hidden(os.environ, 8))


async def _check(response: Any, session: Session) -> None:
    """Note what `response` says of itself.

    Raises:
        ProviderError: it is a refusal.
    """
    if _bodies.note(response, session):
        async for piece in response.aiter_bytes():
            session.watch.body += piece
            if len(session.watch.body) > HEAD_LIMIT:
                break
        raise _faults.refusal(session.watch, response.request.url.host)


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def from_sse(
    x: Any,
    *,
    method: str = "GET",
    json: Any = None,
    headers: Mapping[str, str] | None = None,
    format: str | None = None,  # noqa: A002  # reason: the word that users look for
) -> SSESource:
    """Return a source that reads a stream over HTTP: show it with `display_stream(from_sse(…))`.

    The provider's format is recognised: OpenAI chat, Responses and completions, Anthropic, Gemini (generateContent and
    Interactions), Ollama, Cohere, Bedrock, AI SDK UI messages, nbstream's own events, `{"content": …}`, plain text.

    Args:
        x: an address; a response of httpx, requests or aiohttp, best opened for streaming, or the context manager that opens
            it; an iterable of bytes, texts or decoded events, also async; the bytes; a path.
        method: of the request; POST where `json` is given and nothing else was said.
        json: the body of the request.
        headers: of the request. Their secrets are masked in messages.
        format: the name of the format, where it cannot be told from the events.

    Raises:
        TypeError, ValueError: `x` cannot be read, or there is no such format.

    A stream whose events have ids is resumed with ``Last-Event-ID`` where it breaks (GET only).

    >>> source = from_sse(b'data: {"content": "Hello"}\\n\\ndata: [DONE]\\n\\n')
    """
    if format is not None and format not in (*FORMATS, "text"):
        raise ValueError(f"format is {format!r}; it can be {', '.join(FORMATS)} or text")
    readable = isinstance(x, str | bytes | os.PathLike) or any(hasattr(x, name) for name in _bodies.READABLE)
    if not (_bodies.address(x) or readable):
        raise TypeError(
            f"from_sse cannot read {type(x).__name__}; give an address, a response of httpx, requests or aiohttp, an iterable"
            " of bytes or texts (also async), the bytes, or a path"
        )
    if not _bodies.address(x) and _bodies.is_path(x) and not Path(x).is_file():
        raise ValueError(f"{x[:80]!r} is neither an address (http://…), a stream, nor a file")
    verb = "POST" if json is not None and method == "GET" else method
    return SSESource(x, method=verb, json=json, headers=headers or {}, format=format)
