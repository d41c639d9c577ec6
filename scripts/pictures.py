"""Take the pictures of docs/images/states: every state of a view, light, dark, and some of them narrow.

    python scripts/pictures.py                    # all (part of `make screenshots`)
    python scripts/pictures.py approval stopped   # these states alone

Belongs here: how a state is cut out and saved. Does not belong here: what is in a state (`tests/e2e/states.py`), pictures of a
whole notebook (`screenshots.py`). What time changes (clocks, the figures of speed) differs from one run to the next.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images" / "states"
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "scripts")]

from chromium import needed  # noqa: E402, the path is set above
from e2e.harness import FLAGS  # noqa: E402
from e2e.stage import Stage  # noqa: E402
from e2e.states import NARROW, STATES  # noqa: E402

COLOURS = 96


def main(wanted: list[str]) -> int:
    """Take the pictures of the states named in `wanted`, or of all; return the exit code."""
    chromium = needed()
    IMAGES.mkdir(parents=True, exist_ok=True)
    names = wanted or list(STATES)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for theme, suffix in (("light", ""), ("dark", "-dark")):
            take(browser, names, suffix, theme=theme, width=760)
        take(browser, [name for name in names if name in NARROW], "-narrow", theme="light", width=360)
        browser.close()
    print(
        f"{len(names)} states: {sum(path.stat().st_size for path in IMAGES.iterdir()) // 1000} kB in {IMAGES.relative_to(ROOT)}"
    )
    return 0


def take(browser: Browser, names: list[str], suffix: str, *, theme: str, width: int) -> None:
    """Picture each state of `names` in `theme`, `width` px wide."""
    stage = Stage(browser, theme=theme, width=width, reduced_motion="reduce", device_scale_factor=1.5)
    for name in names:
        stage.clear()
        STATES[name].show(stage, name)
        stage.page.mouse.move(0, 0)
        stage.page.evaluate("() => document.activeElement?.shadowRoot?.activeElement?.blur()")
        picture = Image.open(io.BytesIO(stage.page.locator("#stage").screenshot())).convert("RGB")
        picture.quantize(COLOURS).save(IMAGES / f"{name}{suffix}.png", optimize=True)
    stage.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
