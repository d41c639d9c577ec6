"""How long processes were ready to run and the machine had no processor for them.

Belongs here: that time, as Linux counts it (elsewhere it is 0). Does not belong here: what is forgiven for it, which is said
where something is timed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import psutil


def renderers() -> list[int]:
    """The browser's pages, by the process ids."""
    return [child.pid for child in psutil.Process().children(recursive=True) if "--type=renderer" in _command(child)]


class Owed:
    """What is owed from now on to some groups of processes, which wait for each other."""

    def __init__(self, *groups: Iterable[int]) -> None:
        self._before = [{thread: waited(thread) for pid in group for thread in _threads(pid)} for group in groups]

    def seconds(self) -> float:
        """The sum of what was owed to the one thread of each group that had to wait longest."""
        worst = (max((waited(thread) - since for thread, since in group.items()), default=0) for group in self._before)
        return sum(max(0, nanoseconds) for nanoseconds in worst) / 1e9


def waited(thread: Path) -> int:
    """How long the thread has been ready to run without running, in nanoseconds; 0 for one that has gone."""
    try:
        return int((thread / "schedstat").read_text().split()[1])
    except OSError:
        return 0


def _threads(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/task").glob("*"))


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
