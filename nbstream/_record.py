"""What is remembered of a run beside its transcript: every event with its time, and a capped log of raw chunks.

Belongs here: the event log that readers replay and follow, chunk records. Does not belong here: the state (`_transcript`), what
is sent to a view (`_outbox`).
"""

from __future__ import annotations

import asyncio
import threading
from array import array
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from nbstream._chunk_fields import fields_of
from nbstream._events import Amend, Append, Close, Delta, End, Event, Meta, Note, Open
from nbstream._transcript import Section, Transcript

CHUNK_LIMIT: Final = 2_000
"""How many of the latest raw chunks are kept; those with a finish reason or usage are kept besides."""


BLOCK: Final = 512
"""So many events are packed together."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event of a run, as readers and callbacks get it.

    Attributes:
        seq: its number, from 1.
        t: seconds since the request was handed to the client; 0.0 before that.
        type: the verb: open, append, amend, close, note or end.
        at: the index of its section, None for note and end.
        kind: the kind of that section.
        delta: the text that an append added, else "".
        meta: what an open, amend, note or end said.
    """

    seq: int
    t: float
    type: str
    at: int | None = None
    kind: str | None = None
    delta: str = ""
    meta: Meta = field(default_factory=dict)
    _section: Section | None = field(default=None, repr=False, compare=False)
    _length: int = field(default=0, repr=False, compare=False)

    @property
    def snapshot(self) -> str:
        """The text of the section up to and with this event; cut out when read."""
        return "" if self._section is None else self._section.prefix(self._length)

    @property
    def is_answer(self) -> bool:
        """Whether it brought text of the answer, of choice 0 where there are several."""
        return self.type == "append" and self.kind == "content" and not (self._section and self._section.meta.get("choice"))


class _Block:
    """So many consecutive events in little more than their text takes; 100,000 objects take 30 MB."""

    def __init__(self, events: Sequence[StreamEvent]) -> None:
        self._seq = events[0].seq
        self._t = array("d", [event.t for event in events])
        self._at = array("i", [-1 if event.at is None else event.at for event in events])
        self._size = array("i", [len(event.delta) for event in events])
        self._length = array("q", [event._length for event in events])
        self._text = "".join([event.delta for event in events])
        self._sections = {event.at: (event.kind, event._section) for event in events if event.type == "append"}
        self._others = {number: event for number, event in enumerate(events) if event.type != "append"}

    def events(self) -> list[StreamEvent]:
        """The same events again."""
        begin, events = 0, list[StreamEvent]()
        for number, size in enumerate(self._size):
            event = self._others.get(number)
            if event is None:
                at, length, delta = self._at[number], self._length[number], self._text[begin : begin + size]
                kind, section = self._sections[at]
                event = StreamEvent(self._seq + number, self._t[number], "append", at, kind, delta, {}, section, length)
            events.append(event)
            begin += size
        return events


