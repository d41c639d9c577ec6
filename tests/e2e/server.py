"""A Jupyter server for the browser tests, apart from everything that the person at the machine has.

Belongs here: its directories, its start and end, its REST interface. Does not belong here: pages (see `harness`), kernels'
messages (see `kernel`).
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from nbformat.sign import NotebookNotary

from e2e import kernels

START_SECONDS: Final = 60.0


class Server:
    """A Jupyter server on a free loopback port with directories of its own, whose kernels use this interpreter."""

    def __init__(self, root: Path, environment: dict[str, str] | None = None) -> None:
        self.notebooks = root / "notebooks"
        self.data = root / "data"
        self.runtime = root / "runtime"
        self.log = root / "server.log"
        self.token = secrets.token_hex(12)
        self.url = ""
        self._environment = {**os.environ, **self._directories(root), **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        kernels.write_specs(self.data)

    def start(self) -> Self:
        """Start the server and wait until it answers; after a stop at the same address."""
        port = int(self.url.rpartition(":")[2]) if self.url else _free_port()
        self.url = f"http://127.0.0.1:{port}"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"),
                    *("--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0", f"--IdentityProvider.token={self.token}"),
                    *(f"--ServerApp.root_dir={self.notebooks}", "--ServerApp.terminals_enabled=False"),
                    *("--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True"),
                    *("--LabApp.extension_manager=readonly", "--KernelManager.shutdown_wait_time=2"),
                ],
                cwd=self.notebooks,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        _until(self._answers, START_SECONDS, f"the Jupyter server does not answer; its log is {self.log}")
        return self

    def stop(self) -> None:
        """End the server and its kernels."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        """The id of the server's process."""
        assert self._process is not None, "the server was not started"
        return self._process.pid

    def api(self, path: str, method: str = "GET") -> Any:
        """Call the server's REST interface; return the decoded JSON, None where there is none."""
        request = urllib.request.Request(
            f"{self.url}/api/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            body = response.read()
        return json.loads(body) if body else None

    def notary(self) -> NotebookNotary:
        """Return the notary that decides which notebooks the server trusts."""
        return NotebookNotary(data_dir=str(self.data))

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"the Jupyter server ended:\n{self.log.read_text(errors='replace')[-3000:]}")
        try:
            self.api("status")
        except OSError:
            return False
        return True

    def _directories(self, root: Path) -> dict[str, str]:
        config = root / "config"
        settings = config / "lab" / "user-settings"
        news = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
        for directory in (self.notebooks, self.data, self.runtime, news.parent):
            directory.mkdir(parents=True, exist_ok=True)
        # Without this Lab asks in a dialog whether it may fetch news.
        news.write_text('{"fetchNews": "false", "checkForUpdates": false}')
        return {
            "HOME": str(root),
            "JUPYTER_CONFIG_DIR": str(config),
            "JUPYTER_DATA_DIR": str(self.data),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "JUPYTERLAB_SETTINGS_DIR": str(settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(config / "lab" / "workspaces"),
            "IPYTHONDIR": str(root / "ipython"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(condition: Callable[[], bool], seconds: float, message: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(message)
        time.sleep(0.05)  # nothing announces that a port is open
