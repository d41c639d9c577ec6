"""Long answers and several at once: does a frame cost more at the end than at the beginning, and does the page keep up.

Belongs here: what is shown, and the section of the page. Does not belong here: the measuring (`stage`).

The first tenth of a page's life is dear: the browser compiles what it runs for the first time. So a short stream is shown and
ended before the one that is measured, else growth would hide behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from benchmarks.methods import Method, ours
from benchmarks.report import Section, Target, section, table
from benchmarks.stage import Sample, Showing, Stage

TOKENS: Final = 50_000
RATE: Final = 1_700.0
STREAMS: Final = 4
SECONDS: Final = 60
GROWTH: Final = 1.3
LAG_MS: Final = 100.0
TASK_MS: Final = 50.0
_WARM: Final = "\nnb.display_stream(nb.fake(tokens[:3000], rate=1000, ttft=0), render={render!r}).wait()\n"


@dataclass(frozen=True)
class Tenths:
    """What the first and the last tenth of a long answer took: microseconds of CPU a frame (page) and a token (kernel)."""

    name: str
    page: tuple[float, float]
    kernel: tuple[float, float]

    @property
    def growth(self) -> float:
        """Of the page's cost per frame."""
        return self.page[1] / self.page[0]


def measure_growth(stage: Stage, tokens: int = TOKENS, rate: float = RATE) -> list[Tenths]:
    """Show one long answer as Markdown and one as text."""
    return [_tenths(stage.show(_warm(render), tokens, rate, every=0.25), tokens) for render in ("markdown", "text")]


def measure_streams(stage: Stage, seconds: float = SECONDS, rate: float = RATE) -> Showing:
    """Show several long answers at once."""
    return stage.show(_warm("markdown"), round(seconds * rate), rate, STREAMS)


def describe(long: list[Tenths], several: Showing, seconds: float = SECONDS) -> Section:
    """Return the section of the page."""
    worst = max(several.tasks, default=0.0)
    script = max((item["ms"] for item in several.slow if str(item["url"]).startswith("blob:")), default=0.0)
    rows = [(t.name, *(f"{us:,.0f}" for us in t.page), f"{t.growth:.2f}", *(f"{us:.0f}" for us in t.kernel)) for t in long]
    head = ("", "page, first tenth, µs a frame", "last tenth", "last / first", "kernel, first tenth, µs a token", "last tenth")
    one = f"One answer of {TOKENS:,} tokens at {RATE:,.0f} a second; the page's main-thread CPU for each frame that came."
    many = (
        f"{STREAMS} streams of {RATE:,.0f} tokens/s at once for {seconds:g} s, all Markdown, in one cell: lag p50 "
        f"{several.lag(0.5):.0f} ms, p95 {several.lag(0.95):.0f} ms; {several.messages / several.seconds:.0f} messages/s; CPU "
        f"of the kernel {several.kernel / several.seconds:.0%}, of the page {several.page / several.seconds:.0%} of a core. "
        f"Longest task on the page's main thread, whoever's: {worst:.0f} ms; longest that the browser ascribes to nbstream's "
        f"code: {script:.0f} ms. Other programs used {several.load:.1f} cores meanwhile."
    )
    targets = [
        Target(
            f"cost of a frame, last tenth of {TOKENS:,} tokens over the first: at most {GROWTH}",
            ", ".join(f"{t.growth:.2f}" for t in long),
            all(t.growth <= GROWTH for t in long),
        ),
        Target(
            f"lag p95 at {STREAMS} x {RATE:,.0f} tokens/s for {seconds:g} s: at most {LAG_MS:.0f} ms",
            f"{several.lag(0.95):.0f} ms",
            several.shown and several.lag(0.95) <= LAG_MS,
        ),
        Target(f"no task of ours over {TASK_MS:.0f} ms", f"{script:.0f} ms (of anybody's: {worst:.0f} ms)", script <= TASK_MS),
    ]
    return section("Long answers and several at once", [one, table(head, rows), many], targets)


def _warm(render: str) -> Method:
    method = ours(render)
    return replace(method, prepare=method.prepare + _WARM.format(render=render))


def _tenths(showing: Showing, tokens: int) -> Tenths:
    if not showing.shown:
        raise RuntimeError(f"{showing.name}: the last token was not painted")
    samples = [Sample(0, 0.0, 0.0, 0), *showing.samples]
    total = samples[-1].marker

    def first(of: Callable[[Sample], float]) -> float:
        return _at(samples, total / 10, of) - _at(samples, 0, of)

    def last(of: Callable[[Sample], float]) -> float:
        return _at(samples, total, of) - _at(samples, total * 0.9, of)

    page = tuple(part(lambda s: s.page) / part(lambda s: s.messages) * 1e6 for part in (first, last))
    kernel = tuple(part(lambda s: s.kernel) / (tokens / 10) * 1e6 for part in (first, last))
    return Tenths(showing.name, (page[0], page[1]), (kernel[0], kernel[1]))


def _at(samples: list[Sample], marker: float, of: Callable[[Sample], float]) -> float:
    """What `of` was when `marker` was painted, between the samples around it."""
    for before, after in pairwise(samples):
        if before.marker <= marker <= after.marker and after.marker > before.marker:
            share = (marker - before.marker) / (after.marker - before.marker)
            return of(before) + share * (of(after) - of(before))
    return of(samples[-1])
