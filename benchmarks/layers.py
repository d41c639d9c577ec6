"""CPU per chunk of each of nbstream's layers, beside what client libraries take for the same bytes.

Belongs here: the measuring of layers. Does not belong here: pages and kernels (see `stage`).

The bytes are recorded from the provider that the tests use, over a real socket, and then played from memory, one event a read,
to every library and layer alike: sockets, servers and the load of the machine do not enter. Time is that of the thread's CPU.
Of several rounds the least is taken, because whatever else the machine does can only add.

A layer is measured alone, on what the layer before it made. The outbox's cadence is that of 100 chunks a second, by a clock
that is set by hand: a frame for every third or fourth chunk.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
from jupyter_client.session import Session

from benchmarks import corpus
from nbstream._events import Append, Delta, Event, Wire
from nbstream._outbox import PACE, Outbox
from nbstream._record import ChunkLog, EventLog
from nbstream._run import Run
from nbstream._sections import Sectioner
from nbstream._transcript import Transcript
from nbstream.sources._call import Call
from nbstream.sources._transport import _Body
from nbstream.sources._watch import Watch
from nbstream.testing import ManualClock
from provider import Answer, FakeProvider

RATE: Final = 100
"""Chunks a second, for the outbox's cadence."""
ROUNDS: Final = 7
MODEL: Final = "recorded"
_STREAM: Final = {"content-type": "text/event-stream"}


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        name: of the library or layer.
        us: microseconds of CPU per chunk.
        ours: whether it counts to nbstream's layers from source to outbox.
    """

    name: str
    us: float
    ours: bool = False


@dataclass(frozen=True)
class Layers:
    """What was measured.

    Attributes:
        chunks: how many were played in each round.
        libraries: the client libraries; the first is the reading of bytes alone.
        layers: each of ours alone.
        whole: ours in one piece, from the first byte to the outbox, litellm itself left out.
        sdk: what the OpenAI SDK takes beyond httpx.
    """

    chunks: int
    libraries: list[Row]
    layers: list[Row]
    whole: float
    sdk: float

    @property
    def share(self) -> float:
        """Ours as a share of the SDK's own."""
        return self.whole / self.sdk


