"""Readers of the wire formats: from a provider's JSON events to deltas.

Belongs here: the table of formats and their recognition by shape. Does not belong here: framing (`_sse`, `_lines`), sockets,
and the writing of such streams (`nbstream.demo.formats`), which shares no code with this, because each is tested against the
other.

A reader is made for one response. It takes any mapping: the events of a stream, or a whole reply of the same provider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from nbstream.sources.formats import anthropic, openai_chat
from nbstream.sources.formats.shape import Reader, carry

FORMATS: Final[Mapping[str, Callable[[], Reader]]] = {
    "openai_chat": openai_chat.Reader,
    "anthropic": anthropic.Reader,
}
"""By name, what makes a reader."""

_ANTHROPIC: Final = ("message_start", "message_delta", "message_stop", "message", "completion")

__all__ = ["FORMATS", "Reader", "carry", "recognise"]


def recognise(data: Mapping[str, Any]) -> str | None:
    """Return the name of the format that `data`, an event or a whole reply, is in; None where it does not tell."""
    kind = data.get("type")
    if isinstance(kind, str) and (kind in _ANTHROPIC or kind.startswith("content_block_")):
        return "anthropic"
    if isinstance(data.get("choices"), list):
        return "openai_chat"
    return None
