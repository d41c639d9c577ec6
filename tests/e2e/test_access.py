"""A view is accessible in every state: axe with the rules of WCAG 2.2, levels A and AA, finds nothing in either theme."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser

from e2e.stage import Stage
from e2e.states import STATES

AXE: Final = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
RUN: Final = """async tags => {
  const found = await axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] })
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(node => `${id}: ${help}: ${node.target.flat().join(" ")}: ${node.html.slice(0, 160)}: ${node.failureSummary}`))
}"""

HIDDEN: Final = """view => [...view.querySelectorAll("[hidden]")]
  .filter(part => part.checkVisibility({ visibilityProperty: true }))
  .map(part => part.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module", params=["light", "dark"])
def stage(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Stage]:
    """One page for all states of a theme."""
    stage = Stage(browser, theme=request.param)
    stage.page.add_script_tag(path=AXE)
    yield stage
    stage.close()


def violations(stage: Stage) -> list[str]:
    """What axe finds on the page."""
    found: list[str] = stage.page.evaluate(RUN, TAGS)
    return found


@pytest.mark.parametrize("name", STATES)
def test_a_view_is_accessible_in_every_state(stage: Stage, name: str) -> None:
    stage.clear()
    view = STATES[name].show(stage, name)
    assert violations(stage) == []
    assert view.evaluate(HIDDEN) == [], "hidden, and shown by a rule of the stylesheet"
    assert stage.errors == []


def test_axe_sees_into_a_view(stage: Stage) -> None:
    stage.clear()
    view = STATES["done"].show(stage, "a")
    view.get_by_role("button", name="Copy", exact=True).evaluate("button => button.removeAttribute('aria-label')")
    view.get_by_role("button", name="Raw text", exact=True).evaluate("button => { button.style.color = 'transparent' }")
    view.locator(".nb-model").evaluate("model => { model.style.color = '#eee'; model.style.background = '#fff' }")
    assert {line.partition(":")[0] for line in violations(stage)} >= {"color-contrast"}
