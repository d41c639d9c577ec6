"""A provider's stream as bytes: cleaned line by line, so that every client library reads the same text from it.

Belongs here: event-stream and NDJSON framing, and the repairs of what libraries trip over. Does not belong here: what an event
means (`_watch`), connections (`_transport`).

What goes in is what the server sent, cut anywhere. What comes out is one line per event, each passed on as soon as its line is
complete:

- comments, `id` and `retry` fields, a byte order mark and events without data are dropped;
- `data` lines of one event are joined; an event whose data is whole does not wait for its blank line;
- U+2028, U+2029 and U+0085, legal in JSON strings but line ends to `str.splitlines`, become JSON escapes;
- so does the bracket of a ``[DONE]`` within a text, at which litellm would end the stream;
- a byte that is not UTF-8 becomes U+FFFD;
- an object with several choices becomes one object for each of them;
- the data must be JSON, or ``[DONE]``: anything else is a fault, because libraries skip such an event, or end there in silence.

Half a line at the end of the stream is a cut, not a fault: it is dropped, and the missing finish reason tells the reader.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

Framing: TypeAlias = Literal["sse", "ndjson", "guess", "none"]

LINE_LIMIT: Final = 64 * 1024 * 1024
"""The most bytes of one line: an image as base64 fits, an endless line does not."""

_BREAK: Final = re.compile(rb"\r\n|\n|\r")
_BOM: Final = b"\xef\xbb\xbf"
_FIRST_LINE: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*([^\r\n]+)[\r\n]")
_FIELDS: Final = (b"data", b"event", b"id", b"retry")
_SPLITTERS: Final = {0x2028: "\\u2028", 0x2029: "\\u2029", 0x85: "\\u0085"}


def framing(content_type: str) -> Framing:
    """Return how a body of `content_type` is framed; ``guess``: its first line will tell; ``none``: not ours to read."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return "sse"
    if kind in ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"):
        return "ndjson"
    return "guess" if kind in ("", "text/plain", "application/octet-stream") else "none"


