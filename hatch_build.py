"""The build hook that makes `nbstream/static/widget.js` where it is missing or older than its sources.

Belongs here: when to call npm. Does not belong here: how to bundle (see `js/package.json`).

An sdist carries the bundle and its sources, so a build from it finds the bundle there and needs no Node: file times do not
survive every archive, therefore a bundle outside a git checkout is never taken for stale.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
JS = ROOT / "js"
BUNDLE = ROOT / "nbstream" / "static" / "widget.js"


def sources() -> list[Path]:
    """Return every file that the bundle is made from."""
    named = [JS / name for name in ("package.json", "package-lock.json", "tsconfig.json", "build.js")]
    return [p for p in [*named, *(JS / "src").rglob("*")] if p.is_file()]


def stale() -> bool:
    """Tell whether the bundle is missing, or older than one of its sources in a git checkout."""
    if not BUNDLE.exists():
        return True
    if not (ROOT / ".git").exists():
        return False
    return BUNDLE.stat().st_mtime < max((p.stat().st_mtime for p in sources()), default=0)


def installed() -> bool:
    """Tell whether npm's own note of what it installed is as new as the lock file."""
    note, lock = JS / "node_modules" / ".package-lock.json", JS / "package-lock.json"
    return note.exists() and note.stat().st_mtime >= lock.stat().st_mtime


def run(npm: str, *arguments: str) -> None:
    """Run npm in js/; raise `RuntimeError` with its output where it fails."""
    done = subprocess.run([npm, *arguments], cwd=JS, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"`npm {' '.join(arguments)}` failed in js/:\n{done.stdout}{done.stderr}")


def bundle() -> None:
    """Run `npm ci` where it is needed, and `npm run build`.

    Raises:
        RuntimeError: there is no npm, or npm failed.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(
            f"{BUNDLE.relative_to(ROOT)} has to be built and npm was not found. Install Node.js 20 or newer "
            "(for a checkout), or install a released nbstream, which contains the built file."
        )
    if not installed():
        run(npm, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    run(npm, "run", "--silent", "build")
    if not BUNDLE.exists():
        raise RuntimeError(f"`npm run build` did not write {BUNDLE.relative_to(ROOT)}.")


class BundleHook(BuildHookInterface[Any]):
    """Called by hatchling before it packs an sdist, a wheel or an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the bundle where it is missing or stale."""
        if stale():
            bundle()
