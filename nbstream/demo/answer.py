"""What a provider says, in no provider's words: pieces, usage, finish reason.

Belongs here: the shape of an answer, cutting texts into pieces, counting tokens. Does not belong here: bytes (`formats`) and
what the demo answers (`scripts`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

CHARACTERS_PER_TOKEN = 4
"""A rule of thumb for English; the demo's token figures are made with it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one chunk of the stream carries.

    Attributes:
        kind: ``thinking``, ``content`` or ``tool``.
        text: the text; for a tool a part of its argument JSON.
        index: the number of the tool call.
        id, name: of the tool call, on its first piece only.
        choice: for n > 1.
    """

    kind: str
    text: str = ""
    index: int = 0
    id: str = ""
    name: str = ""
    choice: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; `arguments` is its JSON text, whole or in the parts in which it is streamed."""

    id: str
    name: str
    arguments: str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts; `output` includes `reasoning`, `input` includes `cached`, as OpenAI counts."""

    input: int
    output: int
    reasoning: int = 0
    cached: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer.

    `finish_reason` is in OpenAI's words, None where none is sent; `usage` None is counted from the texts.
    """

    pieces: Sequence[Piece]
    finish_reason: str | None = "stop"
    usage: Usage | None = None

    @classmethod
    def of(
        cls,
        content: str | Sequence[str] = "",
        *,
        thinking: str | Sequence[str] = "",
        calls: Sequence[Call] = (),
        cut: int | None = None,
        finish_reason: str | None = "",
        usage: Usage | None = None,
    ) -> Answer:
        """Return an answer that thinks, speaks and then calls tools.

        Texts are cut into pieces of `cut` characters (None: one piece); a list of texts is taken as its pieces. Without a
        `finish_reason` it is ``tool_calls`` or ``stop``; None means that none is sent.
        """
        pieces = [Piece("thinking", text) for text in cuts(thinking, cut)]
        pieces += [Piece("content", text) for text in cuts(content, cut)]
        for index, call in enumerate(calls):
            pieces.append(Piece("tool", index=index, id=call.id, name=call.name))
            pieces += [Piece("tool", text, index) for text in cuts(call.arguments, cut)]
        if finish_reason == "":
            finish_reason = "tool_calls" if calls else "stop"
        return cls(pieces, finish_reason, usage)

    def text(self, kind: str) -> str:
        """Return all text of one kind, choice 0."""
        return "".join(piece.text for piece in self.pieces if piece.kind == kind and piece.choice == 0)

    def calls(self) -> list[Call]:
        """Return the tool calls of choice 0, their arguments whole."""
        found: dict[int, Call] = {}
        for piece in self.pieces:
            if piece.kind != "tool" or piece.choice:
                continue
            call = found.get(piece.index, Call("", "", ""))
            found[piece.index] = Call(call.id + piece.id, call.name + piece.name, f"{call.arguments}{piece.text}")
        return [found[index] for index in sorted(found)]

    def counted(self, prompt: str) -> Usage:
        """Return the usage, counted from the texts where the answer names none."""
        if self.usage is not None:
            return self.usage
        reasoning = tokens(self.text("thinking"))
        spoken = tokens("".join(piece.text for piece in self.pieces if piece.kind != "thinking"))
        return Usage(tokens(prompt), reasoning + spoken, reasoning)

    def limited(self, max_tokens: int | None) -> Answer:
        """Return the answer cut after `max_tokens` tokens, finish reason ``length``; itself where it is short enough."""
        if max_tokens is None:
            return self
        room = max_tokens * CHARACTERS_PER_TOKEN
        kept: list[Piece] = []
        for piece in self.pieces:
            if len(piece.text) > room:
                if room:
                    kept.append(replace(piece, text=piece.text[:room]))
                return Answer(kept, "length", self.usage)
            room -= len(piece.text)
            kept.append(piece)
        return self


def tokens(text: str) -> int:
    """Return about how many tokens `text` is; 0 only for no text."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def cuts(text: str | Sequence[str], size: int | None) -> Iterator[str]:
    """Yield the pieces of `text`: of `size` characters, whole where `size` is None, as they are where it is a list."""
    if not isinstance(text, str):
        yield from text
    elif size is None:
        if text:
            yield text
    else:
        for start in range(0, len(text), size):
            yield text[start : start + size]


def words(text: str) -> Iterator[str]:
    """Yield `text` in pieces as a tokenizer would: a few letters, their white space before them."""
    yield from re.findall(r"\s*[^\s\w]|\s*\w{1,6}|\s+", text)
