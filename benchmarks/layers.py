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
import math
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import httpx
from jupyter_client.session import Session

from benchmarks.recorded import MODEL, Ours, Played, Recorded, clean, record, response
from nbstream._chunk_log import ChunkLog
from nbstream._events import Append, Delta, Event, Wire
from nbstream._outbox import PACE, Outbox
from nbstream._record import EventLog
from nbstream._run import Run
from nbstream._sections import Sectioner
from nbstream._transcript import Transcript
from nbstream.sources._watch import Watch
from nbstream.testing import ManualClock

RATE: Final = 100
"""Chunks a second, for the outbox's cadence."""
ROUNDS: Final = 7
BARE: Final = "httpx, bytes alone"
SDK: Final = "OpenAI SDK"
TRANSPORT: Final = "transport: bytes cleaned, events watched"
TRANSCRIPT: Final = "transcript"
RECORDS: Final = "records: event log, chunk log"
SENT: Final = "the frame's message packed and signed (jupyter_client)"
WHOLE: Final = "whole"
Work: TypeAlias = Callable[[], Awaitable[None]]


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
    return asyncio.run(_Bench(record(chunks), rounds).run())


class _Bench:
    def __init__(self, events: list[bytes], rounds: int) -> None:
        self.events = events
        self._rounds = rounds
        self.chunks: list[Any] = []
        self._clients: list[httpx.AsyncClient] = []

    async def run(self) -> Layers:
        try:
            libraries = await self._libraries()
            layers = self._layers([batch async for batch in Played(self.chunks).batches()])
            least = await self._least({**libraries, **layers, WHOLE: self._whole})
        finally:
            for client in self._clients:
                await client.aclose()
        bare = least[BARE]
        # What a layer's measurement holds beside the layer.
        least[TRANSPORT] -= bare
        least[RECORDS] -= least[TRANSCRIPT]
        return Layers(
            len(self.events),
            [Row(name, least[name]) for name in libraries],
            [Row(name, least[name], ours=name != SENT) for name in layers],
            least[WHOLE] - bare,
            least[SDK] - bare,
        )

    def _client(self) -> httpx.AsyncClient:
        client = httpx.AsyncClient(transport=Recorded(self.events))
        self._clients.append(client)
        return client

    async def _least(self, works: Mapping[str, Work]) -> dict[str, float]:
        """Microseconds of CPU per chunk of each of `works` in its best round; they take turns, so that a load meets all."""
        least = dict.fromkeys(works, math.inf)
        for number in range(self._rounds + 1):
            for name, work in works.items():
                gc.collect()
                begun = time.thread_time()
                await work()
                if number:  # the first is for imports and caches
                    least[name] = min(least[name], (time.thread_time() - begun) * 1e6 / len(self.events))
        return least

    async def _libraries(self) -> dict[str, Work]:
        import litellm
        import openai

        sdk = openai.AsyncOpenAI(api_key="none", base_url="http://127.0.0.1/v1", http_client=self._client(), max_retries=0)
        asked: dict[str, Any] = {"messages": [{"role": "user", "content": "?"}], "stream": True}
        asked["stream_options"] = {"include_usage": True}

        async def bare() -> None:
            async for _ in response(self.events).aiter_bytes():
                pass

        async def plain() -> None:
            async for line in response(self.events).aiter_lines():
                if line.startswith("data: {"):
                    json.loads(line[6:])

        async def official() -> None:
            async for _ in await sdk.chat.completions.create(model=MODEL, **asked):
                pass

        async def routed() -> None:
            stream: Any = await litellm.acompletion(model=f"openai/{MODEL}", client=sdk, **asked)
            self.chunks = [chunk async for chunk in stream]

        await routed()
        return {BARE: bare, "httpx and json": plain, SDK: official, "litellm": routed}

    def _layers(self, batches: list[list[Delta]]) -> dict[str, Work]:
        sectioner = Sectioner()
        events = [event for batch in batches for delta in batch for event in sectioner.feed(delta)]
        frames = self._frames(events)
        session = Session(key=b"benchmark")

        async def transport() -> None:
            async for _ in clean(self.events, Watch()):
                pass

        async def source() -> None:
            async for _ in Played(self.chunks).batches():
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
            self._frames(events)

        async def send() -> None:
            for content in frames:
                session.serialize(session.msg("comm_msg", {"comm_id": MODEL, "data": {"method": "custom", "content": content}}))

        return {
            TRANSPORT: transport,
            "source: litellm's chunk to deltas": source,
            "sectioner": sections,
            TRANSCRIPT: transcript,
            RECORDS: records,
            f"coalescer and outbox, {len(frames) * RATE / len(events):.0f} frames/s": outbox,
            SENT: send,
        }

    @staticmethod
    def _frames(events: Sequence[Event]) -> list[Wire]:
        frames: list[Wire] = []
        clock = ManualClock()
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
        run, clock = Run(Ours(self.events, self.chunks)), ManualClock()
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
