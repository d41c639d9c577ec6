"""Thinking is quiet while it grows, closes when the answer begins, and never closes under the reader's eyes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from e2e.stage import Stage
from nbstream._events import Amend, Append, Close, Open

LONG = "A line of thought that goes on for a while.\n" * 30
SELECT = """body => {
  const range = document.createRange();
  range.selectNodeContents(body.querySelector("div"));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""


@pytest.fixture(scope="module")
def stage(browser: Browser) -> Iterator[Stage]:
    made = Stage(browser)
    yield made
    made.close()


def thinking(stage: Stage) -> Locator:
    """A view that thinks, with the pointer elsewhere and nothing selected."""
    stage.clear()
    stage.page.mouse.move(1, 899)
    stage.page.evaluate("() => getSelection().removeAllRanges()")
    return stage.show(Open("thinking"), Append(0, LONG)).get_by_role("group", name="Thinking")


def answer(stage: Stage) -> None:
    """The first text of the answer comes."""
    stage.play(Close(0), Amend(0, {"duration_us": 3_200_000}), Open("content"), Append(1, "So:"))


def test_it_shows_its_last_six_lines_and_closes_to_one_when_the_answer_comes(stage: Stage) -> None:
    group = thinking(stage)
    body = group.locator(".nb-think")
    assert body.evaluate("body => [body.clientHeight, body.firstElementChild.clientHeight > 600]") == [132, True]
    edges = body.evaluate("body => [body, body.firstElementChild].map(element => element.getBoundingClientRect().bottom)")
    assert abs(edges[0] - edges[1]) < 6, "it shows its end"
    expect(group.locator(".nb-toggle")).to_have_attribute("aria-expanded", "true")
    answer(stage)
    toggle = group.get_by_role("button", name="Thought for 3.2 s · ~330 tokens")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    assert group.evaluate("group => group.clientHeight") == 28
    toggle.click()
    stage.play(Append(1, " more"), Close(1))
    expect(toggle).to_have_attribute("aria-expanded", "true")
    assert body.evaluate("body => body.clientHeight") > 600
    assert stage.errors == []


READERS: dict[str, Callable[[Locator], object]] = {
    "points at": lambda group: group.hover(),
    "has selected some of": lambda group: group.locator("[data-part=body]").evaluate(SELECT),
    "has the focus in": lambda group: group.locator(".nb-toggle").focus(),
}


@pytest.mark.parametrize("reader", READERS)
def test_what_a_reader_looks_at_stays_open(stage: Stage, reader: str) -> None:
    group = thinking(stage)
    READERS[reader](group)
    height = group.evaluate("group => group.clientHeight")
    answer(stage)
    stage.page.mouse.move(1, 899)
    stage.play(Append(1, " more"))
    expect(group.locator(".nb-toggle")).to_have_attribute("aria-expanded", "true")
    assert group.evaluate("group => group.clientHeight") == height
