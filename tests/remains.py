"""What is left in the test's process of what a test did.

Belongs here: what counts as left. Does not belong here: how much may be.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import Final

POOLS: Final = ("asyncio_", "ThreadPoolExecutor", "litellm", "Thread-")
"""Threads of pools and of the test's own servers: they begin one when they like, and keep it."""


def threads(*besides: str) -> list[str]:
    """The names of the threads that run, but for those of pools and whose names begin with one of `besides`."""
    return sorted(thread.name for thread in threading.enumerate() if not thread.name.startswith((*POOLS, *besides)))


def staying(before: Collection[threading.Thread], seconds: float = 5.0) -> list[str]:
    """The names of the threads begun since `before` was listed that do not end within `seconds`; one may just be ending."""
    begun = [thread for thread in threading.enumerate() if thread not in before and not thread.name.startswith(POOLS)]
    for thread in begun:
        thread.join(seconds)
    return sorted(thread.name for thread in begun if thread.is_alive())
