"""The provider's raw chunks: a capped log of them, each with its time.

Belongs here: which chunks are kept, and what is told of one. Does not belong here: where its fields are found
(`_chunk_fields`), the events that it led to (`_record`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from nbstream._chunk_fields import fields_of
from nbstream._events import Delta

CHUNK_LIMIT: Final = 2_000
"""How many of the latest raw chunks are kept; those with a finish reason or usage are kept besides."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of the provider's stream.

    Attributes:
        t: seconds since the request was handed to the client.
        kinds: the section kinds that its text went to, in order.
        length: of its text, in characters.
        raw: the provider's own object, None where the source has none.
    """

    t: float
    kinds: tuple[str, ...]
    length: int
    raw: Any = field(default=None, repr=False)

    @property
    def id(self) -> str | None:
        """The response's id."""
        return fields_of(self.raw).id

    @property
    def model(self) -> str | None:
        """The model that answers, in the provider's words."""
        return fields_of(self.raw).model

    @property
    def created(self) -> int | None:
        """When the response was made, in seconds since 1970."""
        return fields_of(self.raw).created

    @property
    def index(self) -> int | None:
        """The index of the choice, or of the content block."""
        return fields_of(self.raw).index

    @property
    def delta(self) -> Any:
        """What is new in it, as plain Python objects."""
        return fields_of(self.raw).delta

    @property
    def finish_reason(self) -> str | None:
        """Why the answer ends, in the provider's words."""
        return fields_of(self.raw).finish_reason

    @property
    def usage(self) -> Mapping[str, Any] | None:
        """The token counts, as the provider names them."""
        return fields_of(self.raw).usage


class ChunkLog:
    """The last `CHUNK_LIMIT` chunks and every one that carried a finish reason or usage.

    Attributes:
        count: how many chunks have come, kept or not.
    """

    def __init__(self) -> None:
        self.count = 0
        # A chunk is made of them when it is asked for: mostly nobody asks.
        self._latest: deque[tuple[int, float, Sequence[Delta]]] = deque(maxlen=CHUNK_LIMIT)
        self._final: list[tuple[int, float, Sequence[Delta]]] = []

    def add(self, t: float, deltas: Sequence[Delta]) -> None:
        """Record one batch of deltas, which one chunk gave and nobody changes."""
        tells = final = False
        for delta in deltas:
            tells = tells or delta.raw is not None or (delta.text != "" and delta.kind != "phase")
            final = final or delta.finish_reason is not None or delta.usage is not None
        if not tells:
            return
        if final:
            self._final.append((self.count, t, deltas))
        self._latest.append((self.count, t, deltas))
        self.count += 1

    def kept(self) -> list[Chunk]:
        """The kept chunks in order of arrival."""
        return [chunk for _, chunk in self.numbered()]

    def numbered(self, first: int = 0) -> list[tuple[int, Chunk]]:
        """The kept chunks from number `first` on, in order, each with its number from 0."""
        found = {number: (t, deltas) for number, t, deltas in (*self._final, *self._latest) if number >= first}
        return [(number, _chunk(*found[number])) for number in sorted(found)]


def _chunk(t: float, deltas: Sequence[Delta]) -> Chunk:
    texts = [d for d in deltas if d.text and d.kind != "phase"]
    raw = next((d.raw for d in deltas if d.raw is not None), None)
    return Chunk(t, tuple(d.kind for d in texts), sum(len(d.text) for d in texts), raw)
