"""Cohere's chat, version 2 and the events of version 1.

Belongs here: their events. Does not belong here: Cohere's OpenAI-compatible paths (`openai_chat`).
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
        self._sources = shape.Citations()

    def feed(self, data: Mapping[str, Any]) -> list[Delta]:
        """Return what the event `data` adds.

        Raises:
            ProviderError: it is an error.
        """
        return shape.kept(self._read(data))

    def _read(self, data: Mapping[str, Any]) -> Iterator[Delta]:
        message = obj(obj(data.get("delta")).get("message"))
        at = shape.index_of(data)
        match data.get("type") or data.get("event_type"):
            case "message-start" if self.finished:
                self.finished = False
                yield Delta("step")
            case "content-start" | "content-delta":
                content = obj(message.get("content"))
                yield Delta("thinking", text(content.get("thinking")))
                yield Delta("content", text(content.get("text")))
            case "tool-plan-delta":
                yield Delta("thinking", text(message.get("tool_plan")))
            case "tool-call-start" | "tool-call-delta":
                call = obj(message.get("tool_calls"))
                function = obj(call.get("function"))
                own, name = text(call.get("id")) or None, text(function.get("name")) or None
                yield Delta("tool", shape.arguments(function.get("arguments")), index=at, id=own, name=name)
            case "tool-call-end":
                yield Delta("tool", index=at, final=True)
            case "citation-start":
                for source in objs(obj(message.get("citations")).get("sources")):
                    document = obj(source.get("document"))
                    self._sources.add(document.get("url"), document.get("title") or source.get("id"))
            case "message-end":
                yield from self._end(obj(data.get("delta")))
            case "text-generation":
                yield Delta("content", text(data.get("text")))
            case "stream-end":
                yield from self._end(data)
            case _ if error := data.get("error"):
                shape.complain(error)

    def _end(self, delta: Mapping[str, Any]) -> Iterator[Delta]:
        usage = obj(delta.get("usage"))
        counts = obj(usage.get("tokens")) or obj(usage.get("billed_units"))
        yield from shape.usage(counts.get("input_tokens"), counts.get("output_tokens"), cached=usage.get("cached_tokens"))
        if error := delta.get("error"):
            shape.complain(error)
        yield from self._sources.release()
        self.finished = True
        if word := shape.reason(delta.get("finish_reason")):
            yield Delta(finish_reason=word)