def measure(chunks: int = 2000, rounds: int = ROUNDS) -> Layers:
    """Measure every layer and library with `chunks` chunks, `rounds` times."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    return asyncio.run(_Bench(_record(chunks), rounds).run())


def _record(chunks: int) -> list[bytes]:
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


class _Recorded(httpx.AsyncBaseTransport):
    """Answers every request with the recorded body."""

    def __init__(self, events: Sequence[bytes]) -> None:
        self._events = events

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=_STREAM, stream=_Memory(self._events), request=request)


class _Played(Call):
    """A call whose chunks litellm made before."""

    def __init__(self, chunks: Sequence[Any]) -> None:
        super().__init__(f"openai/{MODEL}", [], {})
        self._played = chunks

    async def _request(self) -> Any:
        return _each(self._played)


class _Source:
    """Ours without litellm: the bytes through the transport, then the chunks that litellm made of them."""

    title = MODEL
    repeatable = False

    def __init__(self, bench: _Bench) -> None:
        self._bench = bench

    async def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
        yield [Delta("phase", "waiting")]
        call = _Played(self._bench.chunks)
        clean = aiter(self._bench.clean(call.watch))
        async for batch in call.batches():
            await anext(clean, b"")
            yield batch


async def _each(chunks: Sequence[Any]) -> AsyncIterator[Any]:
    for chunk in chunks:
        yield chunk


class _Bench:
    def __init__(self, events: list[bytes], rounds: int) -> None:
        self._events = events
        self._rounds = rounds
        self.chunks: list[Any] = []
        self._clients: list[httpx.AsyncClient] = []

    async def run(self) -> Layers:
        try:
            libraries = await self._libraries()
            layers = await self._layers()
            whole = await self._least(self._whole)
        finally:
            for client in self._clients:
                await client.aclose()
        bare, sdk = libraries[0].us, libraries[2].us
        return Layers(len(self._events), libraries, layers, whole - bare, sdk - bare)

    async def clean(self, watch: Watch) -> AsyncIterator[bytes]:
        """The recorded body as it comes out of our transport."""
        outer = httpx.Response(200, headers=_STREAM, stream=_Body(self._response(), watch))
        async for data in outer.aiter_bytes():
            yield data

    def _response(self) -> httpx.Response:
        request = httpx.Request("POST", "http://127.0.0.1/")
        return httpx.Response(200, headers=_STREAM, stream=_Memory(self._events), request=request)

    def _client(self) -> httpx.AsyncClient:
        client = httpx.AsyncClient(transport=_Recorded(self._events))
        self._clients.append(client)
        return client

    async def _least(self, work: Callable[[], Awaitable[object]]) -> float:
        """Microseconds of CPU per chunk in the best round."""
        await work()  # imports, caches
        taken = []
        for _ in range(self._rounds):
            gc.collect()
            begun = time.thread_time()
            await work()
            taken.append(time.thread_time() - begun)
        return min(taken) * 1e6 / len(self._events)

    # -- libraries ----------------------------------------------------------------------------------------------------------

    async def _libraries(self) -> list[Row]:
        import litellm
        import openai

        sdk = openai.AsyncOpenAI(api_key="none", base_url="http://127.0.0.1/v1", http_client=self._client(), max_retries=0)
        asked: dict[str, Any] = {"messages": [{"role": "user", "content": "?"}], "stream": True}
        asked["stream_options"] = {"include_usage": True}

        async def bare() -> None:
            async for _ in self._response().aiter_bytes():
                pass

        async def plain() -> None:
            async for line in self._response().aiter_lines():
                if line.startswith("data: {"):
                    json.loads(line[6:])

        async def official() -> None:
            async for _ in await sdk.chat.completions.create(model=MODEL, **asked):
                pass

        async def routed() -> None:
            stream: Any = await litellm.acompletion(model=f"openai/{MODEL}", client=sdk, **asked)
            self.chunks = [chunk async for chunk in stream]

        return [
            Row("httpx, bytes alone", await self._least(bare)),
            Row("httpx and json", await self._least(plain)),
            Row("OpenAI SDK", await self._least(official)),
            Row("litellm", await self._least(routed)),
        ]

    # -- ours ---------------------------------------------------------------------------------------------------------------

    async def _layers(self) -> list[Row]:
        batches = [batch async for batch in _Played(self.chunks).batches()]
        sectioner = Sectioner()
        events = [event for batch in batches for delta in batch for event in sectioner.feed(delta)]
        clock = ManualClock()
        frames = self._frames(events, clock)

        async def bare() -> None:
            async for _ in self._response().aiter_bytes():
                pass

        async def transport() -> None:
            async for _ in self.clean(Watch()):
                pass

        async def source() -> None:
            async for _ in _Played(self.chunks).batches():
                pass

        async def sections() -> None:
            fresh = Sectioner()
            for batch in batches:
                for delta in batch:
                    fresh.feed(delta)

        async def transcript() -> None:
            fresh = Transcript()
            for event in events:
                fresh.apply(event)

        async def records() -> None:
            fresh, log = Transcript(), ChunkLog()
            EventLog(fresh, time.monotonic)
            for event in events:
                fresh.apply(event)
            for batch in batches:
                log.add(0.0, batch)

        async def outbox() -> None:
            self._frames(events, ManualClock())

        session = Session(key=b"benchmark")

        async def send() -> None:
            for content in frames:
                session.serialize(session.msg("comm_msg", {"comm_id": MODEL, "data": {"method": "custom", "content": content}}))

        bytes_alone, fold = await self._least(bare), await self._least(transcript)
        return [
            Row("transport: bytes cleaned, events watched", await self._least(transport) - bytes_alone, ours=True),
            Row("source: litellm's chunk to deltas", await self._least(source), ours=True),
            Row("sectioner", await self._least(sections), ours=True),
            Row("transcript", fold, ours=True),
            Row("records: event log, chunk log", await self._least(records) - fold, ours=True),
            Row(f"coalescer and outbox, {len(frames) * RATE / len(events):.0f} frames/s", await self._least(outbox), ours=True),
            Row("the frame's message packed and signed (jupyter_client)", await self._least(send)),
        ]

    @staticmethod
    def _frames(events: Sequence[Event], clock: ManualClock) -> list[Wire]:
        frames: list[Wire] = []
        outbox = Outbox(MODEL, frames.append, dict, clock)
        outbox.resume(0)
        outbox.set_pace(PACE)
        for seq, event in enumerate(events, start=1):
            outbox.push(seq, event)
            if type(event) is Append:
                clock.advance(1 / RATE)
        clock.advance(1)
        return frames

    async def _whole(self) -> None:
        run, clock = Run(_Source(self)), ManualClock()
        outbox = Outbox(run.id, lambda _: None, run.transcript.snapshot, clock)
        outbox.resume(0)
        outbox.set_pace(PACE)

        def take(seq: int, event: Event) -> None:
            outbox.push(seq, event)
            if type(event) is Append:
                clock.advance(1 / RATE)

        run.transcript.subscribe(take)
        ended = asyncio.Event()
        run.when_ended(ended.set)
        run.start(asyncio.get_running_loop())
        await ended.wait()
        if run.status != "done":
            raise RuntimeError(f"the run ended as {run.status}: {run.error}")
