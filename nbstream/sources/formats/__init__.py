"""Readers of the wire formats: from a provider's JSON events to deltas.

Belongs here: the table of formats and their recognition by shape. Does not belong here: framing (`_sse`, `_lines`), sockets,
and the writing of such streams (`nbstream.demo.formats`), which shares no code with this, because each is tested against the
other.

A reader is made for one response. It takes any mapping: the events of a stream, or a whole reply of the same provider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from nbstream.sources.formats import (
    anthropic,
    bedrock,
    cohere,
    gemini,
    interactions,
    ollama,
    openai_chat,
    openai_responses,
    own,
    uimessage,
)
from nbstream.sources.formats.shape import Reader, carry

FORMATS: Final[Mapping[str, Callable[[], Reader]]] = {
    "openai_chat": openai_chat.Reader,
    "openai_responses": openai_responses.Reader,
    "anthropic": anthropic.Reader,
    "gemini": gemini.Reader,
    "interactions": interactions.Reader,
    "ollama": ollama.Reader,
    "cohere": cohere.Reader,
    "bedrock": bedrock.Reader,
    "uimessage": uimessage.Reader,
    "own": own.Reader,
}
"""By name, what makes a reader."""

_ANTHROPIC: Final = ("message_start", "message_delta", "message_stop", "message", "completion")
_COHERE: Final = ("message-start", "message-end", "tool-plan-delta", "content-start", "content-delta", "text-generation")
_BEDROCK: Final = ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop")

__all__ = ["FORMATS", "Reader", "carry", "recognise"]


def recognise(data: Mapping[str, Any]) -> str | None:
    """Return the name of the format that `data`, an event or a whole reply, is in; None where it does not tell."""
    kind = data.get("type")
    if isinstance(kind, str) and (name := _by_type(kind)):
        return name
    if isinstance(data.get("choices"), list):
        return "openai_chat"
    if data.get("object") == "response" and "output" in data:
        return "openai_responses"
    if data.get("op") in own.VERBS or (isinstance(data.get("events"), list) and "run" in data):
        return "own"
    if "candidates" in data or "promptFeedback" in data or "prompt_feedback" in data or "usageMetadata" in data:
        return "gemini"
    if isinstance(event := data.get("event_type"), str):
        return "interactions" if event.startswith(("interaction.", "step.", "content.")) else "cohere"
    if "done" in data and ("message" in data or "response" in data):
        return "ollama"
    if any(name in data for name in _BEDROCK):
        return "bedrock"
    return "own" if any(isinstance(data.get(name), str) for name in own.PLAIN) else None


def _by_type(kind: str) -> str | None:
    if kind in _ANTHROPIC or kind.startswith("content_block_"):
        return "anthropic"
    if kind.startswith("response."):
        return "openai_responses"
    if kind in _COHERE:
        return "cohere"
    # "error" is a word of several formats: the event before it tells which.
    if (kind in uimessage.KINDS and kind != "error") or kind.startswith("data-"):
        return "uimessage"
    return None
