"""The text of an answer as it was on the wire, where a client library would lose a part of it.

Belongs here: which formats are read there, and in which calls. Does not belong here: the end, the errors and the counts, which
are `_watch`'s; the formats (`formats`).

LiteLLM drops refusals, citations, results of tools and the signatures of some providers, and fails at calls in pieces. So its
chunks tell only that something came, and what came is read here. What a call asks LiteLLM to rewrite (a JSON answer that
travels as a tool call) is read from its chunks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nbstream._errors import NbstreamError
from nbstream._events import Delta
from nbstream.sources.formats import FORMATS, Reader, recognise

_READ: Final = ("openai_chat", "anthropic", "gemini")
_REWRITTEN: Final = ("response_format", "merge_reasoning_content_in_choices")


class Wire:
    """Reads the events of one response.

    Attributes:
        live: the format is known: what is taken here is the answer.
    """

    def __init__(self, provider: Mapping[str, Any]) -> None:
        """Read for a call with the keywords `provider`."""
        self.live = False
        self._rewritten = any(provider.get(name) for name in _REWRITTEN)
        self._reader: Reader | None = None
        self._deltas: list[Delta] = []

    def see(self, event: Mapping[str, Any]) -> None:
        """Read `event`, a JSON object from the stream."""
        if self._reader is None:
            name = recognise(event)
            if name not in _READ or self._rewritten:
                return
            self._reader = FORMATS[name]()
            self.live = True
        try:
            self._deltas += [d for d in self._reader.feed(event) if d.kind]
        except NbstreamError:  # the watch has seen it too, and raises it when the library has had its say
            return

    def take(self) -> list[Delta]:
        """Return what has come since the last call, without counts and finish reasons."""
        deltas, self._deltas = self._deltas, []
        return deltas
