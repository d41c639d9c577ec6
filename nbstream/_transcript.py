"""The transcript: the gate that every event passes, and the state that the events so far add up to.

Belongs here: the fold, the rules that need earlier events (`ended`, `no-section`, `closed-section`), numbering, snapshots, and
telling subscribers. Does not belong here: the digest (`_digest`), time, threads, transport, who reads it.

An event is validated, folded, numbered and forwarded, in this order: a subscriber that reads the state sees the event in it,
and an illegal event is never seen by anybody. It is mutable with list buffers that are joined when read; an immutable fold
costs two orders of magnitude more at a million characters.

One thread applies events; any thread may read. `lock` makes a snapshot taken on another thread one moment of the transcript,
so that its `seq` and its text belong together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, Final, TypeAlias

from nbstream._codec import check_meta, decode_end, encode, well_formed
from nbstream._digest import Digest
from nbstream._errors import ProtocolError
from nbstream._events import VERSION, Amend, Append, Close, End, Event, Meta, MetaValue, Note, Open, Wire

Subscriber: TypeAlias = Callable[[int, Event], None]
PARTS: Final = 512
"""So many appends are joined to one: a reader joins few, and a long answer is not kept in tiny strings."""


class Section:
    """One section of a transcript; `text` is joined when read.

    Attributes:
        kind: thinking, content, tool, result, source, file, object, error, or a word this version does not know.
        meta: what is known of it beside its text: a tool's `name`, `id` and `state`, `duration_us`, `choice`.
        closed: whether its text is final.
        length: of the text, in characters.
    """

    __slots__ = ("_joined", "_loose", "_parts", "closed", "kind", "length", "meta")

    def __init__(self, kind: str, meta: Meta | None = None) -> None:
        self.kind = kind
        self.meta: dict[str, MetaValue] = dict(meta or {})
        self.closed = False
        self.length = 0
        self._parts: list[str] = []
        self._loose = 0
        self._joined = ""

    @property
    def text(self) -> str:
        """The text so far, exactly as it was appended."""
        # Readers on several threads may come here at once: each replaces what was joined, none touches the parts, or one could
        # put back a list that lacks what another has seen. Text only grows, so that equal length means equal text.
        text = self._joined
        if len(text) != self.length:
            text = self._joined = "".join(self._parts)
        return text

    def prefix(self, length: int) -> str:
        """The first `length` characters of the text."""
        return self.text[:length]

    def since(self, length: int) -> str:
        """What follows the first `length` characters, at the price of that alone; for the thread that applies events."""
        missing = self.length - length
        parts: list[str] = []
        for part in reversed(self._parts):
            if missing <= 0:
                break
            parts.append(part)
            missing -= len(part)
        return "".join(reversed(parts))[-missing if missing < 0 else 0 :]

    def _grow(self, text: str) -> None:
        self._parts.append(text)
        self.length += len(text)
        self._loose += 1
        if self._loose == PARTS:  # one step for a reader, so that it sees all of these parts or their sum
            self._parts[-PARTS:] = ["".join(self._parts[-PARTS:])]
            self._loose = 0

    def __repr__(self) -> str:
        return f"Section(kind={self.kind!r}, text={self.text!r}, meta={self.meta!r}, closed={self.closed})"


class Transcript:
    """The gate and the state of one run.

    Attributes:
        seq: the number of the last event that was taken; 0 before the first.
        sections: the sections in stream order.
        meta: what is known of the stream: model, prompt, usage, figures.
        end: the `End` event, None while the run goes on.
    """

    def __init__(self, lock: AbstractContextManager[Any] | None = None) -> None:
        self.seq = 0
        self.sections: list[Section] = []
        self.meta: dict[str, MetaValue] = {}
        self.end: End | None = None
        self._lock: AbstractContextManager[Any] = nullcontext() if lock is None else lock
        self._digest = Digest()
        self._subscribers: list[Subscriber] = []

    @property
    def content(self) -> str:
        """The answer so far: the exact concatenation of the content sections of choice 0."""
        return self.joined("content")

    @property
    def thinking(self) -> str:
        """The reasoning so far: the exact concatenation of the thinking sections of choice 0."""
        return self.joined("thinking")

    def joined(self, kind: str, choice: int = 0) -> str:
        """The concatenation of the text of all sections of `kind` that belong to `choice`."""
        return "".join(s.text for s in tuple(self.sections) if s.kind == kind and s.meta.get("choice", 0) == choice)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber(seq, event)` for every event from now on; return a function that ends this."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber) if subscriber in self._subscribers else None

    def apply(self, event: Event) -> int:
        """Take one event and return its number.

        Raises:
            ProtocolError: the event is illegal here; nothing has changed and nobody was told.
            Exception: what a subscriber raised, the first one; the event is in the state and all have been told.
        """
        with self._lock:
            self._check(event)
            if type(event) is End:
                # The end says what it ends, so that a reader can compare it with its own fold.
                event = replace(event, sections=len(self.sections), digest=self._digest.total(self.sections))
            self._fold(event)
            self.seq += 1
            seq = self.seq
        failed: Exception | None = None
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(seq, event)
            except Exception as raised:  # noqa: BLE001  # reason: raised below, when the others have been told
                failed = failed or raised
        if failed is not None:
            raise failed
        return seq

    def snapshot(self) -> Wire:
        """Return the whole state in wire form. L4: it and the events after its `seq` say the same as all events."""
        with self._lock:
            state: Wire = {
                "v": VERSION,
                "seq": self.seq,
                "sections": [{"kind": s.kind, "text": s.text, "meta": dict(s.meta), "closed": s.closed} for s in self.sections],
                "meta": dict(self.meta),
            }
            if self.end is not None:
                state["end"] = {k: v for k, v in encode(self.end).items() if k != "op"}
            return state

    @classmethod
    def from_snapshot(cls, state: Mapping[str, Any]) -> Transcript:
        """Return a transcript in the state that `snapshot()` gave."""
        transcript = cls()
        transcript.seq = state["seq"]
        transcript.meta = dict(state["meta"])
        for item in state["sections"]:
            section = Section(item["kind"], item["meta"])
            section._grow(item["text"])
            section.closed = item["closed"]
            transcript.sections.append(section)
        if "end" in state:
            transcript.end = decode_end(state["end"])
        return transcript

    def _check(self, event: Event) -> None:
        kind = type(event)
        if kind is Append:
            well_formed(event.text)  # type: ignore[union-attr]  # reason: `kind` narrows it, at half the cost of isinstance
        elif kind is not Close:
            _check_fields(event)
        if self.end is not None:
            raise ProtocolError("the run has ended", code="ended")
        if kind is Open or kind is Note or kind is End:
            return
        at: int = event.at  # type: ignore[union-attr]  # reason: the other three verbs have `at`
        if not 0 <= at < len(self.sections):
            raise ProtocolError(f"there is no section {at}", code="no-section")
        if kind is not Amend and self.sections[at].closed:
            raise ProtocolError(f"section {at} is closed", code="closed-section")

    def _fold(self, event: Event) -> None:
        match event:
            case Append():
                self.sections[event.at]._grow(event.text)
                self._digest.append(self.sections, event.at, event.text)
            case Open():
                self.sections.append(Section(event.kind, event.meta))
            case Amend():
                self.sections[event.at].meta.update(event.meta)
            case Close():
                self.sections[event.at].closed = True
                self._digest.close(self.sections)
            case Note():
                self.meta.update(event.meta)
            case End():
                for section in self.sections:
                    section.closed = True
                self.end = event


def _check_fields(event: Open | Amend | Note | End | Append | Close) -> None:
    match event:
        case Open(kind=kind, meta=meta):
            well_formed(kind)
            check_meta(meta or {})
        case Amend(meta=meta) | Note(meta=meta):
            check_meta(meta)
        case End():
            decode_end(encode(event))
        case _:
            pass
