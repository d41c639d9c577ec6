"""Run the tests in several processes side by side: they wait more than they compute.

`python scripts/tests.py [arguments of pytest]`; with arguments there is one process. The first part's lines are shown as they
come, the others' when all have ended. The browser tests measure how soon things happen: the others only take what they leave.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
LOGS: Final = ROOT / ".cache" / "tests"
PARTS: Final = {
    "the rest": ("tests", "--ignore=tests/e2e", "--ignore=tests/wire"),
    "wire formats": ("tests/wire",),
    "browser": ("tests/e2e",),
}
FIRST: Final = "the rest"
NICE: Final = {"the rest": 3, "wire formats": 3}
"""By how much a part steps back, as `nice` does."""


def start(name: str) -> subprocess.Popen[bytes]:
    """Start one part; all but the first write to a file."""
    pytest = f"import os, pytest; os.nice({NICE.get(name, 0)}); raise SystemExit(pytest.main())"
    command = [sys.executable, "-c", pytest, *PARTS[name], "-o", f"cache_dir={LOGS / name}"]
    if name == FIRST:
        return subprocess.Popen(command, cwd=ROOT)
    with log(name).open("wb") as out:
        return subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)


def log(name: str) -> Path:
    """Where a part writes to."""
    return LOGS / f"{name}.log"


def main() -> int:
    """Return 0 where every part passed."""
    if len(sys.argv) > 1:
        return subprocess.call([sys.executable, "-m", "pytest", *sys.argv[1:]], cwd=ROOT)
    LOGS.mkdir(parents=True, exist_ok=True)
    started = {name: start(name) for name in PARTS}
    try:
        failed = [name for name, process in started.items() if process.wait()]
    finally:
        for process in started.values():
            process.terminate()
    for name in PARTS:
        if name != FIRST:
            print(f"\n== {name}\n{log(name).read_text(errors='replace')}", flush=True)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
