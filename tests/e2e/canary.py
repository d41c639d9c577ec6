"""A page whose whole network is one recorder: whatever it asks for, of any host, is heard here.

Belongs here: the recorder, which is the proxy of the page's context, and what else may happen to a page without being asked for
(dialogs, navigations, other pages). Does not belong here: what the page is shown (`hostile.js`), what must not happen
(`test_inert`).
"""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page

from nbstream._parts import FILES, part

HOST: Final = "canary.test"
HERE: Final = Path(__file__).parent
PAGE: Final = b"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>canary</title></head>
<body><div class="probe" style="position: fixed; inset: 0 auto auto 0; width: 9px; height: 9px; z-index: 1"></div>
<main id="stage"></main><script type="module" src="/hostile.js"></script></body></html>"""
WATCH: Final = (HERE / "effects.js").read_text("utf-8")


class Recorder(ThreadingHTTPServer):
    """An HTTP proxy that serves the page's own files and writes down everything else.

    Attributes:
        hits: what was asked for that is not the page's own.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hits: list[str] = []
        bundle = files("nbstream") / "static" / "widget.js"
        script = "text/javascript"
        self.files: dict[str, tuple[str, bytes]] = {
            "/": ("text/html", PAGE),
            "/hostile.js": (script, (HERE / "hostile.js").read_bytes()),
            "/stage.js": (script, (HERE / "stage.js").read_bytes()),
            "/widget.js": (script, bundle.read_bytes()),
            "/favicon.ico": ("image/png", b""),
        }
        for name in FILES:
            self.files[f"/part/{name}"] = ("application/octet-stream", part(name) or b"")
        threading.Thread(target=self.serve_forever, name="canary", daemon=True).start()

    def close(self) -> None:
        """Serve no more."""
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Recorder

    def do_GET(self) -> None:
        path = self.path.removeprefix(f"http://{HOST}")
        kind, body = self.server.files.get(path, ("", b""))
        if not kind:
            self.server.hits.append(f"{self.command} {self.path}")
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # it was taken away while it was asked for
            self.wfile.write(body)

    do_POST = do_HEAD = do_PUT = do_OPTIONS = do_GET  # noqa: N815  # reason: the names that the base class calls

    def do_CONNECT(self) -> None:
        self.server.hits.append(f"CONNECT {self.path}")
        self.send_error(502)

    def log_message(self, *_: object) -> None:
        """What was asked for is in `hits`."""


class Canary:
    """The page.

    Attributes:
        recorder: hears what it asks for.
        happened: dialogs and new pages, which the page itself cannot see.
    """

    def __init__(self, browser: Browser) -> None:
        self.recorder = Recorder()
        self.happened: list[str] = []
        address = f"http://127.0.0.1:{self.recorder.server_port}"
        self._context = browser.new_context(
            viewport={"width": 800, "height": 900}, proxy={"server": address, "bypass": "<-loopback>"}
        )
        self._context.add_init_script(WATCH)
        self.page: Page = self._context.new_page()
        self._context.on("page", lambda page: self.happened.append(f"page {page.url}"))
        self.page.on("dialog", lambda dialog: (self.happened.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("download", lambda download: self.happened.append(f"download {download.url}"))
        self.page.goto(f"http://{HOST}/")
        self.page.wait_for_function("() => globalThis.hostile !== undefined", polling=20)  # frames are drawn by hand

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function of `hostile.js`."""
        return self.page.evaluate("([name, list]) => globalThis.hostile[name](...list)", [name, list(arguments)])

    def effects(self) -> list[str]:
        """Everything that has happened since the last call."""
        seen: list[str] = self.call("effects")
        found = [*self.recorder.hits, *self.happened, *seen]
        self.recorder.hits.clear()
        self.happened.clear()
        return found

    def close(self) -> None:
        """Close the page and the recorder."""
        self._context.close()
        self.recorder.close()
