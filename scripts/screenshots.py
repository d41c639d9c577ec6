"""Take the pictures of docs/images from a real JupyterLab: light.png, dark.png, and stream.webp, an answer as it grows.

    python scripts/screenshots.py            # all (or `make screenshots`)
    python scripts/screenshots.py light      # one of light, dark, stream

Belongs here: what is shown and how it is cut out. Does not belong here: driving JupyterLab (see tests/e2e/harness.py).
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts")]

from chromium import needed  # noqa: E402, the path is set above
from e2e.harness import FLAGS, Lab, Notebook  # noqa: E402
from e2e.server import Server  # noqa: E402

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
STILL = 's = nb.stream("What is the weather in Oslo?")'
MOVING = 's = nb.stream("Why is the sky blue?")'
FRAME_MS = 140
LAST_FRAME_MS = 4000
LONGEST_S = 40.0


def main(wanted: list[str]) -> int:
    """Take the pictures named in `wanted`, or all; return the exit code."""
    chromium = needed()
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        server = Server(Path(place)).start()
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            for name in wanted or ["light", "dark", "stream"]:
                path = moving(server, browser) if name == "stream" else still(server, browser, name)
                print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1000} kB")
        finally:
            browser.close()
            server.stop()
    return 0


def still(server: Server, browser: Browser, theme: str) -> Path:
    """Picture a finished answer in `theme`."""
    lab = Lab(server, browser, theme, viewport={"width": 900, "height": 960}, device_scale_factor=2)
    notebook = shown(lab, STILL, THEMES[theme])
    expect(notebook.view(1)).to_have_attribute("data-status", "done", timeout=LONGEST_S * 1000)
    path = IMAGES / f"{theme}.png"
    shot(notebook).quantize(256).save(path, optimize=True)
    lab.close()
    return path


def moving(server: Server, browser: Browser) -> Path:
    """Picture an answer while it grows."""
    lab = Lab(server, browser, "stream", viewport={"width": 800, "height": 720})
    notebook = shown(lab, MOVING, THEMES["light"])
    frames: list[Image.Image] = []
    durations: list[int] = []
    begin = last = time.monotonic()
    while notebook.view(1).get_attribute("data-status") != "done" and time.monotonic() - begin < LONGEST_S:
        frames.append(shot(notebook))
        notebook.page.wait_for_timeout(FRAME_MS)  # the camera's clock
        durations.append(int((time.monotonic() - last) * 1000))
        last = time.monotonic()
    rest = [*frames[1:], shot(notebook)]
    path = IMAGES / "stream.webp"
    frames[0].save(path, save_all=True, append_images=rest, duration=[*durations, LAST_FRAME_MS], loop=0, quality=70, method=4)
    lab.close()
    return path


def shot(notebook: Notebook) -> Image.Image:
    """Return the notebook's part of the page as it looks now."""
    picture = notebook.page.locator(".jp-WindowedPanel-outer").screenshot()
    return Image.open(io.BytesIO(picture)).convert("RGB")


def shown(lab: Lab, code: str, theme: str) -> Notebook:
    """Open a notebook with `code`, in `theme`, without the side bar, and run it."""
    notebook = lab.open("import nbstream as nb", code)
    notebook.page.evaluate("() => globalThis.jupyterapp.shell.collapseLeft()")
    notebook.page.evaluate("theme => globalThis.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    notebook.page.locator(f"body[data-jp-theme-name='{theme}']").wait_for(state="attached")
    notebook.run(0, wait=True)
    notebook.execute("nb.stream('Hello', display=False).wait()", timeout=LONGEST_S)  # loads what a first call loads
    notebook.run(1)
    expect(notebook.view(1)).to_be_visible()
    return notebook


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
