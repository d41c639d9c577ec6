"""The audience: which views listen, as far as their acknowledgements tell.

Belongs here: what each view has said, and how long one owes an answer. Does not belong here: what follows from it
(`_delivery`), clocks and messages.

A view that got something says so within about a second. Silence counts against it only while it owes an answer and the kernel
could have heard one: a busy shell delays what comes by the comm, not what comes by the control channel. Views are strangers:
their names are taken as they come, but no more than `VIEWS` at a time are kept. A new one takes the place of one that has gone
without a goodbye, never of one that answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

VIEWS: Final = 32
"""So many views of one run are known by name."""
SLOW_SECONDS: Final = 3.0
"""A view that owes an answer for so long is slow."""
ABSENT_SECONDS: Final = 10.0
"""One that owes it for so long has gone, until it is heard again."""


@dataclass(slots=True)
class _View:
    heard: float = 0.0  # when it last said anything
    seq: int = 0  # it has everything up to this number
    count: int = 0  # of its last request
    silent: float = 0.0  # seconds for which it owes an answer
    owes: bool = False  # it did so at the last look
    quiet: bool = False  # its messages come by the control channel


class Audience:
    """The views of one run.

    Attributes:
        greeted: whether any view was ever heard.
    """

    def __init__(self) -> None:
        self._views: dict[str, _View] = {}
        self.greeted = False

    def __len__(self) -> int:
        return len(self._views)

    def __contains__(self, name: str) -> bool:
        return name in self._views

    @property
    def silent(self) -> float:
        """For how many seconds the best view has owed an answer; without any view, for ever."""
        return min((view.silent for view in self._views.values()), default=ABSENT_SECONDS)

    @property
    def waiting(self) -> bool:
        """Whether any view owes an answer."""
        return any(view.owes for view in self._views.values())

    def hear(self, name: str, seq: int, now: float, *, quiet: bool) -> bool:
        """Note that the view `name` has everything up to `seq`, at the time `now`; return whether there was room for it."""
        view = self._views.get(name)
        if view is None:
            if len(self._views) >= VIEWS and not self._make_room(now):
                return False
            view = self._views[name] = _View()
        view.heard = now
        view.seq = seq
        view.silent = 0.0
        view.owes = False
        view.quiet = view.quiet or quiet
        self.greeted = True
        return True

    def is_new(self, name: str, count: int) -> bool:
        """Whether the request `count` of the view `name` was not heard before; 0 is one that is not counted."""
        view = self._views[name]
        new, view.count = count == 0 or count > view.count, max(count, view.count)
        return new

    def restart(self) -> None:
        """Another run is told of, of which no view has anything yet."""
        for view in self._views.values():
            view.seq, view.silent, view.owes = 0, 0.0, False

    def missed(self, seq: int) -> bool:
        """Whether there are views, and none has everything up to `seq`."""
        return bool(self._views) and max(view.seq for view in self._views.values()) < seq

    def leave(self, name: str) -> None:
        """Forget a view that has said goodbye."""
        self._views.pop(name, None)

    def look(self, sent: int, seconds: float, *, hears: bool) -> None:
        """Count the `seconds` since the last look against all who owe an answer about `sent`.

        Args:
            sent: the number of the last event that was sent.
            seconds: that have passed, or fewer: time for which this process slept is nobody's fault.
            hears: whether the shell could hear in that time.
        """
        for view in self._views.values():
            owes = view.seq < sent
            if owes and view.owes and (hears or view.quiet):
                view.silent += seconds
            view.owes = owes

    @property
    def loud(self) -> bool:
        """Whether any view is heard by the comm alone, so that the shell matters."""
        return any(not view.quiet for view in self._views.values())

    def _make_room(self, now: float) -> bool:
        # Of a view that owes nothing, nobody knows whether it is still there: if it is, it will be heard again.
        gone = [
            (view.heard, name)
            for name, view in self._views.items()
            if view.silent >= SLOW_SECONDS or (not view.owes and now - view.heard >= SLOW_SECONDS)
        ]
        if gone:
            del self._views[min(gone)[1]]
        return bool(gone)
