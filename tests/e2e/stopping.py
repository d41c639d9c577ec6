"""A click on Stop in every situation that a kernel can be in, and how long the provider's socket stays open after it.

Belongs here: the situations and the clock. Does not belong here: which kernels (see `kernels`), what is asserted (tests) or
published (`scripts/stop_table.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from playwright.sync_api import Locator, Page

from e2e.harness import Host, Lab, Notebook
from e2e.kernels import write_notebook
from provider import Answer, Connection, FakeProvider, Script

WORDS: Final = [f"word{i} " for i in range(1000)]
SITUATIONS: Final = {
    "idle": "s = go()",
    "wait": "s = go()\ns.wait()",
    "for": "s = go()\nfor event in s.events():\n    pass",
    "await": "s = go()\nawait s",
    "async for": "s = go()\nasync for event in s.events():\n    pass",
    "computing": "n += 1\nprint(f'busy {n};')\nfor _ in lasting(s):\n    sum(range(100_000))",
    "sleeping": "n += 1\nprint(f'busy {n};')\nfor _ in lasting(s):\n    time.sleep(0.5)",
}
"""What the cell does at the time of the click. In the last two it has nothing to do with the stream, which another began."""
UNRELATED: Final = ("computing", "sleeping")
BEGIN: Final = """import time
import nbstream as nb
n = 0
def go():
    return nb.stream("Tell me", model="openai/{model}", api_base="{base}", api_key="key", render="text")
def lasting(s):
    end = time.monotonic() + 10
    while time.monotonic() < end and s.status in ("submitted", "streaming"):
        yield"""

CLOSED_SECONDS: Final = 0.25
TRIES: Final = 4
"""At most: a machine that does other things, too, is late for some of them."""

_MARK: Final = """() => { globalThis.stopMarked = undefined
  if (globalThis.stopMark) return
  globalThis.stopMark = e => { if (e.isTrusted && e.composedPath().some(node => node.dataset?.status))
    globalThis.stopMarked ??= Date.now() / 1000 }
  for (const type of ['click', 'keydown']) addEventListener(type, globalThis.stopMark, true) }"""


def mark(page: Page) -> None:
    """Have the page note the moment of the person's next click or key in a view: the front-end makes events of its own."""
    page.evaluate(_MARK)


def marked(page: Page) -> float:
    """That moment, in seconds of the time of day."""
    moment: float = page.evaluate("globalThis.stopMarked")
    return moment


def in_time(stop: Callable[[], float]) -> None:
    """Let `stop` say how many seconds the socket stayed open until it was short enough once."""
    took = [stop()]
    while took[-1] > CLOSED_SECONDS and len(took) < TRIES:
        took.append(stop())
    assert took[-1] <= CLOSED_SECONDS, took


class Stopping:
    """A notebook with one cell for each situation, on one kernel in one front-end."""

    def __init__(
        self, lab: Lab, provider: FakeProvider, version: str, host: Host, more: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Open the notebook and load what the first stream needs; `more` situations may be added."""
        situations = {**SITUATIONS, **more}
        model = f"stop-{version}-{host}-{len(lab.opened)}"
        self.script: Script = provider.script(model, Answer.of(WORDS), rate=50)
        path = f"{model}.ipynb"
        begin = BEGIN.format(model=model, base=provider.base("openai"))
        write_notebook(lab.server.notebooks / path, version, begin, *situations.values())
        self.notebook: Notebook = lab.open(path=path, host=host)
        self.notebook.run(0, wait=True)
        self._index = {name: number for number, name in enumerate(situations, start=1)}
        self._busy = 0

    def begin(self, situation: str) -> Connection:
        """Bring the kernel into `situation` with a stream under way; return the provider's end of it."""
        shown = self.shown(situation)
        self.notebook.run(shown, wait=shown == self._index["idle"])
        conn = self.script.wait_for_connection(timeout=60)
        view = self.notebook.view(shown)
        self._with(view, "streaming").filter(has_text="word3 ").wait_for(timeout=30_000)
        if situation in UNRELATED:
            self._busy += 1
            self.notebook.run(self._index[situation])
            self.notebook.output(self._index[situation]).filter(has_text=f"busy {self._busy};").wait_for(timeout=10_000)
        return conn

    def click(self, situation: str) -> float:
        """Bring the kernel into `situation`, click Stop, and return the seconds until the provider's socket was closed."""
        conn = self.begin(situation)
        view = self.notebook.view(self.shown(situation))
        mark(self.notebook.page)
        view.get_by_role("button", name="Stop", exact=True).click()
        closed = conn.wait_closed(timeout=15) + time.time() - time.monotonic()
        assert conn.closed_by == "client"
        began = marked(self.notebook.page)
        self.notebook.wait_idle()
        self._with(view, "stopped").wait_for(timeout=10_000)
        return closed - began

    def interrupt(self) -> None:
        """Click on the toolbar's button that interrupts the kernel."""
        self.notebook.page.get_by_role("button", name="Interrupt the kernel").click()

    def restart(self) -> None:
        """Restart the kernel from the menu, and begin anew."""
        self._command("kernelmenu:restart", confirm="Confirm Kernel Restart")
        self.notebook.run(0, wait=True)

    def shut_down(self) -> None:
        """End the kernel from the menu."""
        self._command("kernelmenu:shutdown")

    def _with(self, view: Locator, status: str) -> Locator:
        """The view where it has `status`; its `wait_for` looks at every frame of the page, `expect` ever less often."""
        return view.and_(self.notebook.page.locator(f"[data-status='{status}']"))

    def _command(self, name: str, *, confirm: str = "") -> None:
        self.notebook.page.evaluate("name => void globalThis.jupyterapp.commands.execute(name)", name)
        if confirm:
            self.notebook.page.get_by_role("button", name=confirm).click()

    def shown(self, situation: str) -> int:
        """The index of the cell that shows the stream of `situation`."""
        return self._index["idle" if situation in UNRELATED else situation]
