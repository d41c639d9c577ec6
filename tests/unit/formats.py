"""A response in one of the wire formats, read to the end; and what stands in its transcript.

Belongs here: reading, and the short spellings of chunks that several tests use. Does not belong here: what is expected.
"""

from __future__ import annotations

from typing import Any

from nbstream._sections import Sectioner
from nbstream._transcript import Section, Transcript
from nbstream.sources.formats import FORMATS


def read(name: str, *events: Any) -> Transcript:
    """Return the transcript of a response in the format `name`."""
    transcript, sectioner, reader = Transcript(), Sectioner(), FORMATS[name]()
    for event in events:
        for delta in reader.feed(event):
            for made in sectioner.feed(delta):
                transcript.apply(made)
    for made in sectioner.finish():
        transcript.apply(made)
    return transcript


def kinds(transcript: Transcript) -> list[tuple[str, str]]:
    """Return the sections of `transcript` as pairs of kind and text."""
    return [(section.kind, section.text) for section in transcript.sections]


def calls(transcript: Transcript) -> list[tuple[Any, Any, str]]:
    """Return the tool calls of `transcript` as id, name and arguments."""
    return [(s.meta.get("id"), s.meta.get("name"), s.text) for s in transcript.sections if s.kind == "tool"]


def chat(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """Return a chunk of OpenAI's chat completions."""
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def call(index: int | None, own: str | None, name: str | None, arguments: Any) -> dict[str, Any]:
    """Return a piece of a tool call, with only what is not None."""
    parts = {"index": index, "id": own, "function": {"name": name, "arguments": arguments}}
    return {key: value for key, value in parts.items() if value is not None}


def last(transcript: Transcript) -> Section:
    """Return the last section."""
    return transcript.sections[-1]


def block(at: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events of a content block."""
    grown = [{"type": "content_block_delta", "index": at, "delta": delta} for delta in deltas]
    head = {"type": "content_block_start", "index": at, "content_block": start}
    return [head, *grown, {"type": "content_block_stop", "index": at}]