class Lines:
    """The cleaner of one response body.

    Attributes:
        framing: how the body is framed, as far as known.
        fault: why the body cannot be read on, empty while it can. Lines before the fault have been returned.
    """

    def __init__(self, framing: Framing, see: Callable[[Any], None]) -> None:
        """Clean a body of `framing`; `see` is called with the JSON value of each event, in order."""
        self.framing = framing
        self.fault = ""
        self._see = see
        self._raw = b""
        self._tail: list[bytes] = []
        self._size = 0
        self._first = True
        self._after_cr = False
        self._event = b""
        self._held: list[bytes] = []

    def feed(self, data: bytes) -> bytes:
        """Return the clean form of the events that `data` completes."""
        if self.framing == "guess":
            data, self._raw = self._raw + data, b""
            if (line := _FIRST_LINE.search(data)) is None:
                self._raw = data
                return b""
            self.framing = _guess(line[1])
        if self.framing == "none" or self.fault:
            return b"" if self.fault else data
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")
        if not data:
            return b""
        pieces = _BREAK.split(data) if b"\r" in data else data.split(b"\n")
        self._after_cr = data.endswith(b"\r")
        if len(pieces) > 1:
            pieces[0] = b"".join((*self._tail, pieces[0]))
            self._tail, self._size = [], 0
        tail = pieces.pop()
        self._tail.append(tail)
        self._size += len(tail)
        out = b"".join([self._take(line) for line in pieces if line or self._held or self._event])
        if self._size > LINE_LIMIT:
            self.fault = f"a line of more than {LINE_LIMIT} bytes"
        return out

    def finish(self) -> bytes:
        """Return the clean form of what is left at the end of the body."""
        if self.framing == "guess":
            return self.feed(b"\n") if self._raw.strip() else self._raw
        line, self._tail = b"".join(self._tail), []
        out = self._take(line) if line else b""
        self.fault, self._held = "", []
        return out

    def _take(self, line: bytes) -> bytes:
        if self.fault:
            return b""
        if line.startswith(b"data: {") and self.framing == "sse" and not self._held:
            self._first = False
            if (texts := self._read(line[6:])) is not None:
                return self._framed(texts)
            self._held = [line[6:]]
            return b""
        if self._first:
            line = line.removeprefix(_BOM)
            self._first = not line
        if self.framing == "ndjson":
            return self._json_line(line)
        return self._field(line)

    def _json_line(self, line: bytes) -> bytes:
        if not line.strip():
            return b""
        texts = self._read(line)
        if texts is None:
            self.fault = _quote(line)
            return b""
        return b"".join([text + b"\n" for text in texts])

    def _field(self, line: bytes) -> bytes:
        """Take one line of an event-stream."""
        if not line:
            if self._held:
                self.fault = _quote(b"\n".join(self._held))
            self._event, self._held = b"", []
            return b""
        name, _, value = line.partition(b":")
        if line.startswith(b"{"):  # an error that a server wrote into its stream without framing it
            name, value = b"data", line
        if name == b"event":
            self._event = value.strip()
        if name != b"data":
            return b""
        self._held.append(value.removeprefix(b" "))
        return self._data()

    def _data(self) -> bytes:
        """Pass on the held data if it is whole."""
        data = self._held[0] if len(self._held) == 1 else b"\n".join(self._held)
        bare = data.strip()
        if not bare:
            self._held = []
            return b""
        if bare == b"[DONE]":
            self._held = []
            return b"data: [DONE]\n\n"
        texts = self._read(data)
        if texts is None:
            return b""  # the next data line may complete it; a blank line makes it a fault
        self._held = []
        return self._framed(texts)

    def _framed(self, texts: list[bytes]) -> bytes:
        if len(texts) == 1 and not self._event:
            return b"data: " + texts[0] + b"\n\n"
        event = b"event: " + self._event + b"\n" if self._event else b""
        return b"".join([event + b"data: " + text + b"\n\n" for text in texts])

    def _read(self, data: bytes) -> list[bytes] | None:
        """Return the clean JSON text of `data`, one text for each choice; None where it is not JSON."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = data.decode("utf-8", "replace")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            try:
                value = json.loads(text, strict=False)  # raw control characters in a string
            except (ValueError, RecursionError):
                return None
            text = json.dumps(value)
        self._see(value)
        if not isinstance(value, dict):
            return [_harmless(text)]
        if _tame(value):
            text = json.dumps(value)
        choices = value.get("choices")
        if isinstance(choices, list) and len(choices) > 1:
            return [_harmless(json.dumps(part)) for part in _apart(value, choices)]
        return [_harmless(text)]


def _harmless(text: str) -> bytes:
    """Write the JSON `text` so that no library takes a part of a string for framing."""
    if not text.isascii():
        text = text.translate(_SPLITTERS)
    if "\n" in text or "[DONE]" in text:
        text = text.replace("\n", " ").replace("[DONE]", "\\u005bDONE]")
    return text.encode()


def _tame(value: dict[str, Any]) -> bool:
    """Take out of `value` what LiteLLM fails at; whoever wants it has seen it. Return whether there was any."""
    found = False
    for choice in _listed(value, "choices"):
        delta = choice.get("delta") if isinstance(choice, dict) else None
        if isinstance(delta, dict) and isinstance(delta.get("content"), list):  # Mistral's reasoning
            delta["content"], found = "", True
    for candidate in _listed(value, "candidates"):
        content = candidate.get("content") if isinstance(candidate, dict) else None
        parts = content.get("parts") if isinstance(content, dict) else None
        for part in parts if isinstance(parts, list) else ():
            call = part.get("functionCall") if isinstance(part, dict) else None
            if isinstance(call, dict) and "args" not in call:  # a call that comes in pieces
                part.clear()
                part["text"], found = "", True
    return found


def _listed(value: dict[str, Any], name: str) -> list[Any]:
    found = value.get(name)
    return found if isinstance(found, list) else []


def _apart(value: dict[str, Any], choices: list[Any]) -> list[dict[str, Any]]:
    """One object per choice: libraries look at the first choice only to decide whether a chunk is worth passing on."""
    head = {k: v for k, v in value.items() if k != "usage"}
    return [*({**head, "choices": [c]} for c in choices[:-1]), {**value, "choices": [choices[-1]]}]


def _guess(line: bytes) -> Framing:
    if line.startswith((b"{", b"[")):
        return "ndjson"
    return "sse" if line.startswith(b":") or line.partition(b":")[0] in _FIELDS else "none"


def _quote(data: bytes) -> str:
    return f"an event that is not JSON: {data[:120].decode('utf-8', 'replace')!r}"
