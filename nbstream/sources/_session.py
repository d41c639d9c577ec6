"""What a body holds, from its first byte to its end: events of a stream, lines of JSON, a JSON document, or none of these.

Belongs here: telling them apart, the choice of a reader, what is wrong with a body. Does not belong here: framing (`_sse`),
formats (`formats`), where a body comes from (`_from_sse`).

An event that is not JSON is passed over, and named when the stream ends: what comes after it is kept, but the answer never
reads whole.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Any, Final

from nbstream._errors import BadResponse, NbstreamError
from nbstream._events import Delta
from nbstream.sources import _faults
from nbstream.sources._document import Document, value_of
from nbstream.sources._sse import Decoder, ServerSentEvent
from nbstream.sources._watch import Watch
from nbstream.sources.formats import FORMATS, Reader, carry, recognise
from nbstream.sources.formats.own import PLAIN

Batch = list[Delta]

HEAD_LIMIT: Final = 16_384
_HELD_LIMIT: Final = 64
_FIELDS: Final = ("data", "event", "id", "retry", "")
_GZIP: Final = b"\x1f\x8b"


class Session:
    """Reads one body, of several connections if need be.

    Attributes:
        decoder: the framing, which knows the last event's id.
        fault: why reading ended, None while it goes on.
        done: the stream said that it is over (``[DONE]``).
    """

    def __init__(self, format: str | None = None, watch: Watch | None = None) -> None:  # noqa: A002  # reason: the API's word
        self.decoder = Decoder()
        self.watch = watch or Watch()
        self.fault: NbstreamError | None = None
        self.done = False
        self._format = format
        self._reader: Reader | None = FORMATS[format]() if format not in (None, "text") else None
        self._held: list[Mapping[str, Any]] = []
        self._bad = ""
        self._framing = ""  # sse, json
        self._document = Document()
        self._head = ""
        self._bytes = codecs.getincrementaldecoder("utf-8")("replace")
        self._seen: set[str] = set()
        self._spoke = False

    @property
    def finished(self) -> bool:
        """Whether the answer is whole: an end here is no cut."""
        return self.done or (self._reader is not None and self._reader.finished)

    @property
    def over(self) -> bool:
        """Whether there is no more to read."""
        return self.done or self.fault is not None

    def again(self) -> None:
        """Go on with another connection: what has been seen of it is passed over."""
        self.decoder, self._framing, self._head = Decoder(self.decoder.last_id), "", ""
        self._bytes.reset()

    def feed(self, data: Any) -> list[Batch]:
        """Return what `data` completes: bytes, text, or an event that somebody else has framed; `fault` may be set then."""
        if self.over:
            return []
        if isinstance(data, Mapping):
            return self._read(data)
        if isinstance(data, str | bytes | bytearray | memoryview):
            return self._body(data if isinstance(data, str) else bytes(data))
        if isinstance(framed := getattr(data, "data", None), str):
            return self._event(ServerSentEvent(framed, str(getattr(data, "event", "") or "message")))
        self.fault = BadResponse(f"the stream yields {type(data).__name__}, not bytes, text or events")
        return []

    def finish(self) -> list[Batch]:
        """Return what the end of the body completes."""
        if self.over:
            return []
        found: list[Batch] = []
        if self._head.strip():
            found += self._begin(self._head, whole=True)
        if self._framing == "json":
            found += self._values(self._document.feed(self._bytes.decode(b"", True), last=True))
            if self._document.broken and not found and not self._spoke and self.fault is None:
                self._not_a_stream()
        else:
            event = self.decoder.rest()
            found += self._event(event) if event and _is_whole(event.data) else []
        if not self.over:
            self._settle()
        return found

    def closing(self) -> NbstreamError | None:
        """Return what was wrong with a body that has been read to its end."""
        bad = self._bad or self._document.bad
        return _faults.malformed(f"an event that is not JSON: {bad[:120]!r}") if self.fault is None and bad else self.fault

    def _body(self, data: bytes | str) -> list[Batch]:
        self.watch.received += len(data)
        text = data if isinstance(data, str) else self._bytes.decode(data)
        if self._framing:
            return self._events(text) if self._framing == "sse" else self._values(self._document.feed(text))
        if isinstance(data, bytes) and data[:2] == _GZIP:
            self.fault = BadResponse("The body is compressed, and nothing says so.", hint="Decompress it before it gets here.")
            return []
        self._head += text
        return self._begin(self._head) if self._head.lstrip("\ufeff \t\r\n") else []

    def _begin(self, head: str, *, whole: bool = False) -> list[Batch]:
        """Tell from the first line how the body is framed."""
        start = head.lstrip("\ufeff \t\r\n")
        line, line_end, _ = start.replace("\r", "\n").partition("\n")
        if start.startswith(("{", "[")) and not line.startswith("[DONE]"):
            self._framing, self._head = "json", ""
            return self._values(self._document.feed(start))
        if line_end or whole or ":" in line or len(line) > HEAD_LIMIT:
            promised = "event-stream" in self.watch.content_type and not line.startswith("<")
            if promised or line.partition(":")[0] in _FIELDS:
                self._framing, self._head = "sse", ""
                return self._events(head)
            self.watch.body = head.encode()[:HEAD_LIMIT]
            self._not_a_stream()
        return []

    def _not_a_stream(self) -> None:
        if not self.watch.body:
            self.watch.body = self._document.held.encode("utf-8", "replace")[:HEAD_LIMIT]
        self.fault = _faults.not_a_stream(self.watch)

    def _events(self, data: str) -> list[Batch]:
        found: list[Batch] = []
        for event in self.decoder.feed(data):
            found += self._event(event)
            if self.over:
                break
        if (stray := self.decoder.stray) and not self.over:
            self.decoder.stray = ""
            if isinstance(value := value_of(stray), Mapping) and value.get("error"):
                found += self._read(value)
        return found

    def _event(self, event: ServerSentEvent) -> list[Batch]:
        if event.id:
            if event.id in self._seen:
                return []  # a server that began anew
            self._seen.add(event.id)
        if not event.data.strip() and self._format != "text":
            return []
        if event.data.strip() == "[DONE]":
            self.done = True
            plain = self._format in ("own", "text")
            return [[Delta(final=True)]] if plain and self._spoke else []
        if self._format == "text":
            return self._say([Delta("content", event.data)], event.data)
        value = value_of(event.data)
        if value is None:
            return self._notvalue_of(event)
        return self._values([value])

    def _notvalue_of(self, event: ServerSentEvent) -> list[Batch]:
        if event.event == "error":
            self.fault = _faults.reported({"message": event.data})
        elif self._format is None and not self._held and not event.data.lstrip().startswith(("{", "[", "<")):
            self._format = "text"
            return self._say([Delta("content", event.data)], event.data)
        else:
            self._bad = self._bad or event.data
        return []

    def _values(self, values: list[Any]) -> list[Batch]:
        found: list[Batch] = []
        for value in values:
            for part in value if isinstance(value, list) else (value,):
                if isinstance(part, Mapping) and not self.over:
                    found += self._read(part)
                elif isinstance(part, str) and self._format in (None, "own"):
                    found += self._read({PLAIN[0]: part})
        return found

    def _read(self, value: Mapping[str, Any]) -> list[Batch]:
        """Read one JSON event, by the format that it or an earlier one tells."""
        if self._reader is None:
            name = recognise(value)
            if name is None:
                self._held.append(value)
                if value.get("error") or value.get("type") == "error" or len(self._held) > _HELD_LIMIT:
                    self._settle()
                return []
            self._format, self._reader = name, FORMATS[name]()
        found: list[Batch] = []
        held, self._held = [*self._held, value], []
        for event in held:
            try:
                found += self._say(self._reader.feed(event), event)
            except NbstreamError as error:
                self.fault = error
                break
        return found

    def _say(self, deltas: list[Delta], raw: Any) -> list[Batch]:
        self._spoke = self._spoke or bool(deltas)
        named = [d for d in deltas if d.note and "served_model" in d.note]
        notes = [Delta(note={"model": str(d.note["served_model"])}) for d in named if d.note]
        return [[*carry(deltas, raw), *notes]]

    def _settle(self) -> None:
        """Say what is wrong with a body whose events nobody knows."""
        for value in self._held:
            if error := value.get("error") or (value if value.get("type") == "error" else None) or value.get("detail"):
                self.fault = _faults.reported(error if isinstance(error, Mapping) else {"message": str(error)})
                return
        if self._held:
            names = ", ".join(repr(str(name)) for name in list(self._held[0])[:6])
            self.fault = BadResponse(
                f"The events are in no format that nbstream knows; the first has {names or 'no fields'}.",
                hint=f"Say format=… where you know it: {', '.join(FORMATS)}, text.",
            )


def _is_whole(data: str) -> bool:
    return data == "[DONE]" or value_of(data) is not None
