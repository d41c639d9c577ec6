"""A page's `fetch` reads what a FastAPI application streams, character for character."""

from __future__ import annotations

from playwright.sync_api import Browser

from nbstream._stream import Stream
from wire.app import CONTENT, running


def test_seed_1_8_and_3_5_a_page_reads_the_plain_form_with_fetch(browser: Browser) -> None:
    made: list[Stream] = []
    with running(made) as address:
        page = browser.new_page()
        try:
            page.goto(address)
            assert page.evaluate("read('/chat?rate=400')") == "done"
            assert page.evaluate("document.getElementById('out').textContent") == CONTENT
        finally:
            page.close()


def test_a_page_that_leaves_stops_the_stream(browser: Browser) -> None:
    made: list[Stream] = []
    with running(made) as address:
        page = browser.new_page()
        page.goto(address)
        page.evaluate("void read('/chat?rate=10')")
        page.wait_for_function("document.getElementById('out').textContent !== ''")
        page.close()
        made[0].wait(20)
        assert made[0].status == "stopped"
