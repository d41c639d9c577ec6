"""Gemini's generateContent, streamed or whole.

Belongs here: candidates and their parts, in the API's spelling and in that of its Python SDK. Does not belong here: the
Interactions API, which is another format.

A call's arguments come whole, as an object, or piece by piece by path (Vertex); they are written as JSON when the call is
complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from nbstream._events import Delta
from nbstream.sources.formats import shape
from nbstream.sources.formats.shape import obj, objs, text

_STEP: Final = re.compile(r"\[(\d+)\]|\[['\"](.*?)['\"]\]|\.?([^.\[\]$]+)")
_VALUES: Final = ("stringValue", "numberValue", "boolValue", "nullValue")
_DEPTH: Final = 64
_LENGTH: Final = 100_000


class _Candidate:
    """What the reader remembers of a candidate."""

    __slots__ = ("args", "calls", "finished", "open", "unread")

    def __init__(self) -> None:
        self.finished = False
        self.calls = 0
        self.open = False  # a call's arguments are coming piece by piece
        self.args: dict[str, Any] = {}
        self.unread = ""  # arguments that came as text: a gateway passes on what the model wrote, JSON or not


class Reader:
    """Reads the chunks of an answer."""

    def __init__(self) -> None:
        self._candidates: dict[int, _Candidate] = {}
        self._model = shape.Model()
        self._sources = shape.Citations()

    @property
    def finished(self) -> bool:
        """Whether every candidate that was seen has its finish reason."""
        return bool(self._candidates) and all(c.finished for c in self._candidates.values())

    def feed(self, data: Mapping[str, Any]) -> list[Delta]:
        """Return what the chunk `data` adds.

        Raises:
            ProviderError: it is an error.
        """
        return shape.kept(self._read(data))

    def _read(self, data: Mapping[str, Any]) -> Iterator[Delta]:
        if error := data.get("error"):
            shape.complain(error)
        data = obj(data.get("response")) or data
        yield from self._model.note(_of(data, "modelVersion"))
        for candidate in objs(data.get("candidates")):
            yield from self._candidate(candidate)
        counts = obj(_of(data, "usageMetadata"))
        thought = shape.whole(_of(counts, "thoughtsTokenCount"))
        taken = shape.whole(_of(counts, "candidatesTokenCount"))
        total = None if taken is None and thought is None else (taken or 0) + (thought or 0)
        yield from shape.usage(_of(counts, "promptTokenCount"), total, thought, _of(counts, "cachedContentTokenCount"))
        if _of(obj(_of(data, "promptFeedback")), "blockReason"):
            self._candidates.setdefault(0, _Candidate()).finished = True
            yield Delta(finish_reason="content_filter")

    def _candidate(self, candidate: Mapping[str, Any]) -> Iterator[Delta]:
        number = shape.index_of(candidate)
        seen = self._candidates.setdefault(number, _Candidate())
        for part in objs(obj(candidate.get("content")).get("parts")):
            yield from self._part(part, number, seen)
        grounding = obj(_of(candidate, "groundingMetadata"))
        for chunk in objs(_of(grounding, "groundingChunks")):
            place = obj(chunk.get("web")) or obj(_of(chunk, "retrievedContext"))
            self._sources.add(place.get("uri"), place.get("title"))
        for citation in objs(_of(obj(_of(candidate, "citationMetadata")), "citationSources")):
            self._sources.add(citation.get("uri"), citation.get("title"))
        if word := shape.reason(_of(candidate, "finishReason")):
            if seen.open:
                yield self._complete(number, seen)
            yield from self._sources.release(number)
            seen.finished = True
            yield Delta(choice=number, finish_reason=word)

    def _part(self, part: Mapping[str, Any], number: int, seen: _Candidate) -> Iterator[Delta]:
        signature = text(_of(part, "thoughtSignature"))
        meta = {"signature": signature} if signature else None
        if (call := _of(part, "functionCall")) is not None:
            yield from self._call(obj(call), number, seen, signature)
        elif file := obj(_of(part, "inlineData")) or obj(_of(part, "fileData")):
            place = file.get("data") or _of(file, "fileUri")
            yield shape.file(place, _of(file, "mimeType"), name=_of(file, "displayName"), choice=number)
        elif code := obj(_of(part, "executableCode")):
            seen.calls += 1
            yield Delta("tool", text(code.get("code")), choice=number, index=seen.calls, name="code_execution", final=True)
        elif done := obj(_of(part, "codeExecutionResult")):
            bad = text(done.get("outcome")).upper() not in ("", "OUTCOME_OK")
            yield shape.result(text(done.get("output")), None, "code_execution", bad=bad)
        elif said := text(part.get("text")):
            yield Delta("thinking" if part.get("thought") else "content", said, choice=number, meta=meta)
        elif meta:
            yield Delta("content", choice=number, meta=meta)

    def _call(self, call: Mapping[str, Any], number: int, seen: _Candidate, signature: str) -> Iterator[Delta]:
        """A piece of a call: its name begins one, and it is whole unless more is announced."""
        name, partial = text(call.get("name")), _of(call, "partialArgs")
        more = bool(_of(call, "willContinue"))
        if name or not seen.open:
            if not name and not call:
                return
            if seen.open:
                yield self._complete(number, seen)
            seen.calls += 1
            seen.open, seen.args, seen.unread = True, {}, ""
            own = text(call.get("id")) or None
            meta = {"signature": signature} if signature else None
            yield Delta("tool", choice=number, index=seen.calls, id=own, name=name or None, meta=meta)
        seen.args.update(obj(call.get("args")))
        seen.unread += text(call.get("args"))
        for piece in objs(partial):
            _put(seen.args, piece)
        if not more:
            yield self._complete(number, seen)

    @staticmethod
    def _complete(number: int, seen: _Candidate) -> Delta:
        seen.open = False
        return Delta("tool", seen.unread or shape.dumps(seen.args), choice=number, index=seen.calls, final=True)


def _of(value: Mapping[str, Any], name: str) -> Any:
    """Return the field `name` in the API's spelling or, as the Python SDK has it, in snake case."""
    found = value.get(name)
    return found if found is not None else value.get(re.sub(r"(?=[A-Z])", "_", name).lower())


def _put(args: dict[str, Any], piece: Mapping[str, Any]) -> None:
    """Put the value of `piece` where its path says; a text goes on where it was; a path that makes no sense is passed over."""
    steps = [int(n) if n else a or b for n, a, b in _STEP.findall(text(_of(piece, "jsonPath")))]
    name = next((name for name in _VALUES if _of(piece, name) is not None), "nullValue")
    value = None if name == "nullValue" else _of(piece, name)
    if not steps or len(steps) > _DEPTH:
        return
    node: Any = args
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        old = _child(node, step)
        if following is None:
            _set(node, step, old + value if isinstance(old, str) and isinstance(value, str) else value)
        elif not isinstance(old, list if isinstance(following, int) else dict):
            old = [] if isinstance(following, int) else {}
            _set(node, step, old)
        node = old


def _child(node: Any, step: Any) -> Any:
    if isinstance(node, list):
        return node[step] if isinstance(step, int) and step < len(node) else None
    return node.get(step)


def _set(node: Any, step: Any, value: Any) -> None:
    if isinstance(node, dict):
        node[str(step)] = value
    elif isinstance(step, int) and step < _LENGTH:
        node.extend([None] * (step + 1 - len(node)))
        node[step] = value
