"""The UI-message stream of Vercel's AI SDK, version 5 and later: parts that start, grow and end.

Belongs here: what its chunks mean. Does not belong here: writing them (`_writing`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nbstream._events import Delta
from nbstream.sources.formats import shape
from nbstream.sources.formats.shape import text

KINDS: Final = (
    *("start", "start-step", "finish-step", "finish", "abort", "error", "message-metadata", "file", "reasoning-file"),
    *(f"{kind}-{what}" for kind in ("text", "reasoning") for what in ("start", "delta", "end")),
    *("tool-input-start", "tool-input-delta", "tool-input-available", "tool-input-error", "tool-approval-request"),
    *("tool-output-available", "tool-output-error", "tool-output-denied", "source-url", "source-document"),
)


class Reader:
    """Reads the chunks of a message."""

    def __init__(self) -> None:
        self.finished = False
        self._steps = 0
        self._numbers: dict[str, int] = {}
        self._argued: set[str] = set()

    def feed(self, data: Mapping[str, Any]) -> list[Delta]:
        """Return what the chunk `data` adds.

        Raises:
            ProviderError: it is an error.
        """
        return shape.kept(self._read(data))

    def _read(self, data: Mapping[str, Any]) -> Iterator[Delta]:
        kind = text(data.get("type"))
        match kind:
            case "text-delta":
                yield Delta("content", text(data.get("delta")))
            case "text-end":
                yield Delta("content", final=True)
            case "reasoning-delta":
                yield Delta("thinking", text(data.get("delta")))
            case "reasoning-end":
                yield Delta("thinking", final=True)
            case "source-url" | "source-document":
                place = text(data.get("url")) or text(data.get("filename")) or text(data.get("title"))
                title = text(data.get("title"))
                yield Delta("source", place, final=True, meta={"title": title} if title not in ("", place) else None)
            case "file" | "reasoning-file":
                yield shape.file(data.get("url"), data.get("mediaType"), name=data.get("filename"))
            case "start-step":
                self._steps += 1
                if self._steps > 1:
                    yield Delta("step")
            case "finish":
                self.finished = True
                yield Delta(finish_reason=shape.reason(_words(data.get("finishReason"))) or "stop")
            case "error":
                shape.complain(text(data.get("errorText")) or data)
            case _ if kind.startswith("tool-"):
                yield from self._tool(kind, text(data.get("toolCallId")), data)
            case _ if kind.startswith("data-") and not data.get("transient"):
                yield Delta("object", shape.dumps(data.get("data")), final=True, meta={"name": kind[5:]})

    def _tool(self, kind: str, own: str, data: Mapping[str, Any]) -> Iterator[Delta]:
        new = own not in self._numbers
        at = self._numbers.setdefault(own, len(self._numbers))
        name = text(data.get("toolName")) or None
        match kind:
            case "tool-input-start":
                yield Delta("tool", index=at, id=own, name=name)
            case "tool-input-delta":
                self._argued.add(own)
                yield Delta("tool", text(data.get("inputTextDelta")), index=at, id=own)
            case "tool-input-available" | "tool-input-error":
                whole = "" if own in self._argued else shape.arguments(data.get("input"))
                yield Delta("tool", whole, index=at, id=own, name=name if new else None, final=True)
                if kind == "tool-input-error":
                    yield shape.result(text(data.get("errorText")), own, bad=True)
            case "tool-output-available":
                if not data.get("preliminary"):
                    yield shape.result(data.get("output", ""), own)
            case "tool-output-error":
                yield shape.result(text(data.get("errorText")), own, bad=True)
            case "tool-output-denied":
                yield Delta("state", id=own, meta={"state": "denied"})
            case "tool-approval-request":
                yield Delta("state", id=own, meta={"state": "ask"})


def _words(reason: Any) -> Any:
    return reason.replace("-", "_") if isinstance(reason, str) else reason
