"""From the events of a run to the chunks of the AI SDK's UI-message stream.

Belongs here: which chunk says what an event says. Does not belong here: framing (`_to_sse`), reading such a stream
(`sources/formats/uimessage`).

A tool call is announced when its name is known, because a chunk cannot rename it; its input is sent whole when it is ready.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from nbstream._errors import mask
from nbstream._record import StreamEvent

_PARTS: Final = {"content": "text", "thinking": "reasoning"}
_REASONS: Final = ("stop", "length", "content-filter", "tool-calls", "error", "other")
_COUNTS: Final = (
    ("input_tokens", "inputTokens"),
    ("output_tokens", "outputTokens"),
    ("reasoning_tokens", "reasoningTokens"),
    ("cached_tokens", "cachedInputTokens"),
)


class _Section:
    __slots__ = ("announced", "kind", "meta", "text")

    def __init__(self, kind: str, meta: Mapping[str, Any]) -> None:
        self.kind = kind
        self.meta = dict(meta)
        self.text: list[str] = []
        self.announced = False

    @property
    def all(self) -> str:
        return "".join(self.text)


class Chunks:
    """Translates the events of one run."""

    def __init__(self, message: str) -> None:
        """Begin a message whose id is `message`."""
        self._message = message
        self._sections: list[_Section] = []
        self._step = 0
        self._reason = ""
        self._counts: dict[str, int] = {}

    def of(self, event: StreamEvent) -> Iterator[dict[str, Any]]:
        """Yield the chunks that `event` gives."""
        if not self._step:
            self._step = 1
            yield {"type": "start", "messageId": self._message}
            yield {"type": "start-step"}
        match event.type:
            case "open":
                yield from self._open(event)
            case "append" | "amend" | "close" if event.at is not None:
                section = self._sections[event.at]
                if not section.meta.get("choice"):
                    yield from self._grow(section, event)
            case "note":
                self._reason = str(event.meta.get("finish_reason") or self._reason)
                self._counts |= {theirs: n for ours, theirs in _COUNTS if isinstance(n := event.meta.get(ours), int)}
            case "end":
                yield from self._end(event.meta)

    def _open(self, event: StreamEvent) -> Iterator[dict[str, Any]]:
        kind = event.kind or ""
        section = _Section(kind, event.meta)
        self._sections.append(section)
        if section.meta.get("choice"):
            return
        if isinstance(step := section.meta.get("step"), int) and step > self._step:
            self._step = step
            yield {"type": "finish-step"}
            yield {"type": "start-step"}
        if part := _PARTS.get(kind):
            yield {"type": f"{part}-start", "id": str(event.at)}

    def _grow(self, section: _Section, event: StreamEvent) -> Iterator[dict[str, Any]]:
        section.meta |= event.meta
        own = str(event.at)
        if part := _PARTS.get(section.kind):
            if event.type == "append":
                yield {"type": f"{part}-delta", "id": own, "delta": event.delta}
            elif event.type == "close":
                yield {"type": f"{part}-end", "id": own}
            return
        section.text.append(event.delta)
        if section.kind == "tool":
            yield from self._tool(section, event, str(section.meta.get("id") or f"call_{own}"))
        elif event.type == "close":
            yield from self._whole(section, own)

    @staticmethod
    def _tool(section: _Section, event: StreamEvent, own: str) -> Iterator[dict[str, Any]]:
        name = str(section.meta.get("name") or "")
        call = {"toolCallId": own, "toolName": name or "tool"}
        if not section.announced:
            if event.type == "amend" and not name:
                return
            section.announced = True
            yield {"type": "tool-input-start", **call}
        if event.type == "append":
            yield {"type": "tool-input-delta", "toolCallId": own, "inputTextDelta": event.delta}
        match event.meta.get("state"):
            case "ready":
                try:
                    yield {"type": "tool-input-available", **call, "input": json.loads(section.all or "{}")}
                except ValueError as error:
                    yield {"type": "tool-input-error", **call, "input": section.all, "errorText": f"not JSON: {error}"}
            case "ask":
                yield {"type": "tool-approval-request", "approvalId": own, "toolCallId": own}
            case "denied":
                yield {"type": "tool-output-denied", "toolCallId": own}

    @staticmethod
    def _whole(section: _Section, own: str) -> Iterator[dict[str, Any]]:
        """What is sent when it is complete."""
        meta, said = section.meta, section.all
        match section.kind:
            case "result" if meta.get("id") and meta.get("state") == "bad":
                yield {"type": "tool-output-error", "toolCallId": meta["id"], "errorText": said}
            case "result" if meta.get("id"):
                yield {"type": "tool-output-available", "toolCallId": meta["id"], "output": said}
            case "source":
                title = {"title": meta["title"]} if meta.get("title") else {}
                yield {"type": "source-url", "sourceId": own, "url": said, **title}
            case "file":
                media = str(meta.get("media_type") or "application/octet-stream")
                url = meta.get("url") or f"data:{media};base64,{meta.get('data', '')}"
                yield {"type": "file", "url": url, "mediaType": media}
            case kind:
                yield {"type": f"data-{meta.get('name') or kind or 'section'}", "data": said}

    def _end(self, end: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        match end.get("status"):
            case "done":
                yield {"type": "finish-step"}
                word = (self._reason or "stop").replace("_", "-")
                metadata = {"messageMetadata": {"usage": self._counts}} if self._counts else {}
                yield {"type": "finish", "finishReason": word if word in _REASONS else "other", **metadata}
            case "error":
                yield {"type": "error", "errorText": mask(str(end.get("message") or "error"))}
            case status:
                yield {"type": "abort", "reason": str(end.get("reason") or status)}
