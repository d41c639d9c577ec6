"""How long the page is held by texts that are too much: the longest task while each is shown.

Belongs here: the texts, the runs, the section of the page. Does not belong here: how they are shown (`js/bench/render.ts`).
"""

from __future__ import annotations

import json
from typing import Final

from benchmarks.browser import Browser
from benchmarks.render import FLAGS, bundle
from benchmarks.report import Section, Target, section, table

LIMIT: Final = 100.0
ROUNDS: Final = 3
TEXTS: Final = {
    "1 MB of prose": "A sentence of **some** words, and `code`.\n\n" * 25_000,
    "one line of 1 MB": "word " * 200_000,
    "one paragraph of 200 kB": "some **words** in a line\n" * 8_000,
    "a list of 10,000 items": "- an item of *some* words\n" * 10_000,
    "a table of 5,000 rows": "| name | value | note |\n|---|--:|---|\n" + "| one | 2 | some words |\n" * 5_000,
    "a table of 1,000 columns": f"{'| a ' * 1_000}|\n{'|---' * 1_000}|\n" + f"{'| b ' * 1_000}|\n" * 20,
    "a fence of 5 MB": "```\n" + "x = [f(k) for k in range(40)]  # a line\n" * 125_000,
    "10,000 nested quotes": "> " * 10_000 + "deep\n",
    "100,000 levels of a list": "- " * 100_000 + "deep\n",
    "100,000 open marks": "**a *b " * 15_000,
}


def measure() -> tuple[dict[str, tuple[int, float]], str]:
    """Return frames and the longest task in ms of each text, the least of some rounds; and the browser's version."""
    script, found = bundle(), {}
    with Browser(*FLAGS) as browser:
        for name, text in TEXTS.items():
            rounds = []
            for _ in range(ROUNDS):
                page = browser.open("about:blank", "")
                page.value(script + ";1")
                # What runs for the first time is compiled.
                page.value(f"benchHuge({json.dumps(text[:8_000])})")
                answer = page.value(f"benchHuge({json.dumps(text)})")
                rounds.append((int(answer["frames"]), float(answer["longest"])))
                page.close()
            found[name] = min(rounds, key=lambda one: one[1])
        return found, browser.version


def describe(found: dict[str, tuple[int, float]]) -> Section:
    """Return the section of the page."""
    about = (
        "Each text comes at once, as when a page is loaded again, and is given to the view over as many frames as it takes. "
        f"Milliseconds on the wall of the longest task of the page, paint included; the least of {ROUNDS} rounds."
    )
    rows = [(name, f"{frames:,}", f"{longest:.0f}") for name, (frames, longest) in found.items()]
    name, (_, worst) = max(found.items(), key=lambda one: one[1][1])
    target = Target(
        f"huge texts: no task of ours over {LIMIT:.0f} ms",
        f"{worst:.0f} ms ({name})",
        all(t <= LIMIT for _, t in found.values()),
    )
    return section("Too much at once", [about, table(("text", "frames", "longest task, ms"), rows)], [target])
