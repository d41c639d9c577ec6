"""The widget's traits that Python code observes: `status` and `seq`.

Belongs here: how often and on which thread they change. Does not belong here: what they say (`_run`), the traits (`_widget`).

ipywidgets' observers are not made for other threads, so the traits change on the kernel's main loop, at most ten times a
second; the last change is never left out. Outside a kernel there is no such loop, and they change on the run's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from nbstream import _host
from nbstream._events import End, Event
from nbstream._limits import Clock, Timer
from nbstream._widget import StreamWidget

SECONDS: Final = 0.1


class Observed:
    """Keeps `widget.status` and `widget.seq` up to date; a subscriber of a transcript."""

    def __init__(self, widget: StreamWidget, status: Callable[[], str], clock: Clock) -> None:
        """`status` gives the run's; `clock` is the event loop on which events come."""
        self._widget = widget
        self._status = status
        self._clock = clock
        self._timer: Timer | None = None
        self._last = -SECONDS
        self._seq = 0

    def __call__(self, seq: int, event: Event) -> None:
        """Take one event."""
        self._seq = seq
        if type(event) is End:
            self._change()
        elif self._timer is None:
            self._timer = self._clock.call_at(self._last + SECONDS, self._change)

    def _change(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._last = self._clock.time()
        _host.on_main_loop(partial(self._set, self._status(), self._seq))

    def _set(self, status: str, seq: int) -> None:
        self._widget.status = status
        self._widget.seq = seq
