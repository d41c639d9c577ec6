"""From one item of somebody's stream to deltas: a text, a chunk of an SDK, an event of a framework, a mapping.

Belongs here: recognising an item by its shape and handing it to the reader of its format. Does not belong here: the formats
themselves (`formats/`), pulling (`_pull`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from nbstream._errors import SourceFailed
from nbstream._events import Delta
from nbstream.sources import _frameworks
from nbstream.sources._plain import mapping
from nbstream.sources.formats import FORMATS, Reader, carry, recognise

ITEMS: Final = "texts, chunks or events of the OpenAI, Anthropic and LiteLLM clients, AI SDK chunks, or JSON objects of these"
_PIECE: Final = re.compile(r"\s*\S{1,6}|\s+")
_PIECES: Final = 2_000
"""An answer that comes whole is shown in at most so many pieces."""
_HELPER: Final = ("content.", "refusal.", "tool_calls.", "logprobs.")
"""Events that OpenAI's `.stream()` derives from the chunks, which it gives as well."""
_DERIVED: Final = ("text", "thinking", "input_json", "citation", "signature")
"""The same of Anthropic's `messages.stream`."""


class Items:
    """Reads the items of one stream.

    Attributes:
        plain: the items are texts or events of a framework, whose streams have no finish reason: their end is the end.
    """

    def __init__(self) -> None:
        self.plain = False
        self._reader: Reader | None = None
        self._format: str | None = None
        self._framework = _frameworks.Reader()

    def feed(self, item: Any) -> list[Delta]:
        """Return what `item` adds; the first delta carries it as `raw`.

        Raises:
            SourceFailed: it has no known shape.
            NbstreamError: it is a provider's error.
        """
        if isinstance(item, str):
            self.plain = True
            return [Delta("content", item, raw=item)]
        if isinstance(item, Delta):
            return [item]
        if isinstance(item, Sequence) and item and all(isinstance(part, Delta) for part in item):
            return list(item)
        if item is None:
            return []
        data = mapping(item)
        if data is None:
            raise _unknown(item)
        if data.get("type") == "chunk" and isinstance(data.get("chunk"), Mapping):  # OpenAI's `.stream()`
            data = dict(data["chunk"])
        elif str(data.get("type", "")).startswith(_HELPER) or (self._format == "anthropic" and data.get("type") in _DERIVED):
            return [Delta(raw=item)]
        return carry(self._read(item, data), item)

    def _read(self, item: Any, data: Mapping[str, Any]) -> list[Delta]:
        # Before the formats: a framework's message has a `content` too, which alone is a plain form of an event.
        if (deltas := self._framework.feed(data)) is not None:
            self.plain = True
            return deltas
        found = recognise(data)
        if found is not None and found != self._format:
            self._format, self._reader = found, FORMATS[found]()
        if self._reader is not None:
            return self._reader.feed(data)
        raise _unknown(item)


def whole(response: Any) -> Iterator[list[Delta]]:
    """Yield what a response that came at once holds, in pieces, as if it had been streamed.

    Raises:
        NbstreamError: it is a provider's error.
    """
    for delta in Items().feed(response):
        if delta.kind not in ("thinking", "content") or not delta.text:
            yield [delta]
            continue
        pieces = _pieces(delta.text)
        yield [replace(delta, text=pieces[0], final=False, meta=None if delta.final else delta.meta)]
        yield from ([Delta(delta.kind, piece, choice=delta.choice)] for piece in pieces[1:])
        if delta.final:
            yield [Delta(delta.kind, choice=delta.choice, meta=delta.meta, final=True)]


def _pieces(text: str) -> list[str]:
    pieces = _PIECE.findall(text)
    size = -(-len(pieces) // _PIECES)
    return ["".join(pieces[at : at + size]) for at in range(0, len(pieces), size)] if size > 1 else pieces


def _unknown(item: Any) -> SourceFailed:
    kind = type(item).__name__
    hint = f"The items of a stream may be {ITEMS}."
    if isinstance(item, bytes | bytearray):
        hint = "For the bytes of an event stream use nb.from_sse(response); texts must be decoded."
    return SourceFailed(f"The stream holds a {kind}, which nbstream cannot read.", code="unknown_item", hint=hint)
