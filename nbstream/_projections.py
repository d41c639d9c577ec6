"""What a user reads of a transcript: tool calls, usage, the messages for the next call.

Belongs here: pure functions from a transcript to the objects of the public API. Does not belong here: the handle (`_stream`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nbstream._transcript import Section, Transcript

STATES: Final = {
    "input": "input-streaming",
    "ready": "input-available",
    "ask": "approval-requested",
    "run": "input-available",
    "ok": "output-available",
    "bad": "output-error",
    "denied": "output-denied",
}
"""The state of a tool call: the word on the wire and in a view's `data-state`, and the word of the public API."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call of the answer, as far as it has come.

    Attributes:
        id: as the provider sent it, "" where it sent none.
        name: of the tool.
        arguments: the raw JSON text as streamed.
        state: input-streaming, input-available, approval-requested, output-available, output-error or output-denied.
    """

    id: str
    name: str
    arguments: str
    state: str

    @property
    def parsed(self) -> Any:
        """The arguments as Python objects; None while they are no complete JSON."""
        try:
            return json.loads(self.arguments or "{}")
        except ValueError:
            return None


def tool_calls(transcript: Transcript, choice: int = 0) -> list[ToolCall]:
    """Return the tool calls of `choice` in stream order."""
    return [
        ToolCall(
            str(s.meta.get("id", "")),
            str(s.meta.get("name", "")),
            s.text,
            STATES.get(str(s.meta.get("state")), "input-streaming"),
        )
        for s in _sections(transcript, choice)
        if s.kind == "tool"
    ]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers to a request with n > 1.

    Attributes:
        content, thinking: the exact concatenation of its sections.
        tool_calls: in stream order.
    """

    content: str
    thinking: str
    tool_calls: list[ToolCall]


def choices(transcript: Transcript) -> list[Choice]:
    """Return every choice, by index."""
    count = 1 + max((int(s.meta.get("choice", 0)) for s in tuple(transcript.sections)), default=0)
    return [
        Choice(transcript.joined("content", i), transcript.joined("thinking", i), tool_calls(transcript, i))
        for i in range(count)
    ]


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts; None where neither the provider nor an estimate gives one.

    Attributes:
        input_tokens, output_tokens, reasoning_tokens, cached_tokens: as the provider counted.
        estimated: whether `output_tokens` is our estimate (characters / 4).
    """

    input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cached_tokens: int | None
    estimated: bool


def usage(transcript: Transcript) -> Usage:
    """Return the token counts so far."""
    meta = transcript.meta

    def count(name: str) -> int | None:
        value = meta.get(name)
        return None if value is None else int(value)

    return Usage(
        count("input_tokens"),
        count("output_tokens"),
        count("reasoning_tokens"),
        count("cached_tokens"),
        bool(meta.get("estimated", False)),
    )


def reply(transcript: Transcript) -> dict[str, Any]:
    """Return the answer of choice 0 as the assistant's message for the next call.

    Thinking blocks keep their signatures, which some providers demand back; a tool call whose arguments were cut short
    is left out.
    """
    message: dict[str, Any] = {"role": "assistant", "content": transcript.content}
    sections = _sections(transcript, 0)
    blocks = [
        {"type": "thinking", "thinking": s.text, "signature": s.meta["signature"]}
        for s in sections
        if s.kind == "thinking" and "signature" in s.meta
    ]
    if blocks:
        message["thinking_blocks"] = blocks
    whole = [call for call in tool_calls(transcript) if call.state != "input-streaming" and call.parsed is not None]
    if whole:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}
            for call in whole
        ]
    return message


def going_on(
    request: Sequence[Mapping[str, Any]], transcript: Transcript, prompt: str | Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return the messages of the next call: `request`, the reply, and `prompt`, a text or messages.

    A reply without a word, of a run that failed, is left out, because providers refuse it.

    Raises:
        ValueError: the reply calls tools, and `prompt` is no message that holds their results.
    """
    last = reply(transcript)
    said = [last] if last["content"] or "tool_calls" in last else []
    if not isinstance(prompt, str):
        return [*request, *said, *prompt]
    if "tool_calls" in last:
        raise ValueError("the answer calls tools; give their results first, as messages of the role 'tool'")
    return [*request, *said, {"role": "user", "content": prompt}]


def _sections(transcript: Transcript, choice: int) -> Sequence[Section]:
    return [s for s in tuple(transcript.sections) if s.meta.get("choice", 0) == choice]
