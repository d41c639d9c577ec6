"""What a user reads of a transcript: tool calls, usage, the messages for the next call.

Belongs here: pure functions from a transcript to the objects of the public API. Does not belong here: the handle (`_stream`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from nbstream._transcript import Section, Transcript
from nbstream._usage import CHARACTERS_PER_TOKEN, estimated_tokens

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
    return [call for section in _sections(transcript, choice) if (call := _call(section)) is not None]


def _call(section: Section) -> ToolCall | None:
    if section.kind != "tool":
        return None
    state = STATES.get(str(section.meta.get("state")), "input-streaming")
    return ToolCall(str(section.meta.get("id", "")), str(section.meta.get("name", "")), section.text, state)


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
        estimated: whether figures are our estimates (characters / 4) where the provider has not counted.
    """

    input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cached_tokens: int | None
    estimated: bool


def usage(transcript: Transcript, request: Sequence[Mapping[str, Any]] = ()) -> Usage:
    """Return the token counts so far; what the provider has not counted (yet) is estimated, also the input of `request`."""
    meta = transcript.meta

    def count(name: str) -> int | None:
        value = meta.get(name)
        return None if value is None else int(value)

    given, taken = count("input_tokens"), count("output_tokens")
    estimated = bool(meta.get("estimated", False))
    if taken is None and (made := estimated_tokens(tuple(transcript.sections))):
        taken, estimated = made, True
    if given is None and estimated and request:
        given = -(-sum(len(str(message.get("content") or "")) for message in request) // CHARACTERS_PER_TOKEN)
    return Usage(given, taken, count("reasoning_tokens"), count("cached_tokens"), estimated)


def reply(transcript: Transcript) -> dict[str, Any]:
    """Return the answer of choice 0 as the assistant's message for the next call."""
    return message_of(_sections(transcript, 0))


def turns(transcript: Transcript) -> list[dict[str, Any]]:
    """Return the answer of choice 0 as messages: one of the assistant for each step, behind it the results of its tools."""
    said: list[dict[str, Any]] = []
    for _, group in groupby(_sections(transcript, 0), lambda section: section.meta.get("step", 1)):
        sections = list(group)
        said.append(message_of([s for s in sections if s.kind != "result"]))
        said += [
            {"role": "tool", "tool_call_id": str(s.meta["id"]), "content": s.text}
            for s in sections
            if s.kind == "result" and s.meta.get("id")
        ]
    return said or [message_of([])]


def message_of(sections: Sequence[Section]) -> dict[str, Any]:
    """Return `sections` as one message of the assistant.

    Thinking blocks keep their signatures, which some providers demand back; a tool call whose arguments were cut short
    is left out.
    """
    message: dict[str, Any] = {"role": "assistant", "content": "".join(s.text for s in sections if s.kind == "content")}
    if blocks := [block for s in sections if s.kind == "thinking" and (block := _thinking_block(s))]:
        message["thinking_blocks"] = blocks
    whole = [call for call in map(_call, sections) if call and call.state != "input-streaming" and call.parsed is not None]
    if whole:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}
            for call in whole
        ]
    return message


def _thinking_block(section: Section) -> dict[str, Any] | None:
    if "redacted" in section.meta:
        return {"type": "redacted_thinking", "data": section.meta["redacted"]}
    if "signature" in section.meta:
        return {"type": "thinking", "thinking": section.text, "signature": section.meta["signature"]}
    return None


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
