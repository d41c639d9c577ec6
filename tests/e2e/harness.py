"""Drive a real JupyterLab or Notebook 7 in Chromium, as a person would, and look into its kernel from outside.

Belongs here: the browser page and the notebook in it. Does not belong here: the server (`server`), the kernel's messages
(`kernel`), anything about nbstream but a view's role. Fixtures are in `conftest.py`; a test reads:

    def test_stop_is_shown(lab):
        nb = lab.open("import nbstream", "s = nbstream.stream('Why is the sky blue?')")   # one string per code cell
        nb.run(0, wait=True)                        # until the cell has ended
        nb.run(1)                                   # returns at once
        view = nb.view(1)                           # Playwright locator of the view (role region) in cell 1's output
        expect(view).to_have_attribute("data-status", "streaming")
        view.get_by_role("button", name="Stop").click()
        expect(view).to_have_attribute("data-status", "stopped")
        assert nb.value("s.content")                # any JSON value of an expression, from the same kernel
        nb.save()
        assert "sky" in str(nb.file()["cells"][1]["outputs"])
        nb.reload()                                 # F5, the kernel goes on
        nb.reopen(kernel="none", trusted=False)     # another look at the saved file
        nb.page.keyboard.press("Escape")            # `page` is Playwright's own

`@pytest.mark.parametrize("host", HOSTS)` and `lab.open(..., host=host)` run a test in both front-ends. `lab.open(path=nb.path)`
opens the same notebook once more: a second client of one kernel. Locators pierce open shadow roots, so `nb.cell(1).get_by_text`
sees into a view (and the static form under it, hidden: ask `view` for what is shown).

`value` and `execute` ask the kernel on a connection of their own, silently (no history, no `post_run_cell`), and wait where a
cell blocks the kernel. After each test a console error, a page error, or a request that left the machine fails it;
`nb.expected.append(regex)` excuses one. A failed test leaves a picture and the console in `test-results/`.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

import nbformat
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from e2e.kernel import Kernel
from e2e.server import Server
from e2e.warm import Warm, new_context

HOSTS: Final = ("lab", "notebook")
Host = Literal["lab", "notebook"]
KERNEL: Final = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
FLAGS: Final = (
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",  # containers have a /dev/shm of 64 MB
)

QUIET: Final = (
    # Chromium's word for a 404; Lab asks for optional things (a workspace, a translation, a favicon) that are not there.
    r"Failed to load resource: the server responded with a status of 404",
    # Notebook 7 says both on every page, also with no widget in it: it runs plugins of Lab's without Lab's file browser.
    r"uncaught: Cannot read properties of undefined \(reading 'schema'\)",
    r"uncaught: Command 'filebrowser:open-path' not registered",
)


class Notebook:
    """One notebook in one browser page."""

    def __init__(self, server: Server, context: BrowserContext, path: str, host: Host, page: Page | None = None) -> None:
        """Open `path`, in a new page or as a tab of `page`, in which JupyterLab has been loaded."""
        self.server = server
        self.context = context
        self.path = path
        self.host = host
        self.expected: list[str] = list(QUIET)
        self.console: list[str] = []
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self._kernel: Kernel | None = None
        self._listeners: dict[str, Callable[..., None]] = {
            "console": lambda m: self._hear(m.type, f"{m.text} ({m.location.get('url', '')})"),
            "pageerror": lambda e: self._hear("error", f"uncaught: {e}"),
            "request": lambda r: self._asked(r.url),
            "dialog": lambda d: d.accept(),  # "leave without saving?"
        }
        self.page: Page = self._listen(page or self.context.new_page())
        if page is None:
            self._goto()
        else:
            self.page.evaluate("path => void globalThis.jupyterapp.commands.execute('docmanager:open', {path})", path)
            self._ready()

    # -- the page ---------------------------------------------------------------------------------------------------------

    def run(self, index: int, *, wait: bool = False, timeout: float = 60.0) -> None:
        """Run code cell `index` as Ctrl+Enter does; with `wait` until it has ended."""
        self.page.evaluate(_RUN, index)
        if wait:
            self.wait_idle(timeout)

    def wait_idle(self, timeout: float = 60.0) -> None:
        """Wait until every cell that `run` started has ended."""
        self.page.wait_for_function("() => (globalThis.e2eRunning ?? 0) === 0", timeout=timeout * 1000)

    def cell(self, index: int) -> Locator:
        """Return the locator of cell `index`."""
        return self.page.locator(f"{_PANEL} .jp-Notebook .jp-Cell").nth(index)

    def output(self, index: int) -> Locator:
        """Return the locator of the output area of cell `index`."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    def view(self, index: int, name: str | re.Pattern[str] | None = None) -> Locator:
        """Return the locator of the view (role region, in the shadow root) in the output of cell `index`."""
        output = self.output(index)
        return output.get_by_role("region") if name is None else output.get_by_role("region", name=name)

    def command_mode(self, index: int) -> None:
        """Select cell `index` as Escape in its editor does: single keys are then commands of the notebook."""
        self.page.evaluate(_SELECT, index)

    def save(self) -> None:
        """Save the notebook and wait until it is on the disk."""
        self.page.evaluate("() => globalThis.jupyterapp.commands.execute('docmanager:save')")
        self.page.wait_for_function(f"() => !({_CURRENT}).context.model.dirty")

    def file(self) -> dict[str, Any]:
        """Return the notebook as it is on the disk."""
        content: dict[str, Any] = json.loads(self._on_disk.read_text())
        return content

    def reload(self) -> None:
        """Load the page again; the kernel goes on. (Lab gets a new workspace: it saves the old one with a delay.)"""
        self._goto()

    def close(self) -> None:
        """Close the page without saving; the kernel goes on."""
        self.page.close()

    def reopen(self, *, kernel: Literal["same", "new", "none"] = "same", trusted: bool = True) -> None:
        """Close the page and open the saved file in a new one.

        Args:
            kernel: "same" keeps the kernel; "new" ends it, so that the front-end starts another; "none" ends it and answers "No
                Kernel" when asked for one (the file loses its kernel's name for that).
            trusted: whether the server trusts the file, whoever wrote it.
        """
        self.close()
        if kernel != "same":
            self._end_kernel()
        document = nbformat.read(self._on_disk, as_version=4)
        if kernel == "none":
            document.metadata.clear()
        else:
            document.metadata["kernelspec"] = KERNEL
        nbformat.write(document, self._on_disk)
        if trusted:
            self.server.notary().sign(document)
        else:
            self.server.notary().unsign(document)
        self.page = self._listen(self.context.new_page())
        self._goto(start_kernel=kernel != "none")

    # -- the kernel -------------------------------------------------------------------------------------------------------

    def execute(self, code: str, timeout: float = 60.0) -> str:
        """Run `code` in the notebook's kernel from outside; return what it printed."""
        return self._connect().execute(code, timeout)

    def value(self, expression: str, timeout: float = 60.0) -> Any:
        """Return the JSON value of `expression` in the notebook's kernel."""
        return self._connect().value(expression, timeout)

    def interrupt(self) -> None:
        """Interrupt the kernel as the notebook's button does."""
        self.server.api(f"kernels/{self.kernel_id}/interrupt", "POST")

    @property
    def trusted(self) -> bool:
        """Whether the front-end trusts every code cell, as its shield says."""
        return bool(self.page.evaluate(f"() => [...({_CURRENT}).context.model.cells].every(cell => cell.trusted)"))

    @property
    def kernel_id(self) -> str:
        """The id of the kernel that the notebook uses."""
        found = [s["kernel"]["id"] for s in self.server.api("sessions") if s["path"] == self.path]
        assert found, f"{self.path} has no kernel"
        return str(found[0])

    # -- what went wrong --------------------------------------------------------------------------------------------------

    def complaints(self) -> list[str]:
        """Return the console errors, page errors and foreign requests that nobody expected."""
        unexpected = [e for e in self.errors if not any(re.search(pattern, e) for pattern in self.expected)]
        return unexpected + [f"request to {url}" for url in self.foreign]

    def record(self, stem: Path) -> None:
        """Leave a picture and the console beside `stem`, for a test that failed."""
        stem.parent.mkdir(parents=True, exist_ok=True)
        stem.with_suffix(".console.txt").write_text("\n".join(self.console))
        if not self.page.is_closed():
            self.page.screenshot(path=stem.with_suffix(".png"))

    def dispose(self, *, keep_page: bool = False) -> None:
        """End the kernel, and close the page or leave it for others."""
        if keep_page:
            for event, listener in self._listeners.items():
                self.page.remove_listener(event, listener)
        elif not self.page.is_closed():
            self.page.close()
        self._end_kernel()

    @property
    def _on_disk(self) -> Path:
        return self.server.notebooks / self.path

    def _listen(self, page: Page) -> Page:
        for event, listener in self._listeners.items():
            page.on(event, listener)  # type: ignore[call-overload]  # the overloads want literal names
        return page

    def _hear(self, kind: str, text: str) -> None:
        self.console.append(f"{kind}: {text}")
        if kind == "error":
            self.errors.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.server.url, self.server.url.replace("http", "ws", 1), "data:", "blob:")):
            self.foreign.append(url)

    def _goto(self, *, start_kernel: bool = True) -> None:
        place = f"lab/workspaces/{secrets.token_hex(4)}/tree" if self.host == "lab" else "notebooks"
        self.page.goto(f"{self.server.url}/{place}/{self.path}?token={self.server.token}")
        self._ready(start_kernel=start_kernel)

    def _ready(self, *, start_kernel: bool = True) -> None:
        self.page.locator(f"{_PANEL} .jp-Notebook .jp-Cell").first.wait_for()
        if start_kernel:
            self.page.wait_for_function(f"() => ({_CURRENT})?.sessionContext?.session?.kernel?.status === 'idle'")
        else:
            self.page.get_by_role("dialog").get_by_role("button", name="No Kernel").click()

    def _connect(self) -> Kernel:
        if self._kernel is None:
            self._kernel = Kernel(self.server.runtime / f"kernel-{self.kernel_id}.json")
        return self._kernel

    def _end_kernel(self) -> None:
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None
        for session in self.server.api("sessions"):
            if session["path"] == self.path:
                self.server.api(f"sessions/{session['id']}", "DELETE")


