"""OpenAI's chat completions, in the dialects of all who speak them, and the older text completions.

Belongs here: what a chunk means, whole or streamed. Does not belong here: the Responses API (`openai_responses`).

The dialects that are known: reasoning as `reasoning_content`, `reasoning`, `reasoning_details` (OpenRouter), `thinking_blocks`
(LiteLLM) or parts of the content (Mistral); tool calls without index or id, whole in one chunk, with an object as arguments;
citations beside the choices (Perplexity) or as annotations; images beside the content; token counts in any chunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from nbstream._events import Delta
from nbstream.sources.formats import shape
from nbstream.sources.formats.shape import obj, objs, text

_ROUTINE: Final = {"id", "object", "created", "model", "system_fingerprint", "service_tier", "obfuscation", "choices", "usage"}
_PLAIN: Final = {"index", "delta", "finish_reason", "logprobs"}
_TEXTS: Final = {"content": "content", "reasoning_content": "thinking", "reasoning": "thinking"}


@dataclass(slots=True)
class _Choice:
    """What the reader remembers of a choice."""

    streamed: bool = False
    refused: bool = False
    finished: bool = False
    thought: list[str] = field(default_factory=list)  # of the block of reasoning that has no signature yet
    calls: dict[int, str] = field(default_factory=dict)  # index -> the whole id of the call that is open there


class Reader:
    """Reads chat completions."""

    def __init__(self) -> None:
        self._id = ""
        self._choices: dict[int, _Choice] = {}
        self._model = shape.Model()
        self._sources = shape.Citations()

    @property
    def finished(self) -> bool:
        """Whether every choice that was seen has its finish reason."""
        return bool(self._choices) and all(choice.finished for choice in self._choices.values())

    def feed(self, data: Mapping[str, Any]) -> list[Delta]:
        """Return what the chunk `data` adds.

        Raises:
            ProviderError: it is an error.
        """
        if (routine := self._routine(data)) is not None:
            return routine
        choices = objs(data.get("choices"))
        for holder in (data, *choices):
            if error := holder.get("error"):
                shape.complain(error)
        if data.get("object") == "error" or (data.get("type") == "error" and not choices):
            shape.complain(data)
        self._sources.add_all(data.get("citations"))
        self._sources.add_all(data.get("search_results"))
        found = self._anew(data.get("id"), bool(choices)) + self._model.note(data.get("model"))
        for choice in choices:
            found += self._choice(choice)
        return found + _usage(obj(data.get("usage")) or obj(obj(data.get("x_groq")).get("usage")))

    def _routine(self, data: Mapping[str, Any]) -> list[Delta] | None:
        """What nearly every chunk is: a piece of one text in a choice that goes on, and no news beside it; else None."""
        if not data.keys() <= _ROUTINE or data.get("usage") or data.get("id") != self._id or not self._model.is_known(data):
            return None
        choices = data.get("choices")
        if type(choices) is not list or len(choices) != 1 or type(choices[0]) is not dict or not choices[0].keys() <= _PLAIN:
            return None
        choice = choices[0]
        number, delta = choice.get("index"), choice.get("delta")
        if choice.get("finish_reason") or type(number) is not int or number not in self._choices or type(delta) is not dict:
            return None
        kind = said = ""
        for name, value in delta.items():
            if value is None or value == "" or name == "role":
                continue
            if kind or type(value) is not str or name not in _TEXTS:
                return None
            kind, said = _TEXTS[name], value
        self._choices[number].streamed = True
        if kind == "thinking":
            self._choices[number].thought.append(said)
        return [Delta(kind, said, number)] if kind else []

    def _anew(self, own: Any, chosen: bool) -> list[Delta]:
        """Whether another response follows in the same stream."""
        old, self._id = self._id, text(own) or self._id
        if not chosen or not self.finished or old == self._id:
            return []
        self._choices.clear()
        return [Delta("step")]

    def _choice(self, choice: Mapping[str, Any]) -> Iterator[Delta]:
        number = shape.index_of(choice)
        seen = self._choices.setdefault(number, _Choice())
        delta = choice.get("delta")
        if isinstance(delta, Mapping):
            seen.streamed = True
        elif not seen.streamed:  # some repeat the whole message at the end of a stream
            delta = choice.get("message")
        yield from self._message(obj(delta), number, seen)
        if part := text(choice.get("text")):
            yield Delta("content", part, choice=number)
        if word := shape.reason(choice.get("finish_reason")):
            seen.finished = True
            seen.calls.clear()
            yield from self._sources.release(number)
            yield Delta(choice=number, finish_reason=word)

    def _message(self, delta: Mapping[str, Any], number: int, seen: _Choice) -> Iterator[Delta]:
        yield from _thinking(delta, number, seen)
        content = delta.get("content")
        if isinstance(content, str):
            if content:
                yield Delta("content", content, choice=number)
        else:
            for part in objs(content):
                yield from self._part(part, number, seen)
        yield from self._refusal(delta.get("refusal"), number, seen)
        if spoken := text(obj(delta.get("audio")).get("transcript")):
            yield Delta("content", spoken, choice=number)
        for image in objs(delta.get("images")):
            yield from self._part(image, number, seen)
        self._sources.add_all(delta.get("annotations"))
        yield from _tools(objs(delta.get("tool_calls")), number, seen)
        if legacy := obj(delta.get("function_call")):
            yield _tool({"function": legacy}, number)

    def _part(self, part: Mapping[str, Any], number: int, seen: _Choice) -> Iterator[Delta]:
        """One part of a content that is a list."""
        match part.get("type"):
            case "thinking" | "reasoning":
                yield Delta("thinking", shape.plain(part.get("thinking") or part.get("text") or ""), choice=number)
            case "refusal":
                yield from self._refusal(part.get("refusal"), number, seen)
            case "image_url" | "image":
                image = part.get("image_url") or part.get("image")
                yield shape.file(obj(image).get("url") if isinstance(image, Mapping) else image, "", choice=number)
            case _ if found := text(part.get("text")):
                self._sources.add_all(part.get("annotations"))
                yield Delta("content", found, choice=number)

    @staticmethod
    def _refusal(words: Any, number: int, seen: _Choice) -> Iterator[Delta]:
        """A refusal is what the model answers; the section's meta says what it is."""
        if text(words):
            yield Delta("content", words, choice=number, meta=None if seen.refused else {"refusal": True})
            seen.refused = True


