"""Figures of a run: times to first text, token counts, and the estimate where the provider gave none.

Belongs here: what is measured and how it is named. Does not belong here: prices (the source knows them), how figures look.

TTFT is the time from the moment the request is handed to the client to the first text of any section; TTFO to the first text
that is not thinking. Both are in microseconds on the wire (`ttft_us`, `ttfo_us`), as is the whole duration (`duration_us`).
Tokens are estimated as characters / 4, the usual rule of thumb for English text; `estimated` marks such figures until the
provider's own replace them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from nbstream._events import Append, Event, MetaValue
from nbstream._transcript import Section

CHARACTERS_PER_TOKEN: Final = 4
STALL_SECONDS: Final = 1.0
"""A gap between two chunks that is a stall."""
ESTIMATE_SECONDS: Final = 1.0
"""How often the estimate of what came after the provider's last count is told, while the run goes on."""


def estimated_tokens(sections: Iterable[Section], kinds: tuple[str, ...] = ("content", "thinking", "tool")) -> int:
    """Return the estimated number of tokens in the sections of `kinds`, rounded up."""
    return _tokens(_characters(sections, kinds))


class Meter:
    """Notes the first moments of a run, the gaps between its chunks and what the provider has counted; times are in seconds."""

    def __init__(self) -> None:
        self._ttft = False
        self._ttfo = False
        self._gaps = array("d")
        self._last: float | None = None
        self._base: int | None = None  # what the provider counted, and how many characters there were
        self._counted = 0
        self._told = 0.0

    def see(self, event: Event, kind: str, t: float, sections: Iterable[Section]) -> dict[str, MetaValue]:
        """Return the figures that `event`, in a section of `kind`, settles; mostly none."""
        if type(event) is not Append:
            return {}
        news: dict[str, MetaValue] = {}
        if not self._ttft:
            self._ttft = True
            news["ttft_us"] = microseconds(t)
        if not self._ttfo and kind != "thinking":
            self._ttfo = True
            news["ttfo_us"] = microseconds(t)
        if self._base is not None and t - self._told >= ESTIMATE_SECONDS:
            self._told = t
            news |= self._grown(sections)
        return news

    def chunk(self, t: float, *, textual: bool, step: bool) -> None:
        """Note the arrival of a chunk; tools may run before a `step`: the gap before it says nothing of the provider."""
        if step:
            self._last = None
        if textual:
            if self._last is not None:
                self._gaps.append(t - self._last)
            self._last = t

    def count(self, news: Mapping[str, MetaValue], sections: Iterable[Section]) -> bool:
        """Take a note, and return whether it holds the provider's count."""
        if "output_tokens" not in news:
            return False
        self._base, self._counted = int(news["output_tokens"]), _characters(sections)
        return True

    def gaps(self) -> dict[str, MetaValue]:
        """Return the figures of the gaps between chunks so far; none where there is no gap."""
        gaps = sorted(self._gaps)
        if not gaps:
            return {}
        stalls = [gap for gap in gaps if gap >= STALL_SECONDS]
        return {
            "gap_p50_us": microseconds(gaps[(len(gaps) - 1) // 2]),
            "gap_p95_us": microseconds(gaps[-(-len(gaps) * 95 // 100) - 1]),
            "stalls": len(stalls),
            "stalled_us": microseconds(sum(stalls)),
        }

    def sum_up(self, sections: Iterable[Section], t: float, *, whole: bool) -> dict[str, MetaValue]:
        """Return the figures of the whole run, the estimate of its output where the provider gave no count.

        A provider counts at the end: of a run that is not `whole`, what came after its last count is estimated.
        """
        news: dict[str, MetaValue] = {"duration_us": microseconds(t), **self.gaps()}
        if self._base is None:
            tokens = estimated_tokens(sections)
            return news | ({"output_tokens": tokens, "estimated": True} if tokens else {})
        return news | ({} if whole else self._grown(sections))

    def _grown(self, sections: Iterable[Section]) -> dict[str, MetaValue]:
        grown = _tokens(_characters(sections) - self._counted)
        return {"output_tokens": (self._base or 0) + grown, "estimated": True} if grown > 0 else {}


def _characters(sections: Iterable[Section], kinds: tuple[str, ...] = ("content", "thinking", "tool")) -> int:
    # What was carried over from an earlier attempt was not made by this one.
    return sum(s.length - int(s.meta.get("carried", 0)) for s in sections if s.kind in kinds)


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)


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
        gap_p50, gap_p95: seconds between two chunks with text, the median and the 95th percentile.
        stalls: how many gaps lasted a second or longer.
        stalled: seconds that these lasted together.
    """

    ttft: float | None
    ttfo: float | None
    duration: float | None
    tokens_per_s: float | None
    tokens_per_s_overall: float | None
    gap_p50: float | None = None
    gap_p95: float | None = None
    stalls: int | None = None
    stalled: float | None = None

    @classmethod
    def of(cls, meta: Mapping[str, MetaValue]) -> Metrics:
        """Read the figures from a stream's meta."""
        ttft, ttfo, duration = (_seconds(meta.get(name)) for name in ("ttft_us", "ttfo_us", "duration_us"))
        p50, p95, stalled = (_seconds(meta.get(name)) for name in ("gap_p50_us", "gap_p95_us", "stalled_us"))
        stalls = meta.get("stalls")
        tokens = int(meta.get("output_tokens", 0)) or None
        after = None if duration is None or ttft is None else duration - ttft
        rates = _rate(tokens, after), _rate(tokens, duration)
        return cls(ttft, ttfo, duration, *rates, p50, p95, None if stalls is None else int(stalls), stalled)


def _seconds(value: MetaValue | None) -> float | None:
    return None if value is None else int(value) / 1_000_000


def _rate(tokens: int | None, seconds: float | None) -> float | None:
    return tokens / seconds if tokens and seconds else None
