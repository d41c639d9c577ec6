"""The wire formats: what a request asks for, and an answer as the bytes that a provider of that format sends.

Belongs here: the list of formats, and the choice by path. Does not belong here: sockets and pace (`server`, `service`), and
reading such streams (`nbstream.sources`), which shares no code with this, because it is tested against it.

A stream is a list of chunks, each one or several whole events: chunk i carries piece i of the answer and what must open before
it, one last chunk carries the end. A format that sends tool calls whole (Gemini, Ollama) sends each in the place of its last
piece.
"""

from __future__ import annotations

from nbstream.demo.formats import anthropic, gemini, ollama, openai_chat, openai_responses
from nbstream.demo.formats.shape import Ask, Format, Json, Message

FORMATS: tuple[Format, ...] = (
    openai_chat.FORMAT,
    openai_responses.FORMAT,
    anthropic.FORMAT,
    gemini.FORMAT,
    ollama.FORMAT,
)

__all__ = ["FORMATS", "Ask", "Format", "Json", "Message", "format_of"]


def format_of(path: str) -> Format | None:
    """Return the format that answers on `path` (with or without a query), None where there is none."""
    bare = path.partition("?")[0].rstrip("/")
    return next((found for found in FORMATS if found.path.search(bare)), None)
