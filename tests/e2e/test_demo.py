"""The demo, as `make demo` serves it: the server that `scripts/demo.py` starts, and the notebook that it opens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, expect

DEMO: Final = Path(__file__).parents[2] / "scripts" / "demo.py"

# A state is what the view shows at one time; one is noted after each change, so nothing that is painted is missed.
WATCH: Final = """view => {
  const text = selector => view.querySelector(selector)?.textContent ?? "";
  const states = globalThis.demoStates = [];
  const note = () => states.push({status: view.dataset.status, thinking: text("[data-kind='thinking']"),
    content: text("[data-kind='content']"), tool: text("[data-kind='tool'] [data-part='body']")});
  new MutationObserver(note).observe(view, {subtree: true, childList: true, characterData: true, attributes: true});
}"""


@pytest.fixture
def address() -> Iterator[str]:
    """The address that the demo prints."""
    demo = subprocess.Popen(
        [sys.executable, DEMO], stdout=subprocess.PIPE, text=True, env={**os.environ, "NBSTREAM_DEMO_NO_BROWSER": "1"}
    )
    assert demo.stdout is not None
    try:
        yield next(line.split()[-1] for line in demo.stdout if line.startswith("nbstream demo:"))
    finally:
        demo.send_signal(signal.SIGINT)
        try:
            demo.communicate(timeout=30)
        finally:
            demo.kill()


def growths(texts: list[str]) -> int:
    """Count the steps in which a text became a longer one."""
    return sum(len(after) > len(before) for before, after in pairwise(texts))


def test_the_demo_streams_thinking_then_an_answer_then_the_arguments_of_a_tool_call(address: str, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1000, "height": 1400})
    page = context.new_page()
    page.goto(address)
    cell = page.locator(".jp-Notebook .jp-Cell").filter(has_text="What is the weather in Oslo?")
    cell.locator(".jp-InputArea-editor").click()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").first.wait_for(state="attached", timeout=60_000)
    page.keyboard.press("Control+Home")
    page.keyboard.type("import nbstream as nb; ")
    page.keyboard.press("Control+Enter")
    view = cell.get_by_role("region")
    view.wait_for(timeout=60_000)
    view.evaluate(WATCH)
    expect(view).to_have_attribute("data-status", "done", timeout=60_000)
    states = page.evaluate("demoStates")
    live = [state for state in states if state["status"] == "streaming"]
    answers = [state["content"] for state in live]
    assert growths(answers) >= 10
    assert growths([state["thinking"] for state in live if not state["content"]]) >= 5, "the thinking comes first"
    assert growths([state["tool"] for state in live]) >= 5, "the arguments grow while they are written"
    context.close()
