"""A recorded answer, played from memory to libraries and layers alike.

Belongs here: recording from the tests' provider, and playing as a transport of httpx and as a call of litellm's. Does not
belong here: measuring (`layers`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any, Final

import httpx

from benchmarks import corpus
from nbstream._events import Delta
from nbstream.sources._call import Call
from nbstream.sources._transport import _Body
from nbstream.sources._watch import Watch
from provider import Answer, FakeProvider

MODEL: Final = "recorded"
_STREAM: Final = {"content-type": "text/event-stream"}


def record(chunks: int) -> list[bytes]:
    """The events of one answer, as the tests' provider sends them."""
    tokens, _ = corpus.make(chunks)
    with FakeProvider() as provider:
        provider.script(MODEL, Answer.of(tokens))
        body = {"model": MODEL, "messages": [{"role": "user", "content": "?"}], "stream": True}
        answer = httpx.post(f"{provider.base('openai')}/chat/completions", json=body, timeout=60)
    return [event + b"\n\n" for event in answer.content.split(b"\n\n") if event]


class _Memory(httpx.AsyncByteStream):
    def __init__(self, events: Sequence[bytes]) -> None:
        self._events = events

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for event in self._events:
            yield event


class Recorded(httpx.AsyncBaseTransport):
    """Answers every request with the recorded body."""

    def __init__(self, events: Sequence[bytes]) -> None:
        self._events = events

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=_STREAM, stream=_Memory(self._events), request=request)


class Played(Call):
    """A call whose chunks litellm made before."""

    def __init__(self, chunks: Sequence[Any]) -> None:
        super().__init__(f"openai/{MODEL}", [], {})
        self._played = chunks

    async def _request(self) -> Any:
        return _each(self._played)


async def _each(chunks: Sequence[Any]) -> AsyncIterator[Any]:
    for chunk in chunks:
        yield chunk


def response(events: Sequence[bytes]) -> httpx.Response:
    """The recorded answer as httpx gives it."""
    request = httpx.Request("POST", "http://127.0.0.1/")
    return httpx.Response(200, headers=_STREAM, stream=_Memory(events), request=request)


async def clean(events: Sequence[bytes], watch: Watch) -> AsyncIterator[bytes]:
    """Its bytes as they come out of our transport."""
    outer = httpx.Response(200, headers=_STREAM, stream=_Body(response(events), watch))
    async for data in outer.aiter_bytes():
        yield data


class Ours:
    """A source: ours without litellm, the bytes through the transport, then the chunks that litellm made of them before."""

    title = MODEL
    repeatable = False

    def __init__(self, events: Sequence[bytes], chunks: Sequence[Any]) -> None:
        self._events = events
        self._chunks = chunks

    async def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
        """One batch for each chunk, whose event has just come through the transport."""
        yield [Delta("phase", "waiting")]
        call = Played(self._chunks)
        events = aiter(clean(self._events, call.watch))
        async for batch in call.batches():
            await anext(events, b"")
            yield batch
