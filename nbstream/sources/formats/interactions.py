"""Gemini's Interactions: steps that start, grow and stop.

Belongs here: the events of ``/interactions``. Does not belong here: generateContent (`gemini`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nbstream._events import Delta
from nbstream.sources.formats import shape
from nbstream.sources.formats.shape import obj, objs, text


class Reader:
    """Reads the stream of an interaction."""

    def __init__(self) -> None:
        self.finished = False
        self._kinds: dict[int, str] = {}
        self._argued: set[int] = set()
        self._whole: dict[int, str] = {}
        self._model = shape.Model()
        self._sources = shape.Citations()

    def feed(self, data: Mapping[str, Any]) -> list[Delta]:
        """Return what the event `data` adds.

        Raises:
            ProviderError: it is an error.
        """
        return shape.kept(self._read(data))

    def _read(self, data: Mapping[str, Any]) -> Iterator[Delta]:
        at = shape.index_of(data)
        interaction = obj(data.get("interaction"))
        match data.get("event_type"):
            case "interaction.created" | "interaction.start":
                if self.finished:
                    yield Delta("step")
                self.finished = False
                yield from self._model.note(interaction.get("model"))
            case "step.start" | "content.start":
                yield from self._start(at, obj(data.get("step")) or obj(data.get("content")))
            case "step.delta" | "content.delta":
                yield from self._grow(at, obj(data.get("delta")))
            case "step.stop" | "content.stop":
                yield from self._stop(at)
            case "interaction.completed" | "interaction.complete":
                yield from self._end(interaction)
            case "error":
                shape.complain(data.get("error") or data)
            case _ if error := data.get("error"):
                shape.complain(error)

    def _start(self, at: int, step: Mapping[str, Any]) -> Iterator[Delta]:
        kind = self._kinds[at] = text(step.get("type"))
        self._argued.discard(at)
        if kind.endswith("_call"):
            own = text(step.get("id")) or text(step.get("call_id"))
            name = text(step.get("name")) or kind.removesuffix("_call")
            yield Delta("tool", index=at, id=own or None, name=name)
            if given := step.get("arguments"):
                self._whole[at] = shape.arguments(given)
        elif kind.endswith("_result"):
            yield shape.result(step.get("result", ""), step.get("call_id"), step.get("name"), bad=bool(step.get("is_error")))
        for part in objs(step.get("content")):
            yield from self._grow(at, part)

    def _grow(self, at: int, delta: Mapping[str, Any]) -> Iterator[Delta]:
        kind = text(delta.get("type"))
        if kind in ("thought_signature", "signature") or (text(delta.get("signature")) and not kind):
            yield Delta("thinking", meta={"signature": text(delta.get("signature"))}, final=True)
        elif kind.startswith(("thought", "thinking")):
            yield Delta("thinking", shape.plain(delta.get("content") or delta.get("text") or delta.get("thought") or ""))
        elif "arguments" in delta:
            piece = delta.get("arguments")
            if isinstance(piece, str):
                self._argued.add(at)
                self._whole.pop(at, None)
                yield Delta("tool", piece, index=at, id=text(delta.get("id")) or None, name=text(delta.get("name")) or None)
            else:
                self._whole[at] = shape.arguments(piece)
        elif kind in ("image", "audio", "video", "document"):
            yield shape.file(delta.get("data") or delta.get("uri"), delta.get("mime_type"))
        elif kind in ("", "text"):
            for note in objs(delta.get("annotations")):
                self._sources.add(note.get("url") or note.get("source"), note.get("title"))
            said = text(delta.get("text"))
            yield Delta("thinking" if self._kinds.get(at) == "thought" else "content", said)

    def _stop(self, at: int) -> Iterator[Delta]:
        kind = self._kinds.pop(at, "")
        whole = self._whole.pop(at, "")
        if kind.endswith("_call"):
            yield Delta("tool", "" if at in self._argued else whole, index=at, final=True)
        elif kind == "thought":
            yield Delta("thinking", final=True)

    def _end(self, interaction: Mapping[str, Any]) -> Iterator[Delta]:
        counts = obj(interaction.get("usage"))
        thought, taken = shape.whole(counts.get("total_thought_tokens")), shape.whole(counts.get("total_output_tokens"))
        total = None if taken is None else taken + (thought or 0)
        yield from shape.usage(counts.get("total_input_tokens"), total, thought, counts.get("total_cached_tokens"))
        if interaction.get("status") in ("failed", "cancelled"):
            shape.complain(interaction.get("error") or f"the interaction {interaction.get('status')}")
        yield from self._sources.release()
        self.finished = True
        # What it waits for is the answer to a tool call.
        asked = interaction.get("status") == "requires_action"
        yield Delta(finish_reason="tool_calls" if asked else "length" if interaction.get("status") == "incomplete" else "stop")
