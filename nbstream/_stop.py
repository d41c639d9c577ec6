"""Stop: the latch that ends a run, and the reasons.

Belongs here: the one-way switch and who may set it. Does not belong here: what is cancelled by it (`_run`).

A latch is set once, from any thread (a button's callback may run on the main thread, a subshell's or the control thread); the
first reason wins, later ones change nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

REASONS: Final = (
    "user",  # the button, Escape, s.stop()
    "condition",  # stop_when
    "max_tokens",  # max_output_tokens
    "first_token_timeout",
    "idle_timeout",
    "max_duration",  # Timeout.total
    "interrupt",  # Ctrl-C, or a cancelled `await s`
    "shutdown",  # the interpreter ends
)
TIMEOUTS: Final = ("first_token_timeout", "idle_timeout")
"""Reasons that end a run in `error`; every other one ends it in `stopped`."""


class Latch:
    """A one-way switch with a reason.

    Attributes:
        reason: who set it, None while it is open.
    """

    def __init__(self) -> None:
        self.reason: str | None = None
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []

    def __bool__(self) -> bool:
        return self.reason is not None

    def set(self, reason: str) -> bool:
        """Set the latch; return whether this call was the first."""
        if reason not in REASONS:
            raise ValueError(f"{reason!r} is no reason of a stop; the reasons are {', '.join(REASONS)}")
        with self._lock:
            if self.reason is not None:
                return False
            self.reason = reason
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()
        return True

    def then(self, callback: Callable[[], object]) -> None:
        """Call `callback` when the latch is set, at once if it is; it may run on any thread."""
        with self._lock:
            if self.reason is None:
                self._callbacks.append(callback)
                return
        callback()
