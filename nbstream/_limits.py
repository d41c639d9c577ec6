"""Limits in time: first token, idle gap, total, on a monotonic clock.

Belongs here: `Timeout` and the timer that watches it. Does not belong here: limits in size and conditions (`_run` asks them
after each delta), a library's own time-outs (we never rely on them).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from nbstream._errors import LimitError


@dataclass(frozen=True, slots=True)
class Timeout:
    """Time limits of a run, in seconds from the moment the request is handed to the client; None is no limit.

    Attributes:
        first_token: to the first text of any section; passing it is an error (`first_token_timeout`).
        idle: between two chunks after the first text; passing it is an error (`idle_timeout`).
        total: of the whole run; passing it stops the run (`max_duration`).

    >>> Timeout(first_token=20, idle=30, total=300)
    Timeout(first_token=20, idle=30, total=300)
    """

    first_token: float | None = 120.0
    idle: float | None = 60.0
    total: float | None = None

    def __post_init__(self) -> None:
        for name in ("first_token", "idle", "total"):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(f"Timeout.{name} is {value!r}; give seconds as a number, or None for no limit")
            if not value > 0:
                raise ValueError(f"Timeout.{name} is {value!r}; give more than 0 seconds, or None for no limit")


class Timer(Protocol):
    """A call that is to come."""

    def cancel(self) -> None:
        """Call it no more."""
        ...

    def when(self) -> float:
        """Return the time of the call."""
        ...


class Clock(Protocol):
    """What limits and cadence need of an event loop: its monotonic time in seconds and its timers."""

    def time(self) -> float:
        """Return the time in seconds from an arbitrary start."""
        ...

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Call `callback` at `when`."""
        ...


class Deadlines:
    """Watches one run; calls `expire(reason)` at the first limit that is passed.

    One timer serves all: a chunk only moves a number, and the timer, when it fires early, sets itself again.
    """

    def __init__(self, clock: Clock, timeout: Timeout, expire: Callable[[str], object]) -> None:
        self._clock = clock
        self._timeout = timeout
        self._expire = expire
        self._timer: Timer | None = None
        self._start = 0.0
        self._next: float | None = None  # of first token or idle gap
        self._reason = ""

    def begin(self) -> None:
        """The request has been handed to the client (again, for another attempt)."""
        self._start = self._clock.time()
        self._await("first_token_timeout", self._timeout.first_token)

    def chunk(self, *, visible: bool) -> None:
        """A chunk came; `visible` once there has been text."""
        if visible:
            self._reason = "idle_timeout"
            self._next = None if self._timeout.idle is None else self._clock.time() + self._timeout.idle
            if self._timer is None or (self._next is not None and self._next < self._timer.when()):
                self._arm()

    def cancel(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _await(self, reason: str, seconds: float | None) -> None:
        self._reason = reason
        self._next = None if seconds is None else self._clock.time() + seconds
        self._arm()

    def _arm(self) -> None:
        self.cancel()
        when = min((t for t, _ in self._due()), default=None)
        if when is not None:
            self._timer = self._clock.call_at(when, self._check)

    def _due(self) -> list[tuple[float, str]]:
        due = [] if self._next is None else [(self._next, self._reason)]
        if self._timeout.total is not None:
            due.append((self._start + self._timeout.total, "max_duration"))
        return due

    def _check(self) -> None:
        self._timer = None
        now = self._clock.time()
        for when, reason in sorted(self._due()):
            if when <= now:
                self._expire(reason)
                return
        self._arm()


def expired(reason: str, timeout: Timeout) -> LimitError:
    """Return the error of a run that a limit ended: `first_token_timeout` or `idle_timeout`."""
    if reason == "first_token_timeout":
        message = f"No text came within {timeout.first_token:g} s of the request."
    else:
        message = f"The stream fell silent for {timeout.idle:g} s."
    field = reason.removesuffix("_timeout")
    return LimitError(message, code=reason, hint=f"Retry, or allow more time with timeout=nb.Timeout({field}=…).")
