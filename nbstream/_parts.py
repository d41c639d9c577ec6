"""Parts of the front-end that are loaded on demand: what only some answers need is not in the bundle of every widget.

Belongs here: which parts there are, and the answer to a view that asks for one. Does not belong here: the comm (`_comm`), what
the page does with a part (`js/src/parts.ts`).

    view -> kernel   {"type": "part", "name": NAME}
    kernel -> view   {"type": "part", "name": NAME}, and the part's bytes as the message's one buffer

An answer goes to every page that listens, so one serves all that ask within a moment. A view that asks for what there is not,
or over and over, is refused and takes nobody's turns.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from nbstream._budget import budget_of
from nbstream._events import Wire
from nbstream._limits import Clock, Timer

FILES: Final = {"highlight": "highlight.js", "math": "math.js", "mathfont": "math.woff2"}
"""The file of each part in `nbstream/static`; `js/parts.json` says how they are made."""
PAUSE_SECONDS: Final = 2.0
"""The shortest pause between two times that one part is given."""
REPEATS: Final = 8
"""So often a part may be asked for again while it is on its way: a question takes two ways, and pages may be many."""


class Parts:
    """Gives parts to the views of one model."""

    def __init__(self, send: Callable[[Wire, list[bytes]], None], clock: Clock) -> None:
        """Send with `send`, on the event loop `clock`."""
        self._send = send
        self._clock = clock
        self._budget = budget_of(clock)
        self._asked: dict[str, int] = {}  # how often each one that waits was asked for
        self._given: dict[str, float] = {}
        self._timer: Timer | None = None

    def ask(self, message: Mapping[str, Any]) -> bool:
        """Take a view's question; return whether it made sense."""
        name = message.get("name")
        if not isinstance(name, str) or name not in FILES or part(name) is None:
            return False
        self._asked[name] = self._asked.get(name, 0) + 1
        self._plan()
        return self._asked[name] <= REPEATS

    def turn(self) -> bool:
        """Send one part that is due; the budget calls this."""
        name = next((name for name in self._asked if self._due(name) <= self._clock.time()), None)
        if name is None:
            return False
        del self._asked[name]
        self._given[name] = self._clock.time()
        found = part(name)
        if found is not None:
            self._send({"type": "part", "name": name}, [found])
        self._plan()
        return True

    def _due(self, name: str) -> float:
        return self._given.get(name, float("-inf")) + PAUSE_SECONDS

    def _plan(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = min(map(self._due, self._asked), default=None)
        if due is None:
            return
        if due <= self._clock.time():
            self._budget.ask(self)
        else:
            self._timer = self._clock.call_at(due, self._plan)


@functools.cache
def part(name: str) -> bytes | None:
    """Return the bytes of a part, None in a checkout whose front-end was not built."""
    path = Path(__file__).parent / "static" / FILES[name]
    return path.read_bytes() if path.is_file() else None
