"""Delivery: refreshes of the saved form pass the live view by, and nothing of the text is lost."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from e2e.harness import HOSTS, Host, Lab, Notebook
from provider import Answer, FakeProvider, Gate, Script

WORDS = [f"word{i} " for i in range(400)]
COUNTS = "globalThis[Symbol.for('nbstream.page.1')].counts"


def start(lab: Lab, provider: FakeProvider, name: str, host: Host = "lab") -> tuple[Notebook, Script, Gate, Locator]:
    """A notebook whose cell 0 has streamed 20 words, and waits at the gate."""
    gate = Gate()
    script = provider.script(name, Answer.of(WORDS), gate=gate)
    code = f"s = nb.stream('Go', model='openai/{name}', api_base='{provider.base('openai')}', api_key='key', render='text')"
    notebook = lab.open(f"import nbstream as nb\n{code}", "print('here again')", host=host)
    notebook.run(0, wait=True)
    script.wait_for_connection(timeout=60)
    gate.open(21)
    view = notebook.view(0)
    expect(view).to_contain_text("word19", timeout=30_000)
    return notebook, script, gate, view


def counts(notebook: Notebook) -> dict[str, Any]:
    """What the widgets of the page have counted."""
    found: dict[str, Any] = notebook.page.evaluate(COUNTS)
    return found


def assert_exact(notebook: Notebook, view: Locator) -> None:
    """The view has ended and shows what the handle holds."""
    expect(view).to_have_attribute("data-status", "done", timeout=30_000)
    expect(view.locator("[data-kind='content'] [data-part='body']")).to_have_text("".join(WORDS).strip())
    assert notebook.value("s.content") == "".join(WORDS)
    assert notebook.value("s._view.mismatches") == 0


@pytest.mark.parametrize("host", HOSTS)
def test_refreshes_of_the_island_leave_the_view_and_its_focus_alone(lab: Lab, provider: FakeProvider, host: Host) -> None:
    notebook, _, gate, view = start(lab, provider, f"refresh-{host}", host)
    stop = view.get_by_role("button", name="Stop", exact=True)
    stop.focus()
    for _ in range(5):
        gate.open(10)
        notebook.execute("s._view.island.refresh()")
    expect(view).to_contain_text("word69", timeout=30_000)
    expect(stop).to_be_focused()
    assert counts(notebook)["adopted"] == 1
    gate.open_all()
    assert_exact(notebook, view)
    assert counts(notebook)["mismatches"] == counts(notebook)["illegal"] == 0
