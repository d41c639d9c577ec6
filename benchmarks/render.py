"""What it costs the page to show a growing Markdown text, beside other ways to do it.

Belongs here: the runs, what they took, and the section of the page. Does not belong here: the ways (`js/bench/render.ts`).

No notebook and no kernel: a bare page, ten tokens in each animation frame, frames as fast as they come. The CPU is that of the
renderer's main thread, as the kernel's scheduler counts it, in nanoseconds; so a busy machine does not matter. Script, style,
layout and paint are in it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import corpus
from benchmarks.browser import Browser, Page, PageError
from benchmarks.report import Section, Target, section, table

ROOT: Final = Path(__file__).parents[1]
LENGTHS: Final = (10_000, 50_000)
PER_FRAME: Final = 10
PARTS: Final = 10
CAP_SECONDS: Final = 20.0
RATIO: Final = 1.6
GROWTH: Final = 1.3
BOUND: Final = "plain"
OURS: Final = "nbstream"
NAMES: Final = {
    BOUND: "plain text, a block a line",
    OURS: "**nbstream**",
    "nbstream-text": 'nbstream, `render="text"`',
    "streaming-markdown": "streaming-markdown",
    "marked-tail": "marked, last block again",
    "markdown-it-whole": "markdown-it, whole again",
}
FLAGS: Final = ("--disable-frame-rate-limit", "--disable-gpu-vsync", "--js-flags=--expose-gc")


@dataclass(frozen=True)
class Run:
    """One way with one text.

    Attributes:
        cpu: seconds of the main thread for each tenth of the frames that was shown.
        share: how much of the text was shown before the time was up.
        longest: milliseconds of the longest call.
    """

    cpu: list[float]
    share: float
    longest: float

    @property
    def total(self) -> float:
        """Seconds for what was shown."""
        return sum(self.cpu)

    @property
    def growth(self) -> float:
        """The last tenth over the first."""
        return self.cpu[-1] / self.cpu[0]


Runs = dict[tuple[str, int, str], Run]


def measure(
    names: Sequence[str] = tuple(NAMES), kinds: Sequence[str] = tuple(corpus.KINDS), lengths: Sequence[int] = LENGTHS
) -> tuple[Runs, str]:
    """Measure each way with each text; return the figures and the browser's version."""
    script, runs = bundle(), Runs()
    with Browser(*FLAGS) as browser:
        for kind, length, name in ((k, n, w) for k in kinds for n in lengths for w in names):
            runs[kind, length, name] = _one(browser, script, name, kind, length)
        return runs, browser.version


def describe(runs: Runs) -> Section:
    """Return the section of the page."""
    about = (
        f"A bare page in Chromium, no notebook: {PER_FRAME} tokens in each animation frame, frames as fast as they come, all "
        "ways in the same shadow root under the view's stylesheet, its scroller kept at the end. CPU seconds of the renderer's "
        "main thread by the kernel's scheduler: script, style, layout and paint. Growth is the last tenth of the frames "
        f"over the first. A way is stopped after {CAP_SECONDS:.0f} s; the share of the text that it has shown stands beside it."
    )
    paragraphs, targets = [about], []
    for kind in dict.fromkeys(kind for kind, _, _ in runs):
        lengths = sorted({n for k, n, _ in runs if k == kind})
        titles = ("of plain text", "growth", "longest call, ms")
        head = (kind, *(title for n in lengths for title in (f"{n:,} tokens, s", *titles)))
        rows = []
        for name in (name for name in NAMES if (kind, lengths[0], name) in runs):
            cells = [cell for n in lengths for cell in _cells(runs[kind, n, name], runs[kind, n, BOUND])]
            rows.append((NAMES[name], *cells))
        paragraphs.append(table(head, rows))
        ours = [(runs[kind, n, OURS], runs[kind, n, BOUND]) for n in lengths]
        ratio, growth = max(r.total / bound.total for r, bound in ours), max(r.growth for r, _ in ours)
        targets.append(
            Target(
                f"{kind}: at most {RATIO} times plain text, last tenth at most {GROWTH} times the first",
                f"{ratio:.2f}, {growth:.2f}",
                ratio <= RATIO and growth <= GROWTH,
            )
        )
    return section("Rendering, without a notebook", paragraphs, targets)


def _cells(run: Run, bound: Run) -> tuple[str, ...]:
    if run.share < 1:
        return f"{run.total:.2f} for {run.share:.0%}", "", f"{run.growth:.1f}", f"{run.longest:.0f}"
    return f"{run.total:.2f}", f"{run.total / bound.total:.2f}", f"{run.growth:.2f}", f"{run.longest:.0f}"


def bundle() -> str:
    """The page's script; the packages that are compared are bundled into it, and only there."""
    esbuild = ROOT / "js" / "node_modules" / ".bin" / "esbuild"
    # The parts that a kernel would send are not asked for here.
    options = ("--bundle", "--format=iife", "--minify", "--loader:.css=text", '--define:NBSTREAM_PARTS="none"')
    command = [str(esbuild), "js/bench/render.ts", *options]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def _one(browser: Browser, bundle: str, name: str, kind: str, length: int) -> Run:
    page = browser.open("about:blank", "")
    try:
        page.value(bundle + ";1")
        thread = _main_thread(browser, page)
        # What runs for the first time is compiled, and that is dear: a short text goes before, so that growth does not hide it.
        _begin(page, name, corpus.make_kind(kind, 3000))
        page.value("benchNow.run(Infinity, 3000)")
        tokens = corpus.make_kind(kind, length)
        frames = _begin(page, name, tokens)
        page.value("gc()")
        cpu, shown, longest, left = [], 0, 0.0, CAP_SECONDS
        for _ in range(PARTS):
            before = _nanoseconds(thread)
            answer = page.value(f"benchNow.run({-(-frames // PARTS)}, {left * 1000})")
            cpu.append((_nanoseconds(thread) - before) / 1e9)
            shown, longest, left = shown + answer["shown"], answer["longest"], left - cpu[-1]
            if left <= 0:
                break
        return Run(cpu, shown / frames, longest)
    finally:
        page.close()


def _begin(page: Page, name: str, tokens: Sequence[str]) -> int:
    pieces = ["".join(tokens[at : at + PER_FRAME]) for at in range(0, len(tokens), PER_FRAME)]
    page.value(f"globalThis.benchNow = benchRun({name!r}, {json.dumps(pieces)}); 1")
    return len(pieces)


def _main_thread(browser: Browser, page: Page) -> Path:
    """Of the page's own process, found by the work that it is given."""
    threads = list(_renderers(browser))
    before = [_nanoseconds(path) for path in threads]
    page.value("{ const end = performance.now() + 150; while (performance.now() < end); 1 }")
    spent = [_nanoseconds(path) - start for path, start in zip(threads, before, strict=True)]
    if not spent or max(spent) < 50e6:
        raise PageError("the page's process was not found")
    return threads[spent.index(max(spent))]


def _renderers(browser: Browser) -> Iterator[Path]:
    for process in browser.processes:
        folder = Path("/proc") / str(process.pid)
        try:
            if b"--type=renderer" in (folder / "cmdline").read_bytes():
                yield folder / "task" / folder.name / "schedstat"
        except OSError:
            continue


def _nanoseconds(path: Path) -> int:
    try:
        return int(path.read_text().split()[0])
    except FileNotFoundError:
        return 0
