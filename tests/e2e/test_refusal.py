"""A refusal is said to be one, and nothing else is."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from e2e.stage import Stage
from nbstream._events import Amend, Append, Open


def test_only_a_refusal_is_called_one(browser: Browser) -> None:
    stage = Stage(browser)
    view = stage.show(Open("content"), Append(0, "I can"))
    note = view.get_by_text("The model refused to answer")
    expect(view.get_by_role("group", name="Answer")).to_be_visible()
    expect(note).to_be_hidden()
    stage.play(Append(0, "not"), Amend(0, {"refusal": True}))
    expect(view.get_by_role("group", name="Refusal")).to_contain_text("I cannot")
    expect(note).to_be_visible()
    stage.close()
