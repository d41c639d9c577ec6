"""A page gets back what a view took: after many were opened and closed, its heap, its nodes and its listeners are as before."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, CDPSession

from e2e.stage import Stage
from e2e.states import ANSWER, ARGUMENTS, Event, begun, call, ended, said, thought

GROWTH = 1.05
STORY: tuple[Event, ...] = (*begun(), *thought(), *call(1, "get_weather", ARGUMENTS, "ok"), *said(ANSWER * 10, 2))


def cycle(stage: Stage) -> None:
    """Open a view, let it grow, use it, end it, close it."""
    view = stage.show(*STORY)
    for name in ("Timeline", "Chunks", "Raw text"):
        view.get_by_role("button", name=name, exact=True).click()
    stage.play(*ended("stopped", "user"))
    stage.restart(*begun(), *said(ANSWER))
    view.get_by_role("button", name="Previous attempt").click()
    stage.clear()


def held(session: CDPSession) -> dict[str, int]:
    """What the page holds after the garbage has been collected."""
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    counters = session.send("Memory.getDOMCounters")
    heap: int = session.send("Runtime.getHeapUsage")["usedSize"]
    return {"heap": heap, "nodes": counters["nodes"], "listeners": counters["jsEventListeners"]}


# The first views load what every later one shares, and the engine goes on learning for some twenty.
@pytest.mark.parametrize(
    ("first", "cycles"), [(8, 4), pytest.param(20, 100, marks=[pytest.mark.soak, pytest.mark.timeout(900)])]
)
def test_a_page_gets_back_what_its_views_took(browser: Browser, first: int, cycles: int) -> None:
    stage = Stage(browser)
    session = stage.page.context.new_cdp_session(stage.page)
    for _ in range(first):
        cycle(stage)
    before = held(session)
    for _ in range(cycles):
        cycle(stage)
    after = held(session)
    assert {name: after[name] / before[name] for name in after if after[name] > GROWTH * before[name]} == {}, (before, after)
    assert stage.errors == []
    stage.close()
