"""Anthropic's messages: content blocks that open, grow and stop.

Belongs here: the events of ``/messages``, a whole message, and the older text completions. Does not belong here: what other
clouds wrap around them.

Text blocks that follow one another are one answer: a citation splits the text into blocks, also within a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nbstream._events import Delta
from nbstream.sources.formats import shape
from nbstream.sources.formats.shape import obj, objs, text

_LOST: Final = {"thinking_delta": "thinking", "input_json_delta": "tool_use"}


class _Block:
    """A block that has not stopped."""

    __slots__ = ("given", "kind", "signature", "streamed")

    def __init__(self, kind: str, given: Any = None) -> None:
        self.kind = kind
        self.given = given  # a tool's input, where it came with the start
        self.streamed = False
        self.signature = ""


class Reader:
    """Reads the stream of a message, or several in turn."""

    def __init__(self) -> None:
        self.finished = False
        self._blocks: dict[int, _Block] = {}
        self._names: dict[str, str] = {}
        self._model = shape.Model()
        self._sources = shape.Citations()

    def feed(self, data: Mapping[str, Any]) -> list[Delta]:
        """Return what the event `data` adds.

        Raises:
            ProviderError: it is an error.
        """
        at = shape.index_of(data)
        match data.get("type"):
            case "message_start":
                again, self.finished = self.finished, False
                self._blocks.clear()
                return [*([Delta("step")] if again else []), *self._message(obj(data.get("message")), start=True)]
            case "content_block_start":
                return list(self._start(at, obj(data.get("content_block"))))
            case "content_block_delta":
                return list(self._grow(at, obj(data.get("delta"))))
            case "content_block_stop":
                return list(self._stop(at))
            case "message_delta":
                return self._end(obj(data.get("delta")), obj(data.get("usage")))
            case "message_stop":
                self.finished = True
            case "message":
                return self._message(data, start=False)
            case "completion":
                found = [Delta("content", text(data.get("completion")))]
                return found + self._end(data, {})
            case "error":
                shape.complain(data.get("error") or data)
            case _ if error := data.get("error"):
                shape.complain(error)
        return []

    def _message(self, message: Mapping[str, Any], *, start: bool) -> list[Delta]:
        found = self._model.note(message.get("model"))
        for at, block in enumerate(objs(message.get("content"))):
            found += [*self._start(at, block), *self._stop(at)]
        if start:  # its count of the output is a beginning, no figure to show
            return found + _usage({**obj(message.get("usage")), "output_tokens": None})
        found += self._end(message, obj(message.get("usage")))
        self.finished = True
        return found

    def _start(self, at: int, block: Mapping[str, Any]) -> Iterator[Delta]:
        kind = text(block.get("type"))
        self._blocks[at] = opened = _Block(kind, block.get("input"))
        if kind.endswith("_result"):
            yield from self._result(kind, block)
        elif kind.endswith("tool_use"):
            self._names[text(block.get("id"))] = text(block.get("name"))
            yield Delta("tool", index=at, id=text(block.get("id")) or None, name=text(block.get("name")) or None)
        elif kind == "redacted_thinking":
            yield Delta("thinking", meta={"redacted": text(block.get("data"))}, final=True)
        elif kind == "container_upload":
            yield shape.file("", "", name=block.get("file_id"))
        elif kind == "thinking":
            opened.signature = text(block.get("signature"))
            if said := text(block.get("thinking")):
                yield Delta("thinking", said)
        elif said := text(block.get("text")):
            yield Delta("content", said)
        for citation in objs(block.get("citations")):
            self._cite(citation)

    def _grow(self, at: int, delta: Mapping[str, Any]) -> Iterator[Delta]:
        kind = delta.get("type")
        block = self._blocks.get(at)
        if block is None:  # its start was lost: the delta tells enough
            block = self._blocks[at] = _Block(
                {"thinking_delta": "thinking", "input_json_delta": "tool_use"}.get(str(kind), "text")
            )
        match kind:
            case "text_delta" if said := text(delta.get("text")):
                yield Delta("content", said)
            case "thinking_delta" if said := text(delta.get("thinking")):
                yield Delta("thinking", said)
            case "signature_delta":
                block.signature += text(delta.get("signature"))
            case "input_json_delta" if piece := text(delta.get("partial_json")):
                block.streamed = True
                yield Delta("tool", piece, index=at)
            case "citations_delta":
                self._cite(obj(delta.get("citation")))

    def _stop(self, at: int) -> Iterator[Delta]:
        block = self._blocks.pop(at, None)
        if block is None:
            return
        if block.kind.endswith("tool_use"):
            whole = "" if block.streamed or not block.given else shape.arguments(block.given)
            yield Delta("tool", whole, index=at, final=True)
        elif block.kind == "thinking":
            yield Delta("thinking", final=True, meta={"signature": block.signature} if block.signature else None)

    def _result(self, kind: str, block: Mapping[str, Any]) -> Iterator[Delta]:
        """What a tool that the provider ran gave back."""
        body = block.get("content")
        inner = obj(body)
        bad = bool(block.get("is_error")) or text(inner.get("type")).endswith("_error") or bool(inner.get("return_code"))
        call = text(block.get("tool_use_id"))
        if kind == "web_search_tool_result" and isinstance(body, list):
            lines = (" ".join(filter(None, (text(hit.get("title")), text(hit.get("url"))))) for hit in objs(body))
            said: Any = "\n".join(lines)
        elif "stdout" in inner:
            said = text(inner.get("stdout")) + text(inner.get("stderr"))
        elif "error_code" in inner:
            said = text(inner.get("error_code"))
        else:
            said = shape.plain(body) or body
        yield shape.result("" if said is None else said, call, self._names.get(call), bad=bad)

    def _cite(self, citation: Mapping[str, Any]) -> None:
        title = citation.get("title") or citation.get("document_title")
        self._sources.add(citation.get("url") or citation.get("source"), title, citation.get("cited_text"))

    def _end(self, message: Mapping[str, Any], counts: Mapping[str, Any]) -> list[Delta]:
        found = _usage(counts)
        if why := text(obj(message.get("stop_details")).get("explanation")):
            found.append(Delta(note={"refusal": why}))
        if word := shape.reason(message.get("stop_reason")):
            found += [*self._sources.release(), Delta(finish_reason=word)]
        return found


def _usage(counts: Mapping[str, Any]) -> list[Delta]:
    """The counts; Anthropic counts cached tokens beside the input, we count them within it."""
    given = counts.get("input_tokens")
    cached = counts.get("cache_read_input_tokens")
    if isinstance(given, int):
        given += sum(shape.whole(counts.get(f"cache_{name}_input_tokens"), 0) or 0 for name in ("read", "creation"))
    return shape.usage(given, counts.get("output_tokens"), cached=cached or None)
