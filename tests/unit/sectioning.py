"""Deltas written short, and what the sectioner made of them, in brief."""

from __future__ import annotations

from typing import Any

from nbstream._events import Delta
from nbstream._transcript import Transcript

Brief = list[tuple[str, str]]


def content(text: str = "", **more: Any) -> Delta:
    return Delta("content", text, **more)


def thinking(text: str = "", **more: Any) -> Delta:
    return Delta("thinking", text, **more)


def tool(text: str = "", index: int | None = None, **more: Any) -> Delta:
    return Delta("tool", text, index=index, **more)


STOP = Delta(finish_reason="stop")


def brief(transcript: Transcript, choice: int = 0) -> Brief:
    """Kind and text of the sections of one choice."""
    return [(s.kind, s.text) for s in transcript.sections if s.meta.get("choice", 0) == choice]


def calls(transcript: Transcript) -> list[tuple[Any, Any, str, Any]]:
    """Id, name, arguments and state of the tool calls."""
    return [(s.meta.get("id"), s.meta.get("name"), s.text, s.meta["state"]) for s in transcript.sections if s.kind == "tool"]
