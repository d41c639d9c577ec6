"""What all formats share: the question, the interface, the writing of JSON and events.

Belongs here: the types, and what two formats would otherwise write twice. Does not belong here: the words of any one provider.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from nbstream.demo.answer import Answer, Usage

Json: TypeAlias = "dict[str, Any]"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the request; `role` is system, user, assistant or tool."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request asks for, in no provider's words.

    Attributes:
        model: the model's name, ``""`` where none was sent.
        stream: whether the answer is to be streamed.
        messages: the conversation; a tool's result is a message of the role ``tool``.
        tools: the tools on offer, by name, with the JSON schema of their parameters.
        max_tokens: the limit on the output, None where there is none.
        include_usage: whether a stream is to end with usage figures (OpenAI chat leaves it to the caller).
    """

    model: str
    stream: bool
    messages: Sequence[Message]
    tools: Mapping[str, Json] = field(default_factory=dict)
    max_tokens: int | None = None
    include_usage: bool = True

    @property
    def prompt(self) -> str:
        """The last message of the user."""
        return next((message.text for message in reversed(self.messages) if message.role == "user"), "")

    @property
    def results(self) -> list[str]:
        """The tool results after the last message of the user, in order."""
        found: list[str] = []
        for message in reversed(self.messages):
            if message.role == "user":
                break
            if message.role == "tool":
                found.append(message.text)
        return found[::-1]

    def usage(self, answer: Answer) -> Usage:
        """Return the usage of `answer` to this question."""
        return answer.counted("".join(message.text for message in self.messages))


@dataclass(frozen=True, slots=True)
class Format:
    """One wire format.

    Attributes:
        name: openai-chat, openai-responses, anthropic, gemini or ollama.
        path: matches the paths on which it answers.
        content_type: of a stream.
        ask: (path, body) -> what is asked.
        stream: (answer, ask, raw) -> the chunks of the stream; raw: non-ASCII goes as it is.
        reply: (answer, ask) -> the JSON reply where no stream was asked for.
        error: (status, message, code) -> the JSON body of an error response.
        error_event: (message, code) -> an error in the midst of a stream.
        event: (payload) -> one event around any payload, also one that is no JSON.
    """

    name: str
    path: re.Pattern[str]
    content_type: str
    ask: Callable[[str, Json], Ask]
    stream: Callable[[Answer, Ask, bool], list[bytes]]
    reply: Callable[[Answer, Ask], Json]
    error: Callable[[int, str, str], Json]
    error_event: Callable[[str, str], bytes]
    event: Callable[[bytes], bytes]


def dumps(value: Json, raw: bool = True) -> bytes:
    """Return `value` as JSON; a lone surrogate, which UTF-8 cannot carry, makes the whole object ASCII with escapes."""
    if raw:
        try:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        except UnicodeEncodeError:
            pass
    return json.dumps(value, separators=(",", ":")).encode()


def sse(payload: bytes, name: str = "") -> bytes:
    """Return one server-sent event."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + payload + b"\n\n"


def plain(content: Any) -> str:
    """Return the text of a message's content: a string, or a list of parts of which those with text count."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part if isinstance(part, str) else plain(part) for part in content)
    if isinstance(content, dict):
        text = content.get("text", content.get("content", ""))
        return plain(text)
    return ""


def items(value: Any) -> list[Json]:
    """Return the objects of a list, an empty list for anything else: a request may hold any JSON."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def whole(value: Any) -> int | None:
    """Return `value` if it is a number of tokens, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def parsed(arguments: str) -> Any:
    """Return the value of a call's argument JSON, an empty object where it is none: formats that send values need one."""
    try:
        return json.loads(arguments)
    except ValueError:
        return {}
