"""Figures of a run: times to first text, token counts, and the estimate where the provider gave none.

Belongs here: what is measured and how it is named. Does not belong here: prices (the source knows them), how figures look.

TTFT is the time from the moment the request is handed to the client to the first text of any section; TTFO to the first text
that is not thinking. Both are in microseconds on the wire (`ttft_us`, `ttfo_us`), as is the whole duration (`duration_us`).
Tokens are estimated as characters / 4, the usual rule of thumb for English text; `estimated` marks such figures until the
provider's own replace them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from nbstream._events import Append, Event, MetaValue
from nbstream._transcript import Section

CHARACTERS_PER_TOKEN: Final = 4


def estimated_tokens(sections: Iterable[Section], kinds: tuple[str, ...] = ("content", "thinking", "tool")) -> int:
    """Return the estimated number of tokens in the sections of `kinds`, rounded up."""
    characters = sum(s.length for s in sections if s.kind in kinds)
    return -(-characters // CHARACTERS_PER_TOKEN)


class Meter:
    """Notes the first moments of a run; times are in seconds since the request."""

    def __init__(self) -> None:
        self._ttft = False
        self._ttfo = False

    def see(self, event: Event, kind: str, t: float) -> dict[str, MetaValue]:
        """Return the figures that `event`, in a section of `kind`, settles; mostly none."""
        if self._ttfo or type(event) is not Append:
            return {}
        news: dict[str, MetaValue] = {}
        if not self._ttft:
            self._ttft = True
            news["ttft_us"] = microseconds(t)
        if kind != "thinking":
            self._ttfo = True
            news["ttfo_us"] = microseconds(t)
        return news

    @staticmethod
    def sum_up(meta: Mapping[str, MetaValue], sections: Iterable[Section], t: float) -> dict[str, MetaValue]:
        """Return the figures of the whole run, the estimate of its output where the provider gave no count."""
        news: dict[str, MetaValue] = {"duration_us": microseconds(t)}
        if "output_tokens" not in meta and (tokens := estimated_tokens(sections)):
            news |= {"output_tokens": tokens, "estimated": True}
        return news


def microseconds(seconds: float) -> int:
    """Return `seconds` as whole microseconds."""
    return round(seconds * 1_000_000)


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of a run; None where there is none (yet).

    Attributes:
        ttft: seconds to the first text.
        ttfo: seconds to the first text that is not thinking.
        duration: seconds from the request to the end.
        tokens_per_s: output tokens per second after the first text.
        tokens_per_s_overall: output tokens per second over the whole call.
    """

    ttft: float | None
    ttfo: float | None
    duration: float | None
    tokens_per_s: float | None
    tokens_per_s_overall: float | None

    @classmethod
    def of(cls, meta: Mapping[str, MetaValue]) -> Metrics:
        """Read the figures from a stream's meta."""
        ttft, ttfo, duration = (_seconds(meta.get(name)) for name in ("ttft_us", "ttfo_us", "duration_us"))
        tokens = int(meta.get("output_tokens", 0)) or None
        after = None if duration is None or ttft is None else duration - ttft
        return cls(ttft, ttfo, duration, _rate(tokens, after), _rate(tokens, duration))


def _seconds(value: MetaValue | None) -> float | None:
    return None if value is None else int(value) / 1_000_000


def _rate(tokens: int | None, seconds: float | None) -> float | None:
    return tokens / seconds if tokens and seconds else None
