"""Waiting on a thread whose event loop must go on meanwhile.

Belongs here: the wait at the end of a cell that is executed without a front-end. Does not belong here: waits that can be an
`await`, and those that may be refused (`_threads.refuse_own_loop`).

Where a notebook is executed by a program, the kernel ends with its last cell, and a handler after the cell, which cannot await,
is the last moment to have the whole answer in the file. A stream that is bound to the kernel's own loop needs that very loop to
turn. asyncio forbids that by design, not by its make: the task that runs is put aside, and the loop takes its turns inside it.
"""

from __future__ import annotations

import asyncio
import asyncio.tasks
import threading
from collections.abc import Callable
from typing import Any

from nbstream._threads import soon


def wait(ended: threading.Event, when_ended: Callable[[Callable[[], object]], None], source: object) -> bool:
    """Wait until `ended` is set, letting the loop of this thread turn if it feeds `source`.

    Returns:
        False where that loop cannot be made to turn; then nothing was waited for.
    """
    loop = asyncio._get_running_loop()
    if loop is None or getattr(source, "loop", None) is not loop:
        ended.wait()
        return True
    if not hasattr(loop, "_run_once") or not hasattr(loop, "_ready"):
        return ended.is_set()
    _turn(loop, ended, when_ended)
    return ended.is_set()


def _turn(loop: Any, ended: threading.Event, when_ended: Callable[[Callable[[], object]], None]) -> None:
    """Let `loop` turn inside the task that it runs, until the event is set or somebody stops the loop."""
    when_ended(lambda: soon(loop, int))  # it may be asleep by then
    task = asyncio.current_task(loop)
    due = len(loop._ready)
    if task is not None:
        asyncio.tasks._leave_task(loop, task)
    try:
        while not ended.is_set() and not loop._stopping:
            loop._run_once()
    finally:
        # The turn that was interrupted goes on to take as many handles as were there when it began.
        for _ in range(due - len(loop._ready)):
            loop.call_soon(int)
        if task is not None:
            asyncio.tasks._enter_task(loop, task)
