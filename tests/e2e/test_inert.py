"""Model output is inert: no payload of the collections does anything, wherever in a view it stands and however it was cut.

Belongs here: which payloads, and that nothing came of them, in a page whose every request is heard (`canary`). Does not belong
here: the element factory's list, which `js/test/inert.test.ts` holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, expect

import corpora
from e2e.canary import Canary
from e2e.harness import Lab

NAMES: Final = ("xss_html", "active_content", "dompurify_expect", "naughty_strings", "trojan_source", "unicode_smuggling")
CUT: Final = 100
"""So many payloads are cut at every position in the suite; all of them in `make soak`."""
LONGEST: Final = 90
"""The longest of those."""
BATCH: Final = 20

Payload = dict[str, str]


@pytest.fixture(scope="module")
def canary(browser: Browser) -> Iterator[Canary]:
    page = Canary(browser)
    yield page
    page.close()


def payloads(name: str) -> list[Payload]:
    """The payloads of one collection."""
    rows = zip(corpora.rows(name), corpora.texts(name), strict=True)
    return [{"id": f"{name}/{row['id']}", "text": text} for row, text in rows if text]


def exposed(canary: Canary, how: str, given: list[Payload]) -> list[str]:
    """What happens when `given` are shown; where anything does, one by one, to name the culprit."""
    found: list[str] = []
    for start in range(0, len(given), BATCH):
        batch = given[start : start + BATCH]
        canary.call(how, batch)
        effects = canary.effects()
        found += effects
        for payload in batch if effects else ():
            canary.call(how, [payload])
            found += [f"{effect} by {payload}" for effect in canary.effects()]
    return found


def test_the_page_hears_what_payloads_do_where_nothing_holds_them_back(browser: Browser) -> None:
    canary = Canary(browser)
    given = [payload for name in ("active_content", "xss_html") for payload in payloads(name)]
    fired = canary.call("raw", given, 200)
    hits = list(canary.recorder.hits)
    canary.close()
    assert len(fired) >= 100
    assert len(hits) >= 10


@pytest.mark.parametrize("name", NAMES)
def test_a_payload_does_nothing_in_any_place_of_a_view(canary: Canary, name: str) -> None:
    assert exposed(canary, "whole", payloads(name)) == []


def test_a_payload_that_is_cut_does_nothing_wherever_it_is_cut(canary: Canary) -> None:
    short = [payload for name in NAMES for payload in payloads(name) if 8 <= len(payload["text"]) <= LONGEST]
    step = len(short) / CUT
    chosen = [short[int(number * step)] for number in range(CUT)]
    assert exposed(canary, "cut", chosen) == []


@pytest.mark.soak
@pytest.mark.parametrize("name", NAMES)
def test_every_payload_does_nothing_wherever_it_is_cut(canary: Canary, name: str) -> None:
    assert exposed(canary, "cut", payloads(name)) == []


BUTTON: Final = '<button data-commandlinker-command="notebook:insert-cell-below">press me</button>'
SHOWN: Final = f"""import nbstream as nb
from IPython.display import HTML, display
text = {BUTTON!r}
display(HTML(text))
calls = [{{"name": "f", "arguments": text}}, {{"name": text, "arguments": "{{}}"}}]
s = nb.display_stream(nb.fake(text, thinking=text, tool_calls=calls, rate=None, ttft=0), wait=True)"""


def test_a_button_that_a_model_has_made_runs_no_command_of_jupyterlab(lab: Lab) -> None:
    nb = lab.open(SHOWN, shared=True)
    nb.run(0, wait=True)
    view = nb.view(0)
    expect(view).to_have_attribute("data-status", "done", timeout=30_000)
    cells = nb.page.locator(".jp-NotebookPanel:visible .jp-CodeCell")
    view.get_by_role("button", name="Thought").click()
    written = view.get_by_text("data-commandlinker-command")
    assert written.count() >= 3
    for place in written.all():
        place.click()
    expect(cells).to_have_count(1)
    assert view.locator("[data-commandlinker-command]").count() == 0
    nb.output(0).get_by_role("button", name="press me", exact=True).click()
    expect(cells).to_have_count(2)