class Lab:
    """Opens notebooks for one test, in a browser context of its own, or as a tab of the page that tests share."""

    def __init__(self, server: Server, browser: Browser, name: str, warm: Warm | None = None, **context: Any) -> None:
        """`context` are options of Playwright's `new_context`: viewport, color_scheme, reduced_motion."""
        self.server = server
        self.name = name
        self.opened: list[Notebook] = []
        self._browser = browser
        self._options = context
        self._warm = warm
        self._lent: Page | None = None
        self._context: BrowserContext | None = None

    def open(self, *cells: str, host: Host = "lab", path: str | None = None, shared: bool = False) -> Notebook:
        """Write a notebook with `cells` (code) and open it; with `path` open that one (relative to the server's root).

        With `shared` it becomes a tab of the page that tests share, which saves seconds: for a test that neither leaves things
        on that page's `window` nor reads what others may have left there, such as nbstream's counters.
        """
        if path is None:
            path = f"{self.name}-{len(self.opened)}.ipynb"
            nbformat.write(_document(cells), self.server.notebooks / path)
        page = None
        if shared and self._warm is not None and self._context is None and host == "lab":
            page = self._lent = self._warm.take()
            self._context = page.context
        elif self._context is None:
            self._context = new_context(self._browser, **self._options)
        notebook = Notebook(self.server, self._context, path, host, page)
        self.opened.append(notebook)
        return notebook

    def copy(self, source: Path, host: Host = "lab") -> Notebook:
        """Open a copy of the notebook file `source`."""
        path = f"{self.name}-{len(self.opened)}.ipynb"
        shutil.copyfile(source, self.server.notebooks / path)
        return self.open(host=host, path=path)

    def close(self, *, failed: bool = False) -> None:
        """Close every page and kernel of the test; after a failure the shared page too."""
        keep = self._lent is not None and not failed and not self._lent.is_closed()
        for notebook in self.opened:
            notebook.dispose(keep_page=keep and notebook.page is self._lent)
        if keep and self._warm is not None and self._lent is not None:
            self._warm.give_back(self._lent)
        elif self._context is not None:
            self._context.close()


_PANEL: Final = ".jp-NotebookPanel"
_CURRENT: Final = "globalThis.jupyterapp?.shell?.currentWidget"
_SELECT: Final = f"""index => {{
  const {{content}} = {_CURRENT};
  content.activeCellIndex = index;
  content.mode = "command";
  content.activate();
}}"""
_RUN: Final = f"""index => {{
  const {{content}} = {_CURRENT};
  content.activeCellIndex = index;
  globalThis.e2eRunning = (globalThis.e2eRunning ?? 0) + 1;
  globalThis.jupyterapp.commands.execute("notebook:run-cell").finally(() => {{ globalThis.e2eRunning -= 1; }});
}}"""


def _document(cells: tuple[str, ...]) -> nbformat.NotebookNode:
    document: nbformat.NotebookNode = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    document.metadata["kernelspec"] = KERNEL
    return document
