"""The command: measure, print, write the page.

Belongs here: arguments and order. Does not belong here: anything that measures.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
# For the tests' Jupyter server and provider.
sys.path.append(str(ROOT / "tests"))

from benchmarks import growth, huge, layers, peers, render, report  # noqa: E402  # reason: the path above comes first
from benchmarks.report import Section, Target, section, table  # noqa: E402  # reason: the same
from benchmarks.stage import Stage  # noqa: E402  # reason: the same

SHARE = 0.25


def main(arguments: Sequence[str]) -> int:
    """Measure what `arguments` say; return the exit code: 0 whatever the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(report.ORDER)}; all by default")
    parser.add_argument("--quick", action="store_true", help="layers alone, with few chunks; nothing is written")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.parts) - set(report.ORDER):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    if asked.quick:
        print(_layers(layers.measure(chunks=40, rounds=1)).text)
        return 0
    parts = asked.parts or report.ORDER
    if "layers" in parts:
        report.keep("layers", _layers(layers.measure()))
    browser = ""
    if "render" in parts:
        runs, browser = render.measure()
        report.keep("render", render.describe(runs))
    if "huge" in parts:
        found, browser = huge.measure()
        report.keep("huge", huge.describe(found))
    if {"peers", "growth"} & set(parts):
        with Stage() as stage:
            browser = stage.browser.version
            if "peers" in parts:
                report.keep("peers", peers.describe(peers.measure(stage)))
            if "growth" in parts:
                report.keep("growth", growth.describe(growth.measure_growth(stage), growth.measure_streams(stage)))
    report.PAGE.write_text(report.page(browser))
    print(report.PAGE.read_text())
    return 0


def _layers(made: layers.Layers) -> Section:
    bare, *_ = made.libraries
    rows = [(row.name, f"{row.us:.1f}", f"{row.us - bare.us:.1f}") for row in made.libraries]
    ours = [(row.name, f"{row.us:.1f}") for row in made.layers]
    alone = sum(row.us for row in made.layers if row.ours)
    summed = ("the sum of ours, without the message", f"{alone:.1f}")
    whole = ("**source to outbox in one piece, without litellm**", f"**{made.whole:.1f}**")
    about = (
        f"Microseconds of CPU per chunk: {made.chunks:,} events of an answer in OpenAI's format, recorded from a socket and "
        "played from memory, one event a read; the least of several rounds."
    )
    cadence = (
        "nbstream's layers, each alone on what the one before it made, at the cadence of "
        f"{layers.RATE} chunks a second. In one piece they cost more than their "
        "sum: tasks, generators and time limits are in it, and what runs alone stays in the processor's caches."
    )
    paragraphs = [
        about,
        table(("client library", "µs a chunk", "beyond httpx"), rows),
        cadence,
        table(("nbstream's layer", "µs a chunk"), [*ours, summed, whole]),
    ]
    target = Target(
        f"our layers from source to outbox: at most {SHARE:.0%} of the OpenAI SDK's own CPU per chunk",
        f"{made.share:.0%} in one piece ({made.whole:.1f} of {made.sdk:.1f} µs), {alone / made.sdk:.0%} as a sum of layers",
        made.share <= SHARE,
    )
    return section("Per chunk, layer by layer", paragraphs, [target])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
