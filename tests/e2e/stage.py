"""The stage: the built front-end in a page of its own, without a server and a kernel, its messages written by the test.

Belongs here: the page, its theme and width, telling a view something and hearing what it says. Does not belong here: what a
view is told (`states`), notebooks (`harness`). What a host does to a view is the business of the tests that use `lab`; here is
tested what a view looks like and does in itself, in any state, within a second. A test reads:

    def test_an_answer_grows(stage):
        view = stage.show(Open("content"), Append(0, "Hello"))
        stage.play(Append(0, " world"))
        expect(view.get_by_role("group", name="Answer")).to_have_text("Hello world")

The theme is JupyterLab's own stylesheet. No request leaves the machine: every address of the page is answered here.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Locator, Page, Route

from e2e.warm import new_context
from nbstream._codec import frame
from nbstream._events import Event
from nbstream._parts import part
from nbstream._transcript import Transcript

ADDRESS: Final = "https://stage.invalid"
THEMES: Final = Path(sys.prefix) / "share" / "jupyter" / "lab" / "themes" / "@jupyterlab"
PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>stage</title>
<link rel="stylesheet" href="/theme-light.css"><style>
  html { background: var(--jp-layout-color0); }
  body { margin: 0; padding: 8px; overflow-anchor: none; }
  #stage { max-width: WIDTHpx; }
  .view + .view { margin-top: 24px; }
</style></head><body data-jp-theme-light="true"><main id="stage"></main>
<script type="module" src="/stage.js"></script></body></html>"""


class Stage:
    """One page with views in it.

    Attributes:
        page: Playwright's own.
        errors: what the page complained of; a test that leaves any has failed.
    """

    def __init__(self, browser: Browser, *, theme: str = "light", width: int = 760, parts: bool = True, **options: Any) -> None:
        """Open a page in `theme` (light or dark) whose views are `width` px wide; `options` go to `new_context`.

        Without `parts` it is as with a kernel that does not answer: nothing comes of what is loaded on demand.
        """
        self._parts = parts
        self._context = new_context(browser, **{"viewport": {"width": max(width + 32, 360), "height": 900}, **options})
        self._page = PAGE.replace("WIDTH", str(width))
        self._runs: dict[str, list[Transcript]] = {}
        self._ways: dict[str, list[str]] = {}
        self.errors: list[str] = []
        self._context.route("**", self._answer)
        self.page: Page = self._context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.goto(ADDRESS)
        # Until the script has run, the name is that of the element.
        self.page.wait_for_function("() => globalThis.stage?.open !== undefined")
        self.theme(theme)

    def theme(self, name: str) -> None:
        """Change the theme as JupyterLab does: another stylesheet, an attribute of the body."""
        self.page.evaluate(
            """name => new Promise(resolve => {
              const link = document.querySelector("link");
              link.addEventListener("load", resolve, { once: true });
              link.href = `/theme-${name}.css?${Math.random()}`;
              document.body.dataset.jpThemeLight = String(name === "light");
            })""",
            name,
        )

    def show(self, *events: Event, key: str = "a", ways: Sequence[str] = ("retry", "continue")) -> Locator:
        """Show one more view, under `key`, and tell it `events`; its stream can be asked again in `ways`."""
        self._runs[key] = [Transcript()]
        self._ways[key] = list(ways)
        self.page.evaluate("([key, state]) => globalThis.stage.open(key, state)", [key, self.state(key)])
        self.play(*events, key=key)
        return self.view(key)

    def restart(self, *events: Event, key: str = "a") -> None:
        """Let another attempt begin in the view `key`, and tell it `events`."""
        self._runs[key].append(Transcript())
        self.tell({"type": "snapshot", "state": self.state(key)}, key=key)
        self.play(*events, key=key)

    def state(self, key: str = "a") -> dict[str, Any]:
        """The snapshot of the view `key`."""
        runs = [self.run(key, number) for number in range(len(self._runs[key]))]
        return {**self._runs[key][-1].snapshot(), "run": runs[-1], "attempts": runs, "ways": self._ways[key]}

    def play(self, *events: Event, key: str = "a") -> None:
        """Tell the view `key` more events, in one frame; return when they are painted."""
        if events:
            self.tell(self.message(*events, key=key), key=key)
        self.painted()

    def message(self, *events: Event, key: str = "a") -> dict[str, Any]:
        """The message that tells the view `key` more events."""
        transcript = self._runs[key][-1]
        first = transcript.seq + 1
        for event in events:
            transcript.apply(event)
        return {"type": "frame", **frame(self.run(key), first, transcript.seq, events)}

    def tell(self, *messages: dict[str, Any], key: str = "a") -> None:
        """Send messages of the kernel to the view `key`."""
        self.page.evaluate("([key, messages]) => globalThis.stage.tell(key, ...messages)", [key, messages])

    def painted(self) -> None:
        """Return when two frames have been drawn and the figures, which change ten times a second, had their turn."""
        self.page.evaluate(
            "() => new Promise(done => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 120))"
        )

    def heard(self, kind: str, key: str = "a") -> list[dict[str, Any]]:
        """What the view `key` has said, of one type."""
        said: list[dict[str, Any]] = self.page.evaluate("key => globalThis.stage.sent(key)", key)
        return [message for message in said if message["type"] == kind]

    def line(self, status: str, key: str = "a") -> None:
        """Cut the line to the kernel ("connecting", "disconnected") or mend it ("connected")."""
        self.page.evaluate("([key, status]) => globalThis.stage.line(key, status)", [key, status])

    def lose(self, key: str = "a") -> None:
        """Let the kernel go."""
        self.page.evaluate("key => globalThis.stage.lose(key)", key)
        self.painted()

    def clear(self) -> None:
        """Take every view away."""
        for key in self._runs:
            self.page.evaluate("key => globalThis.stage.close(key)", key)
        self._runs.clear()

    def view(self, key: str = "a") -> Locator:
        """The view that was shown under `key`."""
        return self.page.locator(".view").nth(list(self._runs).index(key)).locator(".nb")

    @property
    def keys(self) -> list[str]:
        """Under which keys views are shown, in the order of the page."""
        return list(self._runs)

    def run(self, key: str = "a", attempt: int = -1) -> str:
        """The id of its run, of the latest attempt or another."""
        return f"run-{key}-{attempt % len(self._runs[key])}"

    def close(self) -> None:
        """Close the page."""
        self._context.close()

    def _answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS).partition("?")[0]
        if path == "/":
            route.fulfill(body=self._page, content_type="text/html")
        elif path == "/stage.js":
            route.fulfill(body=Path(__file__).with_suffix(".js").read_text("utf-8"), content_type="text/javascript")
        elif path == "/widget.js":
            bundle = files("nbstream") / "static" / "widget.js"
            route.fulfill(body=bundle.read_text("utf-8"), content_type="text/javascript")
        elif path.startswith("/theme-"):
            css = THEMES / f"{path[1:-4]}-extension" / "index.css"
            route.fulfill(body=css.read_text("utf-8"), content_type="text/css")
        elif path.startswith("/part/"):
            found = part(path.removeprefix("/part/")) if self._parts else None
            route.fulfill(status=204 if found is None else 200, body=found or b"", content_type="application/octet-stream")
        elif path == "/favicon.ico":
            route.fulfill(status=204)
        else:
            self.errors.append(f"request to {route.request.url}")
            route.abort()
