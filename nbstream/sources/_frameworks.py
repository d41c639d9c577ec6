"""Events of agent frameworks, by shape: LangChain's message chunks and pydantic-ai's parts.

Belongs here: the few fields of them that hold text, reasoning, tool calls and usage. Does not belong here: providers' formats
(`formats/`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nbstream._events import Delta
from nbstream.sources.formats import shape
from nbstream.sources.formats.shape import obj, objs, text


class Reader:
    """Reads the events of one framework's stream."""

    def feed(self, data: Mapping[str, Any]) -> list[Delta] | None:
        """Return what the event `data` adds, None where it is of no known framework."""
        if "tool_call_chunks" in data or (data.get("type") in ("AIMessageChunk", "ai") and "content" in data):
            return list(_langchain(data))
        if "event_kind" in data:
            return list(_pydantic_ai(data))
        return None


def _langchain(data: Mapping[str, Any]) -> Iterator[Delta]:
    if said := text(obj(data.get("additional_kwargs")).get("reasoning_content")):
        yield Delta("thinking", said)
    content = data.get("content")
    for part in [{"type": "text", "text": content}] if isinstance(content, str) else objs(content):
        if part.get("type") in ("thinking", "reasoning"):
            said = text(part.get("thinking")) or text(part.get("reasoning"))
            if said:
                yield Delta("thinking", said)
        elif said := text(part.get("text")):
            yield Delta("content", said)
    streamed = objs(data.get("tool_call_chunks"))
    for call in streamed or objs(data.get("tool_calls")):
        yield Delta(
            "tool",
            shape.arguments(call.get("args")),
            index=shape.whole(call.get("index")),
            id=text(call.get("id")) or None,
            name=text(call.get("name")) or None,
            final=not streamed,
        )
    counts = obj(data.get("usage_metadata"))
    taken, told = obj(counts.get("output_token_details")), obj(counts.get("input_token_details"))
    yield from shape.usage(
        counts.get("input_tokens"), counts.get("output_tokens"), taken.get("reasoning"), told.get("cache_read")
    )
    end = obj(data.get("response_metadata"))
    if word := shape.reason(end.get("finish_reason") or end.get("stop_reason") or end.get("done_reason")):
        yield Delta(finish_reason=word)


def _pydantic_ai(data: Mapping[str, Any]) -> Iterator[Delta]:
    at = shape.index_of(data)
    match data.get("event_kind"):
        case "part_start":
            part = obj(data.get("part"))
            yield from _part(text(part.get("part_kind")), part.get("content"), part.get("args"), at, part)
        case "part_delta":
            delta = obj(data.get("delta"))
            kind = text(delta.get("part_delta_kind")).replace("_", "-")
            yield from _part(kind, delta.get("content_delta"), delta.get("args_delta"), at, delta)
        case "function_tool_result":
            found = obj(data.get("result"))
            yield shape.result(found.get("content", ""), found.get("tool_call_id"), found.get("tool_name"))
        case "agent_run_result":
            yield Delta(finish_reason="stop")


def _part(kind: str, content: Any, arguments: Any, at: int, part: Mapping[str, Any]) -> Iterator[Delta]:
    if kind in ("text", "thinking"):
        if said := text(content):
            yield Delta("content" if kind == "text" else "thinking", said)
    elif kind in ("tool-call", "builtin-tool-call"):
        name = text(part.get("tool_name")) or text(part.get("tool_name_delta"))
        said = shape.arguments(arguments)
        yield Delta("tool", said, index=at, id=text(part.get("tool_call_id")) or None, name=name or None)
