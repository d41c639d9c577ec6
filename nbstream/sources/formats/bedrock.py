"""Bedrock's Converse: events that are objects with one key.

Belongs here: the events as its SDK yields them, and as JSON. Does not belong here: AWS's binary framing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nbstream._events import Delta
from nbstream.sources.formats import shape
from nbstream.sources.formats.shape import obj, objs, text


class Reader:
    """Reads the stream of an answer."""

    def __init__(self) -> None:
        self.finished = False
        self._calls: set[int] = set()
        self._sources = shape.Citations()

    def feed(self, data: Mapping[str, Any]) -> list[Delta]:
        """Return what the event `data` adds.

        Raises:
            ProviderError: it is an error.
        """
        return shape.kept(self._read(data))

    def _read(self, data: Mapping[str, Any]) -> Iterator[Delta]:
        for kind, value in data.items():
            event = obj(value)
            at = shape.whole(event.get("contentBlockIndex"), 0) or 0
            match kind:
                case "messageStart" if self.finished:
                    self.finished = False
                    yield Delta("step")
                case "contentBlockStart":
                    if call := obj(obj(event.get("start")).get("toolUse")):
                        self._calls.add(at)
                        own, name = text(call.get("toolUseId")) or None, text(call.get("name")) or None
                        yield Delta("tool", index=at, id=own, name=name)
                case "contentBlockDelta":
                    yield from self._grow(at, obj(event.get("delta")))
                case "contentBlockStop":
                    if at in self._calls:
                        self._calls.discard(at)
                        yield Delta("tool", index=at, final=True)
                case "messageStop":
                    self.finished = True
                    yield from self._sources.release()
                    yield Delta(finish_reason=shape.reason(event.get("stopReason")))
                case "metadata":
                    yield from _usage(obj(event.get("usage")))
                case _ if kind.endswith("Exception"):
                    shape.complain({"type": kind, "code": event.get("originalStatusCode"), **event})

    def _grow(self, at: int, delta: Mapping[str, Any]) -> Iterator[Delta]:
        thought = obj(delta.get("reasoningContent"))
        yield Delta("thinking", text(thought.get("text")))
        if signature := text(thought.get("signature")):
            yield Delta("thinking", meta={"signature": signature}, final=True)
        if redacted := text(thought.get("redactedContent") or thought.get("data")):
            yield Delta("thinking", meta={"redacted": redacted}, final=True)
        yield Delta("content", text(delta.get("text")))
        if piece := obj(delta.get("toolUse")).get("input"):
            self._calls.add(at)
            yield Delta("tool", shape.arguments(piece), index=at)
        if citation := obj(delta.get("citation")):
            place = obj(obj(citation.get("location")).get("web"))
            quote = "".join(text(part.get("text")) for part in objs(citation.get("sourceContent")))
            self._sources.add(place.get("url"), citation.get("title"), quote)


def _usage(counts: Mapping[str, Any]) -> list[Delta]:
    """The counts; cached tokens stand beside the input there, we count them within it."""
    given = counts.get("inputTokens")
    if isinstance(given, int):
        given += sum(shape.whole(counts.get(f"cache{name}InputTokens"), 0) or 0 for name in ("Read", "Write"))
    return shape.usage(given, counts.get("outputTokens"), cached=counts.get("cacheReadInputTokens"))