class _Events:
    """A list that grows: the latest events as they are, those before in blocks."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._latest: list[StreamEvent] = []

    def __len__(self) -> int:
        return len(self._blocks) * BLOCK + len(self._latest)

    def add(self, event: StreamEvent) -> None:
        self._latest.append(event)
        if len(self._latest) == 2 * BLOCK:
            self._blocks.append(_Block(self._latest[:BLOCK]))
            del self._latest[:BLOCK]

    def some(self, position: int) -> list[StreamEvent]:
        """Events from `position` on: the rest of its block, or all of the latest."""
        block, begin = divmod(position, BLOCK)
        if block < len(self._blocks):
            return self._blocks[block].events()[begin:]
        return self._latest[position - len(self._blocks) * BLOCK :]


class EventLog:
    """All events of a run in order, for any number of readers at any pace: a slow reader never slows the run."""

    def __init__(self, transcript: Transcript, elapsed: Callable[[], float]) -> None:
        """Subscribe to `transcript`; `elapsed` gives the seconds since the request."""
        self._transcript = transcript
        self._elapsed = elapsed
        self._events = _Events()
        self._lock = threading.Lock()
        self._waiting: list[Callable[[], None]] = []
        self._ended = False
        transcript.subscribe(self._take)

    def __len__(self) -> int:
        return len(self._events)

    def since(self, seq: int) -> list[StreamEvent]:
        """Return the events after number `seq`."""
        events = list[StreamEvent]()
        with self._lock:
            while seq + len(events) < len(self._events):
                events += self._events.some(seq + len(events))
        return events

    def follow(self, on_interrupt: Callable[[], None]) -> Iterator[StreamEvent]:
        """Yield every event from the first, then follow until the end; `on_interrupt` is called on Ctrl-C in here."""
        position = 0
        try:
            while True:
                wake = threading.Event()
                if not self._park(position, wake.set):
                    wake.wait()
                events, ended = self._from(position)
                yield from events
                position += len(events)
                if ended:
                    return
        except KeyboardInterrupt:
            on_interrupt()
            raise

    async def afollow(self, on_interrupt: Callable[[], None]) -> AsyncGenerator[StreamEvent, None]:
        """The same for `async for`, on any event loop; `on_interrupt` is called when the wait is cancelled."""
        loop = asyncio.get_running_loop()
        position = 0
        try:
            while True:
                wake = asyncio.Event()
                if not self._park(position, lambda wake=wake: _wake(loop, wake)):  # type: ignore[misc]  # reason: binds the loop variable
                    await wake.wait()
                events, ended = self._from(position)
                position += len(events)
                for event in events:
                    yield event
                if ended:
                    return
        except asyncio.CancelledError:
            on_interrupt()
            raise

    def _from(self, position: int) -> tuple[list[StreamEvent], bool]:
        """Return some events from `position` on, and whether the last one of the run is among them."""
        with self._lock:
            events = self._events.some(position)
            return events, self._ended and position + len(events) == len(self._events)

    def _park(self, position: int, callback: Callable[[], None]) -> bool:
        """Return whether there is something beyond `position`; if not, call `callback` once there is."""
        with self._lock:
            if len(self._events) > position or self._ended:
                return True
            self._waiting.append(callback)
            return False

    def _take(self, seq: int, event: Event) -> None:
        record = self._record(seq, event)
        with self._lock:
            self._events.add(record)
            self._ended = type(event) is End
            waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback()

    def _record(self, seq: int, event: Event) -> StreamEvent:
        t = self._elapsed()
        match event:
            case Append(at=at, text=text):
                section = self._transcript.sections[at]
                return StreamEvent(seq, t, "append", at, section.kind, text, {}, section, section.length)
            case Open(kind=kind, meta=meta):
                return StreamEvent(seq, t, "open", len(self._transcript.sections) - 1, kind, "", meta or {})
            case Amend(at=at, meta=meta):
                section = self._transcript.sections[at]
                return StreamEvent(seq, t, "amend", at, section.kind, "", meta, section, section.length)
            case Close(at=at):
                section = self._transcript.sections[at]
                return StreamEvent(seq, t, "close", at, section.kind, "", {}, section, section.length)
            case Note(meta=meta):
                return StreamEvent(seq, t, "note", meta=meta)
            case End(status=status, reason=reason, error=error):
                said = {"status": status, **({"reason": reason} if reason else {}), **(error or {})}
                return StreamEvent(seq, t, "end", meta=said)


def _wake(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(event.set)


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of the provider's stream.

    Attributes:
        t: seconds since the request was handed to the client.
        kinds: the section kinds that its text went to, in order.
        length: of its text, in characters.
        raw: the provider's own object, None where the source has none.
    """

    t: float
    kinds: tuple[str, ...]
    length: int
    raw: Any = field(default=None, repr=False)

    @property
    def id(self) -> str | None:
        """The response's id."""
        return fields_of(self.raw).id

    @property
    def model(self) -> str | None:
        """The model that answers, in the provider's words."""
        return fields_of(self.raw).model

    @property
    def created(self) -> int | None:
        """When the response was made, in seconds since 1970."""
        return fields_of(self.raw).created

    @property
    def index(self) -> int | None:
        """The index of the choice, or of the content block."""
        return fields_of(self.raw).index

    @property
    def delta(self) -> Any:
        """What is new in it, as plain Python objects."""
        return fields_of(self.raw).delta

    @property
    def finish_reason(self) -> str | None:
        """Why the answer ends, in the provider's words."""
        return fields_of(self.raw).finish_reason

    @property
    def usage(self) -> Mapping[str, Any] | None:
        """The token counts, as the provider names them."""
        return fields_of(self.raw).usage


class ChunkLog:
    """The last `CHUNK_LIMIT` chunks and every one that carried a finish reason or usage.

    Attributes:
        count: how many chunks have come, kept or not.
    """

    def __init__(self) -> None:
        self.count = 0
        # A chunk is made of them when it is asked for: mostly nobody asks.
        self._latest: deque[tuple[int, float, Sequence[Delta]]] = deque(maxlen=CHUNK_LIMIT)
        self._final: list[tuple[int, float, Sequence[Delta]]] = []

    def add(self, t: float, deltas: Sequence[Delta]) -> None:
        """Record one batch of deltas, which one chunk gave and nobody changes."""
        tells = final = False
        for delta in deltas:
            tells = tells or delta.raw is not None or (delta.text != "" and delta.kind != "phase")
            final = final or delta.finish_reason is not None or delta.usage is not None
        if not tells:
            return
        if final:
            self._final.append((self.count, t, deltas))
        self._latest.append((self.count, t, deltas))
        self.count += 1

    def kept(self) -> list[Chunk]:
        """The kept chunks in order of arrival."""
        return [chunk for _, chunk in self.numbered()]

    def numbered(self, first: int = 0) -> list[tuple[int, Chunk]]:
        """The kept chunks from number `first` on, in order, each with its number from 0."""
        found = {number: (t, deltas) for number, t, deltas in (*self._final, *self._latest) if number >= first}
        return [(number, _chunk(*found[number])) for number in sorted(found)]


def _chunk(t: float, deltas: Sequence[Delta]) -> Chunk:
    texts = [d for d in deltas if d.text and d.kind != "phase"]
    raw = next((d.raw for d in deltas if d.raw is not None), None)
    return Chunk(t, tuple(d.kind for d in texts), sum(len(d.text) for d in texts), raw)
