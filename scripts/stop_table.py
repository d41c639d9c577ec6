"""Measure Stop on every kernel and write the table of docs/stop.md.

    python scripts/stop_table.py                         # every kernel in both front-ends, 20 clicks a cell: about 20 minutes
    python scripts/stop_table.py --kernel 6.29 --host lab    # these only; the rest of the table stays
    python scripts/stop_table.py --clicks 5

Belongs here: which cells the table has and how it is written. Does not belong here: what is clicked (tests/e2e/stopping.py).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import signal
import statistics
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version as installed
from pathlib import Path
from typing import get_args

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "stop.md"
FIGURES = PAGE.with_suffix(".json")
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts")]

from chromium import needed  # noqa: E402, the path is set above
from e2e import kernels  # noqa: E402
from e2e.harness import FLAGS, HOSTS, Host, Lab  # noqa: E402
from e2e.server import Server  # noqa: E402
from e2e.stopping import SITUATIONS, Stopping  # noqa: E402
from provider import FakeProvider  # noqa: E402

Figures = dict[str, dict[str, list[int]]]
"""kernel and host -> situation -> milliseconds, one for each click."""
HEADS = {
    "idle": "idle",
    "wait": "`s.wait()`",
    "for": "`for`",
    "await": "`await s`",
    "async for": "`async for`",
    "computing": "other cell computes",
    "sleeping": "other cell sleeps",
}


def main() -> int:
    """Measure what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", action="append", choices=[*kernels.OLDER, kernels.NEWEST])
    parser.add_argument("--host", action="append", choices=get_args(Host))
    parser.add_argument("--situation", action="append", choices=list(SITUATIONS))
    parser.add_argument("--clicks", type=int, default=20)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a `kill` leaves no server behind
    chromium = needed()
    figures: Figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright, FakeProvider() as provider:
        server = Server(Path(place)).start()
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            for version in asked.kernel or [*kernels.OLDER, kernels.NEWEST]:
                kernels.install(version)
                for host in asked.host or HOSTS:
                    row = figures.setdefault(f"{version} {host}", {})
                    measured = measure(
                        server, browser, provider, version, host, asked.situation or list(SITUATIONS), asked.clicks
                    )
                    for situation, milliseconds in measured:
                        row[situation] = milliseconds
                        FIGURES.write_text(json.dumps(figures, sort_keys=True).replace("], ", "],\n"))
                    write(figures)
        finally:
            browser.close()
            server.stop()
            for line in complaints(server.log.read_text(errors="replace")):
                print(f"the log of server and kernels: {line}")
    return 0


def measure(
    server: Server, browser: Browser, provider: FakeProvider, version: str, host: Host, situations: list[str], clicks: int
) -> Iterator[tuple[str, list[int]]]:
    """Click in every situation on one kernel in one front-end; one click before the first is not counted."""
    lab = Lab(server, browser, f"stop-{version}-{host}")
    try:
        stopping = Stopping(lab, provider, version, host)
        stopping.click("idle")
        for situation in situations:
            found = [round(1000 * stopping.click(situation)) for _ in range(clicks)]
            print(f"{version:7} {host:9} {situation:10} {cell(found)}", flush=True)
            yield situation, found
        print(*stopping.notebook.complaints(), sep="\n")
    finally:
        lab.close()


def complaints(log: str) -> list[str]:
    """Return the lines of a server's log that tell of a fault in a kernel."""
    return [line for line in log.splitlines() if re.search(r"Traceback|Exception in|UNKNOWN|Unknown subshell", line)]


def cell(milliseconds: list[int]) -> str:
    """Return median and maximum."""
    return f"{round(statistics.median(milliseconds))} / {max(milliseconds)}"


def write(figures: Figures) -> None:
    """Put the table in its place in docs/stop.md."""
    rows = ["| ipykernel | front-end | " + " | ".join(HEADS.values()) + " |", "|---|---|" + "--:|" * len(HEADS)]
    for version in [*kernels.OLDER, kernels.NEWEST]:
        number = kernels.OLDER.get(version) or installed("ipykernel")
        for host in HOSTS:
            found = figures.get(f"{version} {host}", {})
            name = f"JupyterLab {installed('jupyterlab')}" if host == "lab" else f"Notebook {installed('notebook')}"
            rows.append(f"| {number} | {name} | " + " | ".join(cell(found[s]) if s in found else "" for s in HEADS) + " |")
    when = dt.datetime.now(tz=dt.UTC).date().isoformat()
    text = PAGE.read_text()
    table = "\n".join(["<!-- table -->", *rows, "", f"Measured on {when}.", "<!-- /table -->"])
    PAGE.write_text(re.sub(r"<!-- table -->.*<!-- /table -->", lambda _: table, text, flags=re.DOTALL))


if __name__ == "__main__":
    sys.exit(main())
