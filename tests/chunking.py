"""Chunk-invariance as a helper: one case, cut in many ways, must give one transcript (L5).

Belongs here: cutting deltas and folding them. Does not belong here: cases.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from nbstream._events import Delta, Event
from nbstream._sections import Sectioner
from nbstream._transcript import Transcript

SEED = 20_250_801
ROUNDS = 12

Cutter: TypeAlias = Callable[[str], list[str]]


def units(text: str) -> list[str]:
    """`text` by UTF-16 unit: a character beyond U+FFFF gives two lone surrogates, as JSON escapes it."""
    wire = text.encode("utf-16-le", "surrogatepass")
    return [wire[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(wire), 2)]


def randomly(rng: random.Random) -> Cutter:
    """A cutter into pieces of 0 to 6 UTF-16 units: providers send empty pieces too."""

    def cut(text: str) -> list[str]:
        rest, pieces = units(text), list[str]()
        while rest:
            length = rng.randint(0, 6)
            pieces.append("".join(rest[:length]))
            rest = rest[length:]
        return pieces

    return cut


def recut(deltas: Iterable[Delta], cut: Cutter) -> Iterator[Delta]:
    """The same stream, each text in pieces: what precedes a text goes with its first piece, what follows with its last."""
    for delta in deltas:
        pieces = (cut(delta.text) if delta.text and delta.kind != "phase" else []) or [delta.text]
        for n, piece in enumerate(pieces):
            first, last = n == 0, n == len(pieces) - 1
            yield replace(
                delta,
                text=piece,
                id=delta.id if first else None,
                name=delta.name if first else None,
                meta=delta.meta if first else None,
                final=delta.final and last,
                note=delta.note if last else None,
                usage=delta.usage if last else None,
                finish_reason=delta.finish_reason if last else None,
            )


def merged(deltas: Iterable[Delta]) -> list[Delta]:
    """The same stream with neighbours joined where the second one says nothing but text."""
    result: list[Delta] = []
    for delta in deltas:
        last = result[-1] if result else None
        bare = Delta(delta.kind, delta.text, delta.choice, delta.index)
        if last and delta == bare and delta.kind and _place(last) == _place(delta) and not (last.final or last.finish_reason):
            result[-1] = replace(last, text=last.text + delta.text)
        else:
            result.append(delta)
    return result


def _place(delta: Delta) -> tuple[str, int, int | None]:
    return (delta.kind, delta.choice, delta.index)


def every_way(deltas: Sequence[Delta]) -> Iterator[tuple[str, list[Delta]]]:
    """The stream as it is, whole, by character, by UTF-16 unit and randomly cut with a fixed seed; each with its name."""
    yield "as it is", list(deltas)
    yield "whole", merged(deltas)
    yield "by character", list(recut(deltas, list))
    yield "by UTF-16 unit", list(recut(deltas, units))
    rng = random.Random(SEED)
    for n in range(ROUNDS):
        yield f"randomly, round {n}", list(recut(deltas, randomly(rng)))


def events_of(deltas: Iterable[Delta]) -> list[Event]:
    """The sectioner's events, to its finish."""
    sectioner = Sectioner()
    events = [event for delta in deltas for event in sectioner.feed(delta)]
    return events + sectioner.finish()


def fold(events: Iterable[Event]) -> Transcript:
    """A transcript that has taken `events`."""
    transcript = Transcript()
    for event in events:
        transcript.apply(event)
    return transcript


def shape(transcript: Transcript) -> dict[str, Any]:
    """The state without its number: merging and cutting change how many events there are."""
    return {key: value for key, value in transcript.snapshot().items() if key != "seq"}


def same_however_cut(deltas: Sequence[Delta]) -> Transcript:
    """Assert that every way to cut `deltas` gives one transcript, and return it."""
    expected = fold(events_of(deltas))
    for name, way in every_way(deltas):
        assert shape(fold(events_of(way))) == shape(expected), f"cut {name}"
    return expected
