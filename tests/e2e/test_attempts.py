"""Continue and the pager in a real notebook: another attempt comes into the same view, the one before stays readable."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from e2e.harness import Lab


def ended(view: Locator, status: str) -> None:
    """Wait until `view` shows `status`."""
    expect(view).to_have_attribute("data-status", status, timeout=30_000)


def test_a_stopped_answer_goes_on_and_its_first_attempt_stays_readable(lab: Lab) -> None:
    notebook = lab.open("import nbstream as nb", "s = nb.stream('Why is the sky blue?', render='text')", shared=True)
    notebook.run(0, wait=True)
    notebook.run(1)
    view = notebook.view(1)
    body = view.locator("[data-kind='content'] [data-part='body']")
    expect(body).to_have_text(re.compile(r"\w+ \w+"), timeout=60_000)
    view.get_by_role("button", name="Stop", exact=True).click()
    ended(view, "stopped")
    partial = notebook.value("s.content")
    view.get_by_role("button", name="Continue", exact=True).click()
    ended(view, "done")
    whole = notebook.value("s.content")
    assert whole.startswith(partial)
    assert len(whole) > len(partial)
    assert body.text_content() == whole
    assert notebook.value("s.messages[-1]['content'] == s.content and len(s.messages) == 2")
    notebook.save()
    assert whole.split("\n")[-1] in str(notebook.file()["cells"][1]["outputs"])

    view.get_by_role("button", name="Previous attempt").click()
    ended(view, "stopped")
    assert body.text_content() == partial
    view.get_by_role("button", name="Next attempt").click()
    ended(view, "done")

    notebook.reload()
    expect(body).to_have_text(whole.strip(), timeout=30_000)
    view.get_by_role("button", name="Previous attempt").click()
    ended(view, "stopped")
    assert body.text_content() == partial
