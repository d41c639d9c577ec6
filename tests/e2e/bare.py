"""A page that Playwright does not hold: Playwright tells Chromium that its own pages are always in front, and such a page is
never frozen.

Belongs here: opening a target outside Playwright's contexts, scripts in it, its life cycle. Does not belong here: anything
about notebooks but how one is run.
"""

from __future__ import annotations

import itertools
import json
import time
from typing import Any, Literal

from playwright.sync_api import Browser, Page


class BarePage:
    """A tab in the browser's own context, driven by the DevTools protocol alone."""

    def __init__(self, browser: Browser, url: str, pump: Page) -> None:
        """Open `url`. `pump` is any page of Playwright's: answers are taken in while something is asked of it."""
        self._pump = pump
        self._numbers = itertools.count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._browser = browser.new_browser_cdp_session()
        self._browser.on("Target.receivedMessageFromTarget", self._take)
        # Without a context of Playwright's, which therefore leaves it alone.
        self._target = self._browser.send("Target.createTarget", {"url": url})["targetId"]
        attached = self._browser.send("Target.attachToTarget", {"targetId": self._target, "flatten": False})
        self._session = attached["sessionId"]

    def close(self) -> None:
        """Close the tab."""
        self._browser.send("Target.closeTarget", {"targetId": self._target})
        self._browser.detach()

    def evaluate(self, expression: str) -> Any:
        """Return the JSON value of `expression`, awaited; also where the page is frozen, if it needs no timer."""
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self._send("Runtime.evaluate", asked)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, expression: str, seconds: float = 60.0) -> None:
        """Return when `expression` is true."""
        deadline = time.monotonic() + seconds
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < deadline, f"never true: {expression}"
            self._pump.wait_for_timeout(50)

    def set_state(self, state: Literal["frozen", "active"]) -> None:
        """Freeze the page as the browser does with one that was hidden for long, or wake it."""
        self._send("Page.setWebLifecycleState", {"state": state})

    def _send(self, method: str, params: dict[str, Any], seconds: float = 30.0) -> dict[str, Any]:
        number = next(self._numbers)
        message = json.dumps({"id": number, "method": method, "params": params})
        self._browser.send("Target.sendMessageToTarget", {"sessionId": self._session, "message": message})
        deadline = time.monotonic() + seconds
        while number not in self._answers:
            assert time.monotonic() < deadline, f"no answer to {method}"
            self._pump.wait_for_timeout(5)
        answer = self._answers.pop(number)
        assert "error" not in answer, answer["error"]
        result: dict[str, Any] = answer["result"]
        return result

    def _take(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        if event["sessionId"] == self._session and "id" in message:
            self._answers[message["id"]] = message
