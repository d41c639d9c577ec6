"""nbstream and other ways to show a stream: the same 2,000 tokens at 100 a second, one after another in one run.

Belongs here: what is compared, and the section of the page. Does not belong here: the ways (`methods`), the measuring
(`stage`).
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from benchmarks import methods
from benchmarks.browser import PageError
from benchmarks.report import Section, Target, section, table
from benchmarks.stage import Showing, Stage

TOKENS: Final = 2000
RATE: Final = 100.0
SHARE: Final = 5


def measure(stage: Stage, tokens: int = TOKENS, rate: float = RATE) -> list[tuple[methods.Method, Showing | str]]:
    """Show the tokens by every method; a text says why there is no figure."""
    shown: list[tuple[methods.Method, Showing | str]] = []
    for method in methods.ALL:
        lacking = [name for name in method.needs if find_spec(name) is None]
        result: Showing | str
        if lacking:
            result = f"left out, {', '.join(lacking)} is not installed (`pip install 'nbstream[bench]'`)"
        else:
            try:
                result = stage.show(method, tokens, rate)
            except (PageError, AssertionError) as error:
                result = f"failed: {error}"
        print(_line(method, result), flush=True)
        shown.append((method, result))
    return shown


def describe(shown: list[tuple[methods.Method, Showing | str]], tokens: int = TOKENS, rate: float = RATE) -> Section:
    """Return the section of the page."""
    head = ("", "kernel s", "server s", "page s", "messages", "kB", "lag p50 ms", "lag p95 ms")
    found = [(m.name, r.shown or not m.selector, *_figures(r)) for m, r in shown if isinstance(r, Showing)]
    rows = [(name if whole else f"{name} (did not show the last token)", *rest) for name, whole, *rest in found]
    left = [f"{method.name}: {result}" for method, result in shown if isinstance(result, str)]
    about = (
        f"{tokens:,} tokens of Markdown at {rate:g} a second in JupyterLab, each way on a page and in a kernel of its own. CPU "
        "seconds of the kernel's process, the server's process and the page's main thread, from the start of the cell until a "
        "second and a half after the last token was painted. Messages and bytes are those of the kernel's web socket. Lag is "
        "from the moment when the kernel was given a token (every eighth one is a marker) to the end of the first frame that "
        "shows it: after each animation frame, when it has been painted, the page is searched for the last marker."
    )
    return section("Beside other ways to show a stream", [about, table(head, rows), *left], _targets(shown))


def _figures(result: Showing) -> tuple[str, ...]:
    lags = ("", "") if result.name == methods.IDLE.name else (f"{result.lag(0.5):.0f}", f"{result.lag(0.95):.0f}")
    count, size = f"{result.messages:,}", f"{result.bytes / 1000:,.0f}"
    return f"{result.kernel:.2f}", f"{result.server:.2f}", f"{result.page:.2f}", count, size, *lags


def _targets(shown: list[tuple[methods.Method, Showing | str]]) -> list[Target]:
    results = [(m, r) for m, r in shown if m.markdown and isinstance(r, Showing)]
    ours = next((r for m, r in results if m.name.startswith("nbstream")), None)
    others = [r for m, r in results if not m.name.startswith("nbstream") and r.shown]
    update = next((r for r in others if r.name == methods.UPDATE.name), None)
    if ours is None or update is None:
        return []
    kernel, page = min(r.kernel for r in others), min(r.page for r in others)
    share = ours.page / update.page
    return [
        Target(
            "least kernel CPU of all that render Markdown",
            f"{ours.kernel:.2f} s, the next {kernel:.2f} s",
            ours.shown and ours.kernel < kernel,
        ),
        Target("least page CPU of them", f"{ours.page:.2f} s, the next {page:.2f} s", ours.shown and ours.page < page),
        Target(
            f"at most 1/{SHARE} of the page CPU of `update_display(Markdown)`",
            f"1/{1 / share:.1f} ({ours.page:.2f} of {update.page:.2f} s)",
            ours.shown and share <= 1 / SHARE,
        ),
    ]


def _line(method: methods.Method, result: Showing | str) -> str:
    if isinstance(result, str):
        return f"{method.name}: {result}"
    noise = f"{result.load:.1f} cores used by others"
    tasks = f"longest task {max(result.tasks, default=0):.0f} ms"
    return f"{method.name:30} " + " ".join(f"{f:>9}" for f in _figures(result)) + f"  ({noise}, {tasks}, shown {result.shown})"
