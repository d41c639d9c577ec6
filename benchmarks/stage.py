"""One showing: a method in a notebook in JupyterLab, from the first token to the last one painted, and what it took.

Belongs here: the server, the page with its notebook, the measuring. Does not belong here: what is shown (`methods`), which
showings are compared (`peers`, `growth`).

CPU is read from the processes of the kernel and of the server, and from the page's main thread. The window is that of the
stream: from the start of the cell until the last marker is painted, plus a second and a half in which late work may come.
"""

from __future__ import annotations

import itertools
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

import nbformat
import psutil

from benchmarks import corpus
from benchmarks.browser import Browser, Page, PageError
from benchmarks.methods import Method
from e2e.kernel import Kernel
from e2e.server import Server

ROOT: Final = Path(__file__).parents[1]
LATE_SECONDS: Final = 1.5
GRACE_SECONDS: Final = 20.0
"""A method that has not shown its last token so long after it was due has lost it, or is given up."""
_PANEL: Final = (
    "[...(globalThis.jupyterapp?.shell?.widgets('main') ?? [])].find(it => it.sessionContext && it.content?.widgets)"
)
_LONG_TASK: Final = 50.0


@dataclass
class Showing:
    """What one showing took.

    Attributes:
        name: of the method.
        kernel, server, page: seconds of CPU; the page's are its main thread's.
        messages, bytes: that the kernel's socket brought the page.
        lags: for each marker of each pane, milliseconds from the kernel's hand-over to the painted frame.
        shown: whether the last token was painted.
        seconds: of the wall, from start to the last token painted.
        tasks: milliseconds of each task over 50 ms on the page's main thread, whoever's.
        slow: scripts that the browser blamed for a slow frame.
        samples: what had happened at moments on the way.
        load: how many of the machine's cores others used meanwhile.
    """

    name: str
    kernel: float = 0.0
    server: float = 0.0
    page: float = 0.0
    messages: int = 0
    bytes: int = 0
    lags: list[float] = field(default_factory=list)
    shown: bool = False
    seconds: float = 0.0
    tasks: list[float] = field(default_factory=list)
    slow: list[dict[str, Any]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    load: float = 0.0

    def lag(self, share: float) -> float:
        """The lag that `share` of the markers do not exceed, in milliseconds; infinite where none was painted."""
        return quantile(self.lags, share)


@dataclass(frozen=True)
class Sample:
    """One moment: markers painted in the slowest pane, seconds of CPU, messages so far."""

    marker: int
    page: float
    kernel: float
    messages: int


class Stage:
    """One server and one browser; a fresh notebook, kernel and page for each showing."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="nbstream-bench-", ignore_cleanup_errors=True)
        self._names = (f"bench-{number}.ipynb" for number in itertools.count())
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        self.server = Server(Path(self._folder.name), {"PYTHONPATH": path})
        self.server.start()
        self.browser = Browser()

    def show(self, method: Method, tokens: int, rate: float, panes: int = 1, every: float = 0.5) -> Showing:
        """Show `tokens` tokens at `rate` tokens a second in each of `panes`; look at the page each `every` seconds."""
        path = next(self._names)
        first, second = method.cells(str(ROOT), tokens, rate, panes)
        self._write(path, first, second)
        page = self.browser.open(f"{self.server.url}/lab/workspaces/{path[:-6]}/tree/{path}?token={self.server.token}", _PROBE)
        try:
            page.until(f"({_PANEL})?.sessionContext?.session?.kernel?.status === 'idle'", 120)
            page.until("!document.querySelector('#jupyterlab-splash') && document.querySelectorAll('.jp-CodeCell').length > 1")
            page.value(f"jupyterapp.shell.activateById(({_PANEL}).id)")
            page.until("jupyterapp.shell.currentWidget !== null")
            self._run(page, 0)
            page.until("globalThis.benchCells === 0", 120)
            return self._measure(page, path, method, tokens, rate, panes, every)
        finally:
            page.close()
            for session in self.server.api("sessions"):
                self.server.api(f"sessions/{session['id']}", "DELETE")

    def _measure(self, page: Page, path: str, method: Method, tokens: int, rate: float, panes: int, every: float) -> Showing:
        kernel = self._connect(path)
        result = Showing(method.name)
        markers = corpus.make(tokens)[1]
        try:
            processes = [psutil.Process(int(kernel.value("os.getpid()"))), psutil.Process(self.server.pid)]
            time.sleep(2)  # what the first cell set in motion
            page.value(f"benchProbe.start({method.selector!r}, {panes if method.selector else 0}, {len(markers)})")
            busy, cpu, all_cpu, begun = page.busy(), [_cpu(p) for p in processes], _cpu_of_all(), time.monotonic()
            browser = sum(_cpu(p) for p in self.browser.processes)
            self._run(page, 1)
            due, status = begun + tokens / rate, {"done": False}
            while not status["done"] and time.monotonic() < due + GRACE_SECONDS:
                if not method.selector and time.monotonic() > due:
                    break
                time.sleep(every)
                status = page.value("benchProbe.status()")
                spent = page.busy() - busy, _cpu(processes[0]) - cpu[0]
                result.samples.append(Sample(min(status["shown"], default=0), *spent, status["messages"]))
            result.seconds = time.monotonic() - begun
            time.sleep(LATE_SECONDS)
            result.page = page.busy() - busy
            result.kernel, result.server = (_cpu(p) - c for p, c in zip(processes, cpu, strict=True))
            others = _cpu_of_all() - all_cpu - result.kernel - result.server
            others -= sum(_cpu(p) for p in self.browser.processes) - browser
            result.load = others / (time.monotonic() - begun)
            seen = page.value("benchProbe.finish()")
            result.messages, result.bytes, result.shown = seen["messages"], seen["bytes"], seen["done"]
            result.tasks = [ms for ms in seen["tasks"] if ms > _LONG_TASK]
            result.slow = seen["slow"]
            result.lags = _lags(kernel.value(method.times, 120), seen["seen"], markers)
        finally:
            kernel.close()
        return result

    @staticmethod
    def _run(page: Page, index: int) -> None:
        page.value(f"""{{
          const {{content}} = {_PANEL}
          content.activeCellIndex = {index}
          globalThis.benchCells = (globalThis.benchCells ?? 0) + 1
          jupyterapp.commands.execute("notebook:run-cell").finally(() => {{ globalThis.benchCells -= 1 }})
          1
        }}""")

    def _connect(self, path: str) -> Kernel:
        found = [s["kernel"]["id"] for s in self.server.api("sessions") if s["path"] == path]
        if not found:
            raise PageError(f"{path} has no kernel")
        return Kernel(self.server.runtime / f"kernel-{found[0]}.json")

    def _write(self, path: str, *cells: str) -> None:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        nbformat.write(notebook, self.server.notebooks / path)

    def close(self) -> None:
        """End the browser, the server and its kernels."""
        try:
            self.browser.close()
        finally:
            self.server.stop()
            self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_PROBE: Final = (Path(__file__).parent / "probe.js").read_text()


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of `values` do not exceed; infinite where there is none."""
    return sorted(values)[math.ceil(share * len(values)) - 1] if values else math.inf


def _lags(sent: list[list[float]], seen: list[list[tuple[int, float]]], markers: Sequence[int]) -> list[float]:
    """Milliseconds of each painted marker; one that was painted together with a later one has its time."""
    lags = []
    for times, paints in zip(sent, seen, strict=False):
        painted = iter(paints)
        number, at = next(painted, (0, 0.0))
        for index, token in enumerate(markers, start=1):
            while number < index:
                number, at = next(painted, (len(markers) + 1, 0.0))
            if at:
                lags.append(at - times[token] * 1000)
    return lags


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _cpu_of_all() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)
