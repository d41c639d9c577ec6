"""Find a Chromium for the browser tests, or install one, and print its path.

    python scripts/chromium.py            # print the path of one that is there; exit 1 where there is none
    python scripts/chromium.py --install  # the same, after installing one where there was none

Order: `NBSTREAM_CHROMIUM`, an installed Chromium or Chrome, the one that Playwright downloaded earlier; with `--install` then
Playwright's download, then the distribution's package by apt-get. What it does is said on stderr; stdout has the path alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPS = ("Chromium.app/Contents/MacOS/Chromium", "Google Chrome.app/Contents/MacOS/Google Chrome")


def find() -> str | None:
    """Return the path of a Chromium that starts, or None.

    A candidate is asked for its version first: on some Ubuntu releases `chromium-browser` only says that a snap is needed.
    """
    wanted = os.environ.get("NBSTREAM_CHROMIUM")
    if wanted:
        return wanted
    on_path = [path for name in NAMES if (path := shutil.which(name))]
    homes = [Path("/Applications"), Path.home() / "Applications"]
    apps = [str(home / app) for home in homes for app in APPS if (home / app).exists()]
    return next((path for path in [*on_path, *apps, *_of_playwright()] if _starts(path)), None)


def needed() -> str:
    """Return the path of a Chromium that starts, or end the program."""
    found = find()
    if found is None:
        raise SystemExit("no Chromium found: run scripts/chromium.py --install")
    return found


def install() -> str | None:
    """Install a Chromium and return its path, or None where nothing worked."""
    say("no Chromium found; asking Playwright to download one")
    if _run([sys.executable, "-m", "playwright", "install", "chromium"]):
        found = find()
        if found:
            return found
        say("Playwright's Chromium does not start, perhaps for want of system libraries")
    if not shutil.which("apt-get"):
        return None
    say("installing the distribution's package by apt-get")
    prefix = _as_root()
    if prefix is None:
        say("apt-get needs root, and sudo asks for a password here")
        return None
    _run([*prefix, "apt-get", "update", "-qq"])
    for package in ("chromium", "chromium-browser"):
        if _run([*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq", package]):
            found = find()
            if found:
                return found
    return None


def say(text: str) -> None:
    """Tell the person on stderr."""
    print(f"chromium: {text}", file=sys.stderr, flush=True)


def _of_playwright() -> list[str]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return []
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return [path] if path and Path(path).exists() else []


def _starts(path: str) -> bool:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _as_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and _run(["sudo", "-n", "true"]):
        return ["sudo", "-n"]
    return None


def _run(command: list[str]) -> bool:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        say(f"`{' '.join(command)}` failed: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.returncode == 0


def main(arguments: list[str]) -> int:
    """Print the path; return the exit code."""
    path = find() or (install() if "--install" in arguments else None)
    if path is None:
        say("found none. Install Chromium or Chrome, or set NBSTREAM_CHROMIUM to its path.")
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
