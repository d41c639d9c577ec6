"""A line that loses, doubles, delays and reorders messages, or breaks: what is shown is what was said, once it is back.

`NBSTREAM_SEED=7 pytest tests/e2e/test_disruptions.py` plays the schedule of one seed again; a failure prints its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, expect

from e2e.disruptions import Plan, Schedule, schedule
from e2e.harness import Lab, Notebook
from e2e.proxy import Proxied, Proxy
from e2e.server import Server
from e2e.warm import Warm

COUNTS: Final = "globalThis[Symbol.for('nbstream.page.1')].counts"
HEALED_SECONDS: Final = 1.0
PHASES: Final = 4
DISRUPTIONS: Final = 5
"""In each phase; after it the line is mended and looked at."""
RATE: Final = 200
TOKENS: Final = 2400
STREAMS: Final = 3
SEED: Final = int(os.environ.get("NBSTREAM_SEED", "1"))


@pytest.fixture(scope="module")
def server(server: Server) -> Iterator[Proxied]:
    """The server behind a proxy."""
    proxy = Proxy(server).start()
    yield Proxied(server, proxy)
    proxy.stop()


@pytest.fixture(scope="module")
def warm(server: Proxied, browser: Browser) -> Warm:
    """A page that was loaded through the proxy."""
    return Warm(server, browser)


@pytest.fixture
def proxy(server: Proxied) -> Iterator[Proxy]:
    """The proxy, which disturbs nothing before and after a test."""
    server.proxy.done.clear()
    yield server.proxy
    server.proxy.mend()


class Streams:
    """Some streams of one cell, and what the page shows of them."""

    def __init__(self, lab: Lab, proxy: Proxy, count: int = STREAMS, tokens: int = TOKENS) -> None:
        self.notebook: Notebook = lab.open(
            "import nbstream as nb\n"
            f"made = [[f'{{n}}.{{i}} ' for i in range({tokens})] for n in range({count})]\n"
            f"streams = [nb.display_stream(nb.fake(pieces, rate={RATE}, ttft=0.3), render='text') for pieces in made]"
        )
        self.proxy = proxy
        self.count = count
        self.slowest = 0.0
        self.notebook.run(0, wait=True)
        self.bodies = self.notebook.output(0).locator("[data-kind='content'] [data-part='body']")
        expect(self.bodies).to_have_count(count, timeout=30_000)
        self.notebook.page.wait_for_function(f"() => {COUNTS}.adopted >= 1")

    def said(self) -> list[str]:
        """What the kernel's handles hold."""
        texts: list[str] = self.notebook.value("[s.content for s in streams]")
        return texts

    def shown(self) -> list[str]:
        """What the page shows."""
        return self.bodies.all_text_contents()

    def disturb(self, plan: Plan | Schedule, actions: int) -> None:
        """Disturb until `actions` messages have been disturbed, then mend the line."""
        already = len(self.proxy.done)
        self.proxy.disturb(plan)
        self.until(lambda: len(self.proxy.done) >= already + actions, 30, "the plan is not carried out")
        self.proxy.mend()

    def assert_healed(self, seconds: float = HEALED_SECONDS) -> None:
        """Within `seconds` from now the page shows what the kernel knows now."""
        start = time.monotonic()
        said = self.said()
        message = "the page does not show what the kernel knew when the line was back"
        self.until(lambda: all(map(str.startswith, self.shown(), said)), seconds, message)
        self.slowest = max(self.slowest, time.monotonic() - start)

    def assert_exact(self, seconds: float) -> None:
        """After the end of all streams, within `seconds`, the page shows exactly what they said; nobody has seen a mismatch."""
        self.notebook.execute("for s in streams: s.wait(60)", timeout=90)
        made = self.notebook.value("[''.join(pieces) for pieces in made]")
        assert self.said() == made
        start = time.monotonic()
        self.until(lambda: self.shown() == made, seconds, "the page does not show what was said")
        regions = self.notebook.output(0).get_by_role("region")
        statuses = lambda: [regions.nth(i).get_attribute("data-status") for i in range(self.count)]  # noqa: E731
        self.until(lambda: statuses() == ["done"] * self.count, seconds, "the page does not show that the streams have ended")
        self.slowest = max(self.slowest, time.monotonic() - start)
        assert self.notebook.value("[s._view.mismatches for s in streams]") == [0] * self.count
        counts: dict[str, Any] = self.notebook.page.evaluate(COUNTS)
        assert counts["mismatches"] == counts["illegal"] == 0

    def until(self, condition: Any, seconds: float, message: str) -> None:
        """Wait for `condition`."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                did = "\n  ".join(self.proxy.done)
                raise AssertionError(f"{message}, after {seconds:g} s\ndone to the line:\n  {did}\nshown: {self.tails()}")
            self.notebook.page.wait_for_timeout(10)

    def tails(self) -> list[str]:
        """The last characters of what is shown and of what was said."""
        return [f"…{shown[-20:]!r} of …{said[-20:]!r}" for shown, said in zip(self.shown(), self.said(), strict=False)]


def play(lab: Lab, proxy: Proxy, seed: int) -> Streams:
    """Disturb streams by the schedule of `seed`, and look at the page after each phase."""
    streams = Streams(lab, proxy)
    for phase in range(PHASES):
        plan = schedule(seed * 1000 + phase, DISRUPTIONS)
        try:
            streams.disturb(plan, DISRUPTIONS)
            streams.assert_healed()
        except AssertionError as error:
            error.add_note(f"NBSTREAM_SEED={seed}, phase {phase}: {plan}")
            raise
    streams.assert_exact(HEALED_SECONDS)
    return streams


def test_the_page_shows_what_was_said_through_20_disruptions(lab: Lab, proxy: Proxy) -> None:
    streams = play(lab, proxy, SEED)
    print("slowest", streams.slowest)
