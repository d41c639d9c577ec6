"""Text as it arrives: surrogates that were cut, and a thinking tag that opens an answer.

Belongs here: repairs that must not depend on where the provider cut its text (L5). Does not belong here: sections.
"""

from __future__ import annotations

import re
from typing import Final

from nbstream._events import Meta, MetaValue

REPLACEMENT: Final = "�"
OPENING: Final = "<think>"
CLOSING: Final = "</think>"
BLANK_LIMIT: Final = 256
"""More white space than this before a tag, in characters, and it does not open the answer: what is held must not grow."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Surrogates:
    """Joins the halves of a character that two deltas carry; a half that stays alone becomes U+FFFD.

    JSON can escape a character beyond U+FFFF as two halves, and some providers cut between them. A lone half cannot be sent to
    a notebook: packing the message would raise.
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Return the text that is certain now; a high half at the end is held."""
        if not self._held and not _SURROGATE.search(text):
            return text
        text = self._held + text
        self._held = text[-1] if text and "\ud800" <= text[-1] <= "\udbff" else ""
        return repaired(text[: len(text) - len(self._held)])

    def flush(self) -> str:
        """Return what was held, repaired: nothing more will come."""
        held, self._held = self._held, ""
        return REPLACEMENT if held else ""


def repaired(text: str) -> str:
    """Return `text`, which is whole, with halves that belong together joined and each lone one as U+FFFD."""
    if not _SURROGATE.search(text):
        return text
    joined = _PAIR.sub(lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)
    return _SURROGATE.sub(REPLACEMENT, joined)


def repaired_meta(meta: Meta | None) -> dict[str, MetaValue]:
    """Return a copy of `meta` with its texts repaired; empty for None."""
    return {key: repaired(value) if isinstance(value, str) else value for key, value in (meta or {}).items()}


class ThinkTag:
    """Splits a `<think>…</think>` that opens an answer off from it, wherever the tags were cut.

    White space before the opening tag is dropped with the tag; anything else before it makes it ordinary content. The closing
    tag that follows first ends the thinking; what comes after is content, untouched. Yields pairs (kind, text).
    """

    __slots__ = ("_held", "_state")

    def __init__(self) -> None:
        self._state = "start"  # start -> thinking -> content, or start -> content
        self._held = ""

    @property
    def thinking(self) -> bool:
        """Whether the opening tag has come and the closing one has not."""
        return self._state == "thinking"

    @property
    def settled(self) -> bool:
        """Whether what comes now is content, whatever it is."""
        return self._state == "content"

    @property
    def blank(self) -> bool:
        """Whether nothing but white space, or nothing at all, is held."""
        return not self._held.strip()

    def feed(self, text: str) -> list[tuple[str, str]]:
        """Return what is certain now, in order; a piece that may be part of a tag is held."""
        if self._state == "content":
            return [("content", text)] if text else []
        text, self._held = self._held + text, ""
        return self._start(text) if self._state == "start" else self._thinking(text)

    def flush(self) -> list[tuple[str, str]]:
        """Return what was held: something else comes now, so it is no tag."""
        held, self._held = self._held, ""
        if held and self._state == "start":
            self._state = "content"
        kind = "thinking" if self._state == "thinking" else "content"
        return [(kind, held)] if held else []

    def _start(self, text: str) -> list[tuple[str, str]]:
        rest = text.lstrip()
        near = len(text) - len(rest) <= BLANK_LIMIT
        if near and rest.startswith(OPENING):
            self._state = "thinking"
            return self._thinking(rest[len(OPENING) :])
        if near and OPENING.startswith(rest):
            self._held = text
            return []
        self._state = "content"
        return [("content", text)]

    def _thinking(self, text: str) -> list[tuple[str, str]]:
        before, tag, after = text.partition(CLOSING)
        if tag:
            self._state = "content"
            return [pair for pair in (("thinking", before), ("content", after)) if pair[1]]
        keep = next((n for n in range(min(len(CLOSING) - 1, len(text)), 0, -1) if CLOSING.startswith(text[-n:])), 0)
        certain, self._held = text[: len(text) - keep], text[len(text) - keep :]
        return [("thinking", certain)] if certain else []
