"""The build hook that makes `nbstream/static` where something of it is missing or older than its sources.

Belongs here: when to call npm. Does not belong here: how to bundle (see `js/package.json`).

An sdist carries the bundle, its parts and their sources, so a build from it finds them there and needs no Node: file times do
not survive every archive, therefore a bundle outside a git checkout is never taken for stale.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
JS = ROOT / "js"
STATIC = ROOT / "nbstream" / "static"
BUNDLE = STATIC / "widget.js"


def sources() -> list[Path]:
    """Return every file that the bundle is made from."""
    named = [
        JS / name for name in ("package.json", "package-lock.json", "tsconfig.json", "build.js", "parts.json", "instead.json")
    ]
    return [p for p in [*named, *(JS / "src").rglob("*")] if p.is_file()]


def made() -> list[Path]:
    """Return every file that is built: the parts first, the licences last."""
    parts = json.loads((JS / "parts.json").read_text("utf-8"))
    return [*(STATIC / part["file"] for part in parts.values()), BUNDLE, STATIC / "licenses.txt"]


def stale() -> bool:
    """Tell whether a file is missing, or the bundle is older than one of its sources in a git checkout."""
    if not all(path.exists() for path in made()):
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
    for path in made():
        if not path.exists():
            raise RuntimeError(f"`npm run build` did not write {path.relative_to(ROOT)}.")


class BundleHook(BuildHookInterface[Any]):
    """Called by hatchling before it packs an sdist, a wheel or an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the bundle where it is missing or stale."""
        if stale():
            bundle()
