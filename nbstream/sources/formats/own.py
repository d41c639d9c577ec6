"""Our own events, singly or in frames, and the plain form of many small servers: an object with the next piece of text.

Belongs here: what an event of the protocol (`nbstream._events`) means as a delta, so that another kernel's stream can be shown
here. Does not belong here: the fold, which is the transcript's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nbstream._errors import NbstreamError, ProviderError
from nbstream._events import SAFE_INTEGER, Delta, MetaValue
from nbstream.sources.formats import shape
from nbstream.sources.formats.shape import obj, objs, text

VERBS: Final = ("open", "append", "amend", "close", "note", "end")
PLAIN: Final = ("content", "token", "text", "delta", "chunk")
"""The names by which small servers call the next piece of text."""

_COUNTS: Final = ("input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens", "cost_nanousd")
_KEPT: Final = ("served_model", "estimated")
_THINKING: Final = ("thinking", "reasoning", "reasoning_content")
_LOCAL: Final = ("choice", "step", "state", "id", "name", "duration_us")


class Reader:
    """Reads events of ours, or plain pieces of text."""

    def __init__(self) -> None:
        self.finished = False
        self._sections: list[tuple[str, Mapping[str, Any], bool]] = []  # kind, meta, open
        self._steps = 1

    def feed(self, data: Mapping[str, Any]) -> list[Delta]:
        """Return what the event, the frame or the piece `data` adds.

        Raises:
            NbstreamError: it is an error.
        """
        if "op" in data:
            return shape.kept(self._event(data))
        if isinstance(data.get("events"), list):
            return shape.kept(delta for event in objs(data["events"]) for delta in self._event(event))
        return shape.kept(self._plain(data))

    def _plain(self, data: Mapping[str, Any]) -> Iterator[Delta]:
        if error := data.get("error"):
            shape.complain(error)
        for name in _THINKING:
            yield Delta("thinking", text(data.get(name)))
        yield Delta("content", next((text(data[name]) for name in PLAIN if text(data.get(name))), ""))
        if word := shape.reason(data.get("finish_reason")):
            self.finished = True
            yield Delta(finish_reason=word)

    def _event(self, event: Mapping[str, Any]) -> Iterator[Delta]:
        meta = obj(event.get("meta"))
        match event.get("op"):
            case "open":
                yield from self._open(text(event.get("kind")), meta)
            case "append" | "amend" | "close":
                yield from self._grow(event, meta)
            case "note":
                counts = {n: meta[n] for n in _COUNTS if isinstance(meta.get(n), int)}
                kept = {n: meta[n] for n in _KEPT if n in meta}
                yield Delta(usage=counts or None, note=_flat(kept) or None)
                if word := shape.reason(meta.get("finish_reason")):
                    self.finished = True
                    yield Delta(finish_reason=word)
            case "end":
                yield from self._end(event)

    def _open(self, kind: str, meta: Mapping[str, Any]) -> Iterator[Delta]:
        step = shape.whole(meta.get("step"), 1) or 1
        if step > self._steps:
            self._steps, self.finished = step, False
            yield Delta("step")
        self._sections.append((kind, meta, True))
        said = _flat({k: v for k, v in meta.items() if k not in _LOCAL})
        yield self._delta(len(self._sections) - 1, "", said)

    def _grow(self, event: Mapping[str, Any], meta: Mapping[str, Any]) -> Iterator[Delta]:
        at = shape.whole(event.get("at"), -1)
        if at is None or not 0 <= at < len(self._sections):
            return
        kind, known, is_open = self._sections[at]
        if event.get("op") == "amend":
            self._sections[at] = (kind, {**known, **meta}, is_open)
            said = _flat({k: v for k, v in meta.items() if k not in ("id", "name", "duration_us")})
            if kind == "tool" and said.get("state") != "ready" and not is_open and said:
                yield Delta("state", id=text(known.get("id")), name=text(known.get("name")), meta=said)
            elif is_open:
                yield self._delta(at, "", {k: v for k, v in said.items() if k != "state"}, **_named(meta))
        elif event.get("op") == "close":
            self._sections[at] = (kind, known, False)
            yield self._delta(at, "", {}, final=True)
        elif is_open:
            yield self._delta(at, text(event.get("text")), {})

    def _delta(self, at: int, said: str, meta: Mapping[str, MetaValue], **more: Any) -> Delta:
        kind, known, _ = self._sections[at]
        named = {} if more.get("final") and kind == "tool" else _named(known)
        if kind == "tool":
            more = {"index": at, **named, **more}
        elif kind == "result":
            more = {**named, **more}
        else:
            more = {"final": more.get("final", False)}
        return Delta(kind, said, choice=shape.whole(known.get("choice"), 0) or 0, meta=meta or None, **more)

    def _end(self, end: Mapping[str, Any]) -> Iterator[Delta]:
        error = obj(end.get("error"))
        match end.get("status"):
            case "error":
                kinds = {kind.code: kind for kind in (*ProviderError.__subclasses__(), *NbstreamError.__subclasses__())}
                kind = kinds.get(text(error.get("code")), ProviderError)
                raise kind(
                    text(error.get("message")) or "the other side failed",
                    code=text(error.get("code")) or None,
                    hint=text(error.get("hint")) or None,
                )
            case "done":
                self.finished = True
                word = text(end.get("reason"))
                yield Delta(finish_reason=word) if word else Delta(final=True)


def _named(meta: Mapping[str, Any]) -> dict[str, str]:
    return {name: meta[name] for name in ("id", "name") if text(meta.get(name))}


def _flat(meta: Mapping[str, Any]) -> dict[str, MetaValue]:
    """The values that a meta of ours may hold."""
    return {str(k): v for k, v in meta.items() if isinstance(v, str | bool) or (isinstance(v, int) and abs(v) <= SAFE_INTEGER)}
