"""A browser page by Chromium's own protocol, with nothing switched on that costs the page time.

Belongs here: starting Chromium, one page, its questions. Does not belong here: JupyterLab (see `stage`).

Playwright is left out on purpose: it listens to the network, and each message of a web socket is then copied on the page's main
thread, which is the very thing that is measured here. Main-thread times are CPU times (`threadTicks`).
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

import psutil
import websocket

ROOT: Final = Path(__file__).parents[1]
FLAGS: Final = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    # A page that nobody looks at would be slowed down.
    *("--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows"),
    *("--disable-dev-shm-usage", "--remote-allow-origins=*", "--remote-debugging-port=0", "--window-size=1400,1000"),
)
START_SECONDS: Final = 30.0


class PageError(RuntimeError):
    """The page raised, or did not come to where it was waited for."""


class Browser:
    """A headless Chromium with a profile of its own."""

    def __init__(self, *flags: str) -> None:
        """Start it with `flags` beside the usual ones."""
        found = subprocess.run([sys.executable, ROOT / "scripts" / "chromium.py"], capture_output=True, text=True, check=False)
        if found.returncode:
            raise PageError(found.stderr.strip())
        self._profile = Path(tempfile.mkdtemp(prefix="nbstream-bench-"))
        command = [found.stdout.strip(), *FLAGS, *flags, f"--user-data-dir={self._profile}", "about:blank"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = self._profile / "DevToolsActivePort"
        deadline = time.monotonic() + START_SECONDS
        while not (port.exists() and port.read_text().count("\n")):
            if time.monotonic() > deadline:
                self.close()
                raise PageError("Chromium does not start")
            time.sleep(0.1)
        self._address = f"http://127.0.0.1:{port.read_text().split()[0]}"
        with urllib.request.urlopen(f"{self._address}/json/version", timeout=10) as answer:  # noqa: S310  # reason: loopback
            self.version = str(json.load(answer)["Browser"])

    def open(self, url: str, script: str) -> Page:
        """Open `url` in a new page, in which `script` runs before anything else."""
        request = urllib.request.Request(f"{self._address}/json/new?about:blank", method="PUT")  # noqa: S310  # reason: loopback
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310  # reason: loopback
            return Page(json.load(answer)["webSocketDebuggerUrl"], url, script)

    @property
    def processes(self) -> list[psutil.Process]:
        """The browser's processes; pages come and go among them."""
        root = psutil.Process(self._process.pid)
        return [root, *root.children(recursive=True)]

    def close(self) -> None:
        """End it and remove its profile."""
        if self._process.poll() is None:
            processes = self.processes
            self._process.terminate()
            _, alive = psutil.wait_procs(processes, timeout=5)
            for process in alive:
                process.kill()
        self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Page:
    """One page."""

    def __init__(self, address: str, url: str, script: str) -> None:
        self._numbers = itertools.count(1)
        self._socket = websocket.create_connection(address, timeout=60)
        self.call("Page.enable")
        self.call("Runtime.enable")
        self.call("Performance.enable", timeDomain="threadTicks")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.call("Page.addScriptToEvaluateOnNewDocument", source=script)
        self.call("Page.navigate", url=url)

    def call(self, method: str, **parameters: Any) -> Mapping[str, Any]:
        """Call one method of the protocol."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise PageError(f"{method}: {message['error']}")
                result: Mapping[str, Any] = message["result"]
                return result

    def value(self, expression: str) -> Any:
        """Return the JSON value of `expression`, a promise's when it is kept."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise PageError(details.get("exception", {}).get("description", str(details)))
        return answer["result"].get("value")

    def until(self, expression: str, seconds: float = 60.0) -> None:
        """Wait until `expression` is true; an exception counts as false while the page loads."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if self.value(expression):
                    return
            except PageError:
                if time.monotonic() > deadline:
                    raise
            if time.monotonic() > deadline:
                raise PageError(f"not true after {seconds:g} s: {expression}")
            time.sleep(0.1)

    def busy(self) -> float:
        """Seconds of CPU that the page's main thread has used for tasks so far."""
        metrics = {item["name"]: item["value"] for item in self.call("Performance.getMetrics")["metrics"]}
        return float(metrics["TaskDuration"])

    def close(self) -> None:
        """Close the page."""
        try:
            self.call("Page.close")
        finally:
            self._socket.close()
