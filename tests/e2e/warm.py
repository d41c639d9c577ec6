"""A page with JupyterLab loaded, handed from test to test, because loading it costs seconds and a new notebook tab does not.

Belongs here: when the page is kept and when it is not. Does not belong here: what a test does with it (see `harness`).

A test that asks for it gets a new notebook, kernel and tab in it. The page is dropped after a test that failed or closed it; a
reload gives it a new workspace, so that no tab of an earlier test comes back. What tests leave on `window` stays.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page

from e2e.server import Server

VIEWPORT: Final = {"width": 1280, "height": 900}
CLOSE_TABS: Final = """() => {
  for (const widget of [...globalThis.jupyterapp.shell.widgets("main")]) {
    if (widget.context) widget.context.model.dirty = false;  // else Lab asks whether to save
    widget.close();
  }
  globalThis.e2eRunning = 0;
}"""


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """Return a browser context with what the tests need; `options` are Playwright's."""
    context = browser.new_context(**{"viewport": VIEWPORT, **options})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    return context


class Warm:
    """Lends one page with JupyterLab in it."""

    def __init__(self, server: Server, browser: Browser) -> None:
        self._server = server
        self._browser = browser
        self._page: Page | None = None

    def take(self) -> Page:
        """Return the page with no tab open, loading it where there is none."""
        page, self._page = self._page, None
        if page is None or page.is_closed():
            page = new_context(self._browser).new_page()
            page.goto(f"{self._server.url}/lab/workspaces/{secrets.token_hex(4)}?token={self._server.token}")
            page.wait_for_function("() => globalThis.jupyterapp")
            page.evaluate("() => globalThis.jupyterapp.restored")
        page.evaluate(CLOSE_TABS)
        return page

    def give_back(self, page: Page) -> None:
        """Take the page back for the next test."""
        if not page.is_closed():
            page.evaluate(CLOSE_TABS)
            page.locator(".jp-NotebookPanel").wait_for(state="detached")
            self._page = page

    def drop(self, page: Page) -> None:
        """Close the page with all that belongs to it."""
        page.context.close()
