"""What was really on the wire: the truth that a client library may invent, hide or reword.

Belongs here: status, finish reasons, errors and usage as the provider sent them, in every wire format. Does not belong here:
the text itself, which comes through the library.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from nbstream._errors import ProviderError

_WORDS: Final = {
    "stop": "stop end_turn stop_sequence eos eos_token complete completed finish",
    "length": "length max_tokens max_output_tokens model_length model_context_window_exceeded",
    "tool_calls": "tool_calls tool_call tool_use",
    "content_filter": "content_filter content_filtered refusal safety recitation blocklist prohibited_content spii error_toxic",
}
_REASONS: Final = {word: reason for reason, words in _WORDS.items() for word in words.split()}
_REASONED: Final = ("reasoning_tokens", "thoughtsTokenCount", "thinking_tokens")
_UNSET: Final = ("", "null", "finish_reason_unspecified")


class Broken(BaseException):
    """Raised by the transport beneath a library when the connection or the format broke; `Watch.fault` says how.

    No `except Exception` catches it on its way: a library that did would retry, log and rename, and litellm asks an Ollama
    server about the model, blocking the loop, in order to log a failure.
    """


def finish_reason(word: str) -> str:
    """Return a provider's `word` in OpenAI's words; one that has no equal there, in lower case."""
    return _REASONS.get(word.lower(), word.lower())


class Watch:
    """The record of one run's responses.

    Attributes:
        requests: requests that reached the transport; 0 where a library went another way.
        status: of the last response, 0 before it.
        content_type: of the last response.
        retry_after: seconds that the last response asked to wait.
        body: the beginning of the last body that was no stream.
        received: bytes of bodies so far.
        streamed: a body was framed as a stream.
        frank: a fault is raised as `Broken`, not as the exception that a library expects.
        choices: indices of the choices seen.
        finished: by choice, the finish reason as sent.
        usage: the provider sent token counts.
        reasoned: among them those of its reasoning.
        model: the model's name as the provider gives it.
        complaint: an error that came as an event of the stream.
        fault: the connection or the format broke.
        also: is called with each event too.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.status = 0
        self.content_type = ""
        self.retry_after: float | None = None
        self.body = b""
        self.received = 0
        self.streamed = False
        self.frank = True
        self.choices: set[int] = set()
        self.finished: dict[int, str] = {}
        self.usage = False
        self.reasoned = False
        self.model = ""
        self.complaint: Mapping[str, Any] | None = None
        self.fault: ProviderError | None = None
        self.also: Callable[[Mapping[str, Any]], None] | None = None

    @property
    def whole(self) -> bool:
        """Whether every choice has its finish reason: what comes after it cannot hurt the answer."""
        return bool(self.finished) and self.choices <= self.finished.keys()

    def see(self, event: Any) -> None:
        """Note what `event`, a JSON value from the stream, says besides text."""
        if not isinstance(event, dict):
            if isinstance(event, list):  # Gemini without alt=sse wraps its events in an array
                for part in event:
                    self.see(part)
            return
        if self.also is not None:
            self.also(event)
        chat = "choices" in event
        if error := event.get("error") or (not chat and _dict(event.get("response")).get("error")):
            self.complaint = error if isinstance(error, dict) else {"message": str(error)}
        for number, word in _finishes(event):
            self.choices.add(number)
            if isinstance(word, str) and word.lower() not in _UNSET:
                self.finished[number] = word
        if counts := event.get("usage") or (not chat and _usage(event)):
            self.usage = True
            self.reasoned = self.reasoned or any(f'"{word}"' in json.dumps(counts) for word in _REASONED)
        self.model = self.model or _model(event)


def _finishes(event: dict[str, Any]) -> Iterable[tuple[int, Any]]:
    """The choices of `event` with their finish reasons, None while unfinished."""
    if isinstance(choices := event.get("choices"), list):  # OpenAI chat
        return [(_index(c), c.get("finish_reason")) for c in choices if isinstance(c, dict)]
    if isinstance(candidates := event.get("candidates"), list):  # Gemini
        return [(_index(c), c.get("finishReason")) for c in candidates if isinstance(c, dict)]
    if block := _dict(event.get("promptFeedback")).get("blockReason"):
        return [(0, "content_filter" if isinstance(block, str) else None)]
    if "done" in event and ("message" in event or "response" in event):  # Ollama; old ones give no reason
        return [(0, (event.get("done_reason") or "stop") if event["done"] is True else None)]
    return [(0, _typed(event))] if isinstance(event.get("type"), str) or "is_finished" in event else []


def _typed(event: dict[str, Any]) -> Any:
    match event.get("type"):
        case "message_delta":  # Anthropic
            return _dict(event.get("delta")).get("stop_reason")
        case "response.completed":  # OpenAI Responses
            return "stop"
        case "response.incomplete":
            return _dict(_dict(event.get("response")).get("incomplete_details")).get("reason") or "length"
        case "message-end":  # Cohere
            return _dict(event.get("delta")).get("finish_reason")
    return event.get("finish_reason") if event.get("is_finished") is True else None


def _usage(event: dict[str, Any]) -> Any:
    return (
        event.get("usageMetadata")
        or _dict(event.get("response")).get("usage")
        or _dict(event.get("message")).get("usage")
        or event.get("eval_count")
        or _dict(event.get("delta")).get("usage")
    )


def _model(event: dict[str, Any]) -> str:
    for value in (event.get("model"), event.get("modelVersion"), _dict(event.get("message")).get("model")):
        if isinstance(value, str):
            return value
    return ""


def _index(choice: dict[str, Any]) -> int:
    index = choice.get("index")
    return index if isinstance(index, int) else 0


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