def _thinking(delta: Mapping[str, Any], number: int, seen: _Choice) -> Iterator[Delta]:
    """The reasoning, once, though several fields may hold the same text; then what must be sent back with it."""
    details, blocks = objs(delta.get("reasoning_details")), objs(delta.get("thinking_blocks"))
    said = next((t for name in ("reasoning_content", "reasoning", "reasoning_text") if (t := text(delta.get(name)))), "")
    said = said or "".join(text(d.get("text")) or text(d.get("summary")) for d in details)
    # Some versions of litellm repeat the whole block beside its signature.
    known = "".join(seen.thought) if any(map(_signed, blocks)) else ""
    said = said or "".join(t for block in blocks if (t := text(block.get("thinking"))) and not (_signed(block) and t == known))
    if said:
        seen.thought.append(said)
        yield Delta("thinking", said, choice=number)
    for part in (*details, *blocks):  # a signature ends its block: sending it back later needs it beside its own text
        if signature := _signed(part):
            seen.thought.clear()
            yield Delta("thinking", choice=number, meta={"signature": signature}, final=True)
        elif part.get("type") in ("redacted_thinking", "reasoning.encrypted"):
            yield Delta("thinking", choice=number, meta={"redacted": text(part.get("data"))}, final=True)


def _signed(block: Mapping[str, Any]) -> str:
    return text(block.get("signature"))


def _tools(calls: list[Mapping[str, Any]], number: int, seen: _Choice) -> Iterator[Delta]:
    """The pieces of tool calls in one chunk, and where a call ends because another one takes its place."""
    for place, call in enumerate(calls):
        piece = _tool(call, number)
        if piece.index is not None and piece.id and piece.name:
            old = seen.calls.get(piece.index, "")
            if old and piece.id != old and len(piece.id) == len(old):  # pieces of one id are not of one length
                yield Delta("tool", choice=number, index=piece.index, id=old, final=True)
            seen.calls[piece.index] = piece.id
        yield piece
        following = calls[place + 1] if place + 1 < len(calls) else {}
        if piece.index is None and not piece.id and piece.name and obj(following.get("function")).get("name"):
            yield Delta("tool", choice=number, final=True)


def _tool(call: Mapping[str, Any], number: int) -> Delta:
    """One piece of a tool call: index, id, name and arguments may each be absent or null."""
    function = obj(call.get("function")) or obj(call.get("custom"))
    return Delta(
        "tool",
        shape.arguments(function.get("arguments", function.get("input"))),
        choice=number,
        index=shape.whole(call.get("index")),
        id=text(call.get("id")) or None,
        name=text(function.get("name")) or None,
    )


def _usage(counts: Mapping[str, Any]) -> list[Delta]:
    told, taken = obj(counts.get("prompt_tokens_details")), obj(counts.get("completion_tokens_details"))
    cost = counts.get("cost")
    return shape.usage(
        counts.get("prompt_tokens"),
        counts.get("completion_tokens"),
        taken.get("reasoning_tokens"),
        told.get("cached_tokens", counts.get("prompt_cache_hit_tokens")),
        cost.get("total_cost") if isinstance(cost, Mapping) else cost,
    )
