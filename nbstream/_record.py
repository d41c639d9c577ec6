"""The log of a run's events, each with its time: what readers replay and follow.

Belongs here: keeping them in little, and waking who waits. Does not belong here: the state (`_transcript`), what is sent to a
view (`_outbox`), raw chunks (`_chunk_log`).
"""

from __future__ import annotations

import asyncio
import threading
from array import array
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from nbstream._events import Amend, Append, Close, End, Event, Meta, Note, Open
from nbstream._threads import soon
from nbstream._transcript import Section, Transcript

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


_Piece: TypeAlias = tuple[int, float, int, str, Section, int]
"""An append as it is kept, for nearly all events are appends: number, time, index, text and section, and its length then."""


def _event(kept: StreamEvent | _Piece) -> StreamEvent:
    if isinstance(kept, StreamEvent):
        return kept
    seq, t, at, text, section, length = kept
    return StreamEvent(seq, t, "append", at, section.kind, text, {}, section, length)


class _Block:
    """So many consecutive events in little more than their text takes; 100,000 objects take 30 MB."""

    def __init__(self, kept: Sequence[StreamEvent | _Piece]) -> None:
        self._others = [event for event in kept if isinstance(event, StreamEvent)]
        pieces = [piece for piece in kept if not isinstance(piece, StreamEvent)]
        self._seq = array("q", [seq for seq, *_ in pieces])
        self._t = array("d", [t for _, t, *_ in pieces])
        self._at = array("i", [at for _, _, at, *_ in pieces])
        self._size = array("i", [len(text) for _, _, _, text, *_ in pieces])
        self._length = array("q", [length for *_, length in pieces])
        self._text = "".join([text for _, _, _, text, *_ in pieces])
        self._sections = {at: section for _, _, at, _, section, _ in pieces}

    def events(self) -> list[StreamEvent]:
        """The same events again."""
        begin, events = 0, [*self._others]
        for seq, t, at, size, length in zip(self._seq, self._t, self._at, self._size, self._length, strict=True):
            events.append(_event((seq, t, at, self._text[begin : begin + size], self._sections[at], length)))
            begin += size
        return sorted(events, key=lambda event: event.seq)


class _Events:
    """A list that grows: the latest events as they are, those before in blocks."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._latest: list[StreamEvent | _Piece] = []

    def __len__(self) -> int:
        return len(self._blocks) * BLOCK + len(self._latest)

    def add(self, event: StreamEvent | _Piece) -> None:
        self._latest.append(event)
        if len(self._latest) == 2 * BLOCK:
            self._blocks.append(_Block(self._latest[:BLOCK]))
            del self._latest[:BLOCK]

    def some(self, position: int) -> list[StreamEvent]:
        """Events from `position` on: the rest of its block, or all of the latest."""
        block, begin = divmod(position, BLOCK)
        if block < len(self._blocks):
            return self._blocks[block].events()[begin:]
        return [_event(kept) for kept in self._latest[position - len(self._blocks) * BLOCK :]]


class EventLog:
    """All events of a run in order, for any number of readers at any pace: a slow reader never slows the run."""

    def __init__(self, transcript: Transcript, elapsed: Callable[[], float]) -> None:
        """Subscribe to `transcript`; `elapsed` gives the seconds since the request."""
        self._transcript = transcript
        self._elapsed = elapsed
        self._events = _Events()
        self._lock = threading.Lock()
        self._waiting: list[Callable[[], object]] = []
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

    def some(self, seq: int) -> list[StreamEvent]:
        """Return some of the events after number `seq`, the next ones; none where there are none yet."""
        with self._lock:
            return self._events.some(seq)

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
                if not self._park(position, lambda wake=wake: soon(loop, wake.set)):  # type: ignore[misc]  # reason: binds the loop variable
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

    def _park(self, position: int, callback: Callable[[], object]) -> bool:
        """Return whether there is something beyond `position`; if not, call `callback` once there is."""
        with self._lock:
            if len(self._events) > position or self._ended:
                return True
            self._waiting.append(callback)
            return False

    def _take(self, seq: int, event: Event) -> None:
        kept = self._kept(seq, event)
        with self._lock:
            self._events.add(kept)
            if not self._waiting and type(event) is not End:
                return
            self._ended = type(event) is End
            waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback()

    def _kept(self, seq: int, event: Event) -> StreamEvent | _Piece:
        t = self._elapsed()
        match event:
            case Append(at=at, text=text):
                section = self._transcript.sections[at]
                return seq, t, at, text, section, section.length
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
