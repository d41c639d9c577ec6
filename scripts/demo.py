"""Open JupyterLab on the quickstart notebook, as `make demo` and `make dev` do, and print its address.

No browser is opened where there is no display, in CI, or with NBSTREAM_DEMO_NO_BROWSER=1. The person's own settings hold.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
NOTEBOOK = "quickstart.ipynb"
START_SECONDS = 120


def main() -> int:
    """Run the server until it ends or is interrupted; return its exit code."""
    port, token = free_port(), secrets.token_hex(16)
    address = f"http://127.0.0.1:{port}/lab/tree/{NOTEBOOK}?token={token}"
    settle_news()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.root_dir={NOTEBOOKS}"),
            *("--ServerApp.ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"),
            *("--ServerApp.log_level=WARN", *(["--allow-root"] if is_root() else [])),
        ],
        # The kernel named python3 must be this environment's, whatever is installed for the user.
        env={**os.environ, "JUPYTER_PREFER_ENV_PATH": "1"},
    )
    try:
        if wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", server):
            print(f"\nnbstream demo: {address}\nCtrl-C here ends it.\n", flush=True)
            if wants_browser():
                webbrowser.open(address)
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
        return server.wait()


def free_port() -> int:
    """Return 8888 where it is free, else any free port."""
    for wanted in (8888, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise RuntimeError("no free port on 127.0.0.1")


def settle_news() -> None:
    """Keep Lab's question about news off the demo: a default of this environment, which the person's settings override."""
    defaults = Path(sys.prefix) / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    if not defaults.exists():
        defaults.parent.mkdir(parents=True, exist_ok=True)
        defaults.write_text('{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}')


def wait_for(url: str, server: subprocess.Popen[bytes]) -> bool:
    """Return True once `url` answers, False where the server ended first or took too long."""
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except urllib.error.URLError:
            time.sleep(0.1)
    return False


def wants_browser() -> bool:
    """Tell whether a browser can be opened and is wanted."""
    if os.environ.get("NBSTREAM_DEMO_NO_BROWSER") or os.environ.get("CI"):
        return False
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def is_root() -> bool:
    """Tell whether this is root, for whom Jupyter wants to be asked twice."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


if __name__ == "__main__":
    sys.exit(main())
