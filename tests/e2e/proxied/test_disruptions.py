"""A line that loses, doubles, delays and reorders messages, or breaks: what is shown is what was said, once it is back.

`NBSTREAM_SEED=7 pytest tests/e2e/proxied/test_disruptions.py` plays the schedule of one seed again; a failure prints its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import expect

from e2e.disruptions import Action, Plan, Schedule, schedule
from e2e.harness import Lab, Notebook
from e2e.proxy import Proxied, Proxy

COUNTS: Final = "globalThis[Symbol.for('nbstream.page.1')].counts"
HEALED_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.1
STALL_SECONDS: Final = 4.0
"""The longest that a busy machine may take besides."""
PHASES: Final = 4
DISRUPTIONS: Final = 5
"""In each phase; after it the line is mended and looked at."""
STREAMS: Final = 3
SEED: Final = int(os.environ.get("NBSTREAM_SEED", "1"))
SOAKED: Final = range(100, 110)
"""Seeds: as many times 20 disruptions."""
HALF: Final = "Kernel message validation error"
"""What JupyterLab says of half a message."""
CELL: Final = f"""import asyncio
import nbstream as nb
from nbstream._events import Delta

class Endless:
    title, repeatable = "endless", False
    going = True

    def __init__(self, number):
        self.number, self.made = number, []

    async def deltas(self):
        yield [Delta("phase", "waiting")]
        while Endless.going:
            self.made.append(f"{{self.number}}.{{len(self.made)}} é🙂\\n"[len(self.made) % 3 :])
            yield [Delta("content", self.made[-1])]
            await asyncio.sleep(1 / 200)
        yield [Delta(finish_reason="stop")]

sources = [Endless(number) for number in range({STREAMS})]
streams = [nb.display_stream(source, render="text") for source in sources]"""


@pytest.fixture
def proxy(server: Proxied) -> Iterator[Proxy]:
    """The proxy, which disturbs nothing before and after a test."""
    server.proxy.done.clear()
    yield server.proxy
    server.proxy.mend()


class Streams:
    """Some streams of one cell that go on until they are told to end, and what the page shows of them."""

    def __init__(self, lab: Lab, proxy: Proxy) -> None:
        self.notebook: Notebook = lab.open(CELL, shared=True)
        self.notebook.expected.append(HALF)
        self.proxy = proxy
        self.slowest = self.away = 0.0
        self.notebook.run(0, wait=True)
        self.bodies = self.notebook.output(0).locator("[data-kind='content'] [data-part='body']")
        expect(self.bodies).to_have_count(STREAMS, timeout=30_000)

    def said(self) -> list[str]:
        """What the kernel's handles hold."""
        texts: list[str] = self.notebook.value("[s.content for s in streams]")
        return texts

    def shown(self) -> list[str]:
        """What the page shows."""
        return self.bodies.all_text_contents()

    def counts(self) -> dict[str, int]:
        """What the widgets of the page have counted."""
        found: dict[str, int] = self.notebook.page.evaluate(COUNTS)
        return found

    def disturb(self, plan: Plan | Schedule, actions: int) -> None:
        """Disturb until `actions` messages have been disturbed, then mend the line."""
        already = len(self.proxy.done)
        self.proxy.disturb(plan)
        self.until(lambda: len(self.proxy.done) >= already + actions, 30, "the plan is not carried out")
        self.away = max(self.away, self.proxy.mend(talking=True))

    def end(self) -> None:
        """Let all streams end."""
        self.notebook.execute("Endless.going = False\nfor s in streams: s.wait(30)", timeout=60)

    def assert_healed(self) -> None:
        """Within a second from now the page shows what the kernel knows now."""
        start = time.monotonic()
        said = self.said()
        message = "the page does not show what the kernel knew when the line was back"
        self.until(lambda: all(map(str.startswith, self.shown(), said)), HEALED_SECONDS, message)
        self.slowest = max(self.slowest, time.monotonic() - start)  # by the clock, stalls included

    def assert_exact(self, seconds: float = HEALED_SECONDS) -> None:
        """All streams have ended: within `seconds` the page shows exactly what they said; nobody has seen a mismatch."""
        start = time.monotonic()
        said = self.said()
        self.until(lambda: self.shown() == said, seconds, "the page does not show what was said")
        regions = self.notebook.output(0).get_by_role("region")
        ended = lambda: regions.evaluate_all("all => all.every(view => view.dataset.status === 'done')")  # noqa: E731
        self.until(ended, seconds, "the page does not show that the streams have ended")
        self.slowest = max(self.slowest, time.monotonic() - start)
        assert said == self.notebook.value("[''.join(source.made) for source in sources]")
        assert self.notebook.value("[s._view.mismatches for s in streams]") == [0] * STREAMS
        assert self.counts()["mismatches"] == self.counts()["illegal"] == 0

    def until(self, condition: Callable[[], bool], seconds: float, message: str) -> None:
        """Wait for `condition`.

        What the machine owes does not count, up to `STALL_SECONDS`: the rest of a look that takes longer than `LOOK_SECONDS`,
        and the time in which the kernel's messages are late though nobody holds them up.
        """
        began = time.monotonic()
        spent, deadline = 0.0, began + seconds + STALL_SECONDS
        while not condition():
            if spent > seconds or time.monotonic() > deadline:
                did = "\n  ".join(self.proxy.done)
                raise AssertionError(f"{message}, after {seconds:.2f} s\ndone to the line:\n  {did}\nshown: {self.tails()}")
            self.notebook.page.wait_for_timeout(10)
            spent += min(time.monotonic() - began, LOOK_SECONDS) if self.proxy.prompt else 0.0
            began = time.monotonic()

    def tails(self) -> list[str]:
        """The last characters of what is shown and of what was said."""
        return [f"…{shown[-20:]!r} of …{said[-20:]!r}" for shown, said in zip(self.shown(), self.said(), strict=False)]


def play(lab: Lab, proxy: Proxy, seed: int) -> None:
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
    streams.end()
    streams.assert_exact()
    print(
        f"seed {seed}: slowest {streams.slowest:.2f} s; line back after {streams.away:.2f} s; {streams.counts()}"
    )  # for `pytest -rP`


def test_the_page_shows_what_was_said_through_20_disruptions(lab: Lab, proxy: Proxy) -> None:
    play(lab, proxy, SEED)


@pytest.mark.soak
@pytest.mark.parametrize("seed", SOAKED)
def test_the_page_shows_what_was_said_through_200_disruptions(lab: Lab, proxy: Proxy, seed: int) -> None:
    play(lab, proxy, seed)


@pytest.mark.parametrize("action", ["drop", "halve", "stray", "renew", "cut"])
def test_an_end_that_does_not_arrive_is_asked_for(lab: Lab, proxy: Proxy, action: Action) -> None:
    streams = Streams(lab, proxy)
    proxy.disturb(lambda message: action if message.ends else None)
    streams.end()
    streams.until(lambda: len(proxy.done) >= (1 if action == "cut" else STREAMS), 10, "no end was sent")
    proxy.mend()
    streams.assert_exact(3)
    print(f"{action}: slowest {streams.slowest:.2f} s; {streams.counts()}")
