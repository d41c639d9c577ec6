"""A reader answers whether a tool may run, while the question blocks the cell that asked it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from e2e.harness import Lab

ASK = "s = nb.Stream('agent')\nsaid = s.approval('delete_rows', {'table': 'runs', 'where': 'age > 30'})\ns.finish()"


def press_tab_until(page: Page, button: Locator) -> None:
    """Move the focus by keys alone."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if button.evaluate("button => button.getRootNode().activeElement === button"):
            return
    raise AssertionError("no key leads there")


def test_a_question_that_blocks_its_cell_is_answered_in_the_view_by_keys_or_by_a_click(lab: Lab) -> None:
    nb = lab.open("import nbstream as nb", ASK, ASK, shared=True)
    nb.run(0, wait=True)

    nb.run(1)
    view = nb.view(1)
    call = view.get_by_role("group", name="Tool call delete_rows")
    approve = call.get_by_role("button", name="Approve", exact=True)
    expect(approve).to_be_visible(timeout=30_000)
    expect(call).to_contain_text('"where": "age > 30"')
    expect(view.get_by_role("status")).to_have_text("Waiting for your approval")
    assert view.evaluate("view => view.getRootNode().activeElement") is None, "nothing takes the focus by itself"
    view.get_by_role("button", name="Stop", exact=True).focus()
    press_tab_until(nb.page, approve)
    nb.page.keyboard.press("Enter")
    expect(view).to_have_attribute("data-status", "done", timeout=15_000)
    nb.wait_idle()
    assert nb.value("said") is True

    nb.run(2)
    nb.view(2).get_by_role("button", name="Deny", exact=True).click(timeout=30_000)
    expect(nb.view(2).get_by_role("group", name="Tool call delete_rows")).to_contain_text("denied by you", timeout=15_000)
    nb.wait_idle()
    assert nb.value("said") is False
