"""OpenAI's Responses API: output items that are added, grow and are done.

Belongs here: the events of ``/responses`` and a whole response object. Does not belong here: chat completions (`openai_chat`).

An item whose type ends in ``_call`` is a tool call, named by its `name`, else by its type; what was not streamed of its
arguments is taken from the item when it is done. A part of a message is read from its deltas, else from its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nbstream._events import Delta
from nbstream.sources.formats import shape
from nbstream.sources.formats.shape import obj, objs, text

_ARGUMENTS: Final = (
    "response.function_call_arguments",
    "response.mcp_call_arguments",
    "response.custom_tool_call_input",
    "response.code_interpreter_call_code",
)
_ARGUED: Final = ("arguments", "input", "code", "operation", "action", "queries")
_REASONING: Final = ("response.reasoning_summary_text", "response.reasoning_text")


class _Item:
    """An output item that is not done."""

    __slots__ = ("closing", "head", "parts", "streamed")

    def __init__(self) -> None:
        self.streamed = False  # there was text of its arguments
        self.parts: set[Any] = set()  # the parts of which there was text
        self.head = ""  # of a patch's JSON, written before its diff
        self.closing = ""


class Reader:
    """Reads the stream of a response, or several in turn."""

    def __init__(self) -> None:
        self.finished = False
        self._items: dict[int, _Item] = {}
        self._refused = False
        self._model = shape.Model()
        self._sources = shape.Citations()

    def feed(self, data: Mapping[str, Any]) -> list[Delta]:
        """Return what the event `data` adds.

        Raises:
            ProviderError: it is an error.
        """
        return shape.kept(self._read(data))

    def _read(self, data: Mapping[str, Any]) -> Iterator[Delta]:
        kind = text(data.get("type"))
        at = shape.whole(data.get("output_index"), 0) or 0
        response = obj(data.get("response"))
        match kind:
            case "response.created" | "response.queued":
                if self.finished:
                    yield Delta("step")
                self._begin()
                yield from self._model.note(response.get("model"))
            case "response.output_item.added":
                yield from self._added(at, obj(data.get("item")))
            case "response.output_item.done":
                yield from self._done(at, obj(data.get("item")))
            case "response.output_text.annotation.added":
                self._cite(obj(data.get("annotation")))
            case "response.reasoning_summary_part.added":
                if data.get("summary_index"):
                    yield Delta("thinking", final=True)
            case "response.completed" | "response.incomplete" | "response.done":
                yield from self._end(response)
            case "response.failed" | "response.cancelled" if error := response.get("error"):
                shape.complain(error)
            case "error":
                shape.complain(data.get("error") or data)
            case _ if kind.endswith((".delta", ".done")):
                yield from self._grow(at, kind, data)
            case _ if data.get("object") == "response":
                yield from self._whole(data)
            case _ if error := data.get("error"):
                shape.complain(error)

    def _begin(self) -> None:
        self.finished = False
        self._items.clear()
        self._refused = False

    def _grow(self, at: int, kind: str, data: Mapping[str, Any]) -> Iterator[Delta]:
        """A delta, or the end of a part, which counts where there were no deltas of it."""
        name, _, what = kind.rpartition(".")
        item = self._items.setdefault(at, _Item())
        delta = what == "delta"
        if name == "response.apply_patch_call_operation_diff":
            if delta:
                yield from self._patch(at, item, text(data.get("delta")))
            return
        if name in _ARGUMENTS:
            piece = text(data.get("delta")) if delta else "" if item.streamed else shape.arguments(_argument(data))
            if piece:
                item.streamed = True
                yield Delta("tool", piece, index=at)
            return
        part = (name, data.get("content_index") if isinstance(data.get("content_index"), int) else data.get("summary_index"))
        part = part if isinstance(part[1], int) else (name, 0)
        if not delta and part in item.parts:
            return
        said = text(data.get("delta")) if delta else text(data.get("text")) or text(data.get("refusal"))
        if not said:
            return
        item.parts.add(part)
        if name in _REASONING:
            yield Delta("thinking", said)
        elif name in ("response.output_text", "response.audio_transcript", "response.output_audio_transcript"):
            yield Delta("content", said)
        elif name == "response.refusal":
            yield from self._refuse(said)

    def _refuse(self, said: str) -> Iterator[Delta]:
        yield Delta("content", said, meta=None if self._refused else {"refusal": True})
        self._refused = True

    @staticmethod
    def _patch(at: int, item: _Item, diff: str) -> Iterator[Delta]:
        """A piece of a patch's diff, within the JSON of its operation."""
        head, item.head = item.head, ""
        item.streamed = True
        yield Delta("tool", head + shape.dumps(diff)[1:-1], index=at)

    def _added(self, at: int, item: Mapping[str, Any]) -> Iterator[Delta]:
        opened = self._items[at] = _Item()
        kind = text(item.get("type"))
        if not _is_call(kind):
            return
        operation = obj(item.get("operation"))
        if "diff" in operation:
            rest = {k: v for k, v in operation.items() if k != "diff"}
            opened.head, opened.closing = f'{shape.dumps(rest)[:-1]}, "diff": "', '"}'
        own = text(item.get("call_id")) or text(item.get("id"))
        yield Delta("tool", index=at, id=own or None, name=text(item.get("name")) or kind.removesuffix("_call"))

    def _done(self, at: int, item: Mapping[str, Any]) -> Iterator[Delta]:
        kind = text(item.get("type"))
        if at not in self._items:
            yield from self._added(at, item)
        opened = self._items.pop(at, None) or _Item()
        own = text(item.get("call_id")) or text(item.get("id"))
        if _is_call(kind):
            rest = opened.closing if opened.streamed else shape.arguments(_argument(item))
            yield Delta("tool", rest, index=at, final=True)
            yield from _results(item, own)
        elif kind.endswith("_output"):
            yield shape.result(_output(item.get("output", item.get("tools"))), own)
        elif kind == "reasoning":
            if not opened.parts:
                for part in (*objs(item.get("summary")), *objs(item.get("content"))):
                    yield Delta("thinking", text(part.get("text")))
                    yield Delta("thinking", final=True)
            sealed = text(item.get("encrypted_content"))
            yield Delta("thinking", final=True, meta={"encrypted": sealed, "id": own} if sealed else None)
        elif kind == "message":
            for part in objs(item.get("content")):
                if not opened.parts:
                    yield Delta("content", text(part.get("text")))
                    if refusal := text(part.get("refusal")):
                        yield from self._refuse(refusal)
                for note in objs(part.get("annotations")):
                    self._cite(note)

    def _cite(self, note: Mapping[str, Any]) -> None:
        self._sources.add(note.get("url"), note.get("title") or note.get("filename"))

    def _whole(self, response: Mapping[str, Any]) -> Iterator[Delta]:
        if error := response.get("error"):
            shape.complain(error)
        yield from self._model.note(response.get("model"))
        for at, item in enumerate(objs(response.get("output"))):
            yield from self._done(at, item)
        yield from self._end(response)

    def _end(self, response: Mapping[str, Any]) -> Iterator[Delta]:
        counts = obj(response.get("usage"))
        yield from shape.usage(
            counts.get("input_tokens"),
            counts.get("output_tokens"),
            obj(counts.get("output_tokens_details")).get("reasoning_tokens"),
            obj(counts.get("input_tokens_details")).get("cached_tokens"),
        )
        yield from self._sources.release()
        self.finished = True
        word = "stop"
        if response.get("status") == "incomplete":
            word = text(obj(response.get("incomplete_details")).get("reason")) or "length"
        yield Delta(finish_reason=shape.reason(word))


def _is_call(kind: str) -> bool:
    return kind.endswith("_call") or kind == "mcp_approval_request"


def _argument(item: Mapping[str, Any]) -> Any:
    return next((item[name] for name in _ARGUED if item.get(name) is not None), None)


def _results(item: Mapping[str, Any], own: str) -> Iterator[Delta]:
    """What the item of a call that OpenAI ran itself holds besides the call."""
    if item.get("type") == "image_generation_call" and text(item.get("result")):
        yield shape.file(item.get("result"), f"image/{text(item.get('output_format')) or 'png'}")
    elif error := item.get("error"):
        yield shape.result(error, own, bad=True)
    elif (found := item.get("output") or item.get("outputs") or item.get("results")) is not None:
        yield shape.result(_output(found), own)


def _output(found: Any) -> Any:
    """The text of an output: that of its logs and streams, else itself."""
    said = "".join(
        text(part.get("logs")) + text(part.get("stdout")) + text(part.get("stderr")) + text(part.get("text"))
        for part in objs(found)
    )
    return said or ("" if found is None else found)
