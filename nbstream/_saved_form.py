"""The saved form of a stream, for pages that write outputs themselves: where `update_display` does not reach theirs any more.

Belongs here: what such pages are told, and giving them the output; the twin of `js/src/output.ts`. Does not belong here: what
the output is and when it is refreshed (`_island`), other messages (`_view`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from nbstream import _host
from nbstream._events import Wire
from nbstream._island import Island
from nbstream._worker import worker

WANT_SECONDS: Final = 0.1
"""How long the output is held back for others that want it."""
GIVE_SECONDS: Final = 1.0
"""The shortest pause between two times that it is given."""


class SavedForm:
    """Tells pages of one island.

    Attributes:
        written: whether some page can write outputs itself.
        unseen: whether the page that showed the run was gone when it ended.
    """

    def __init__(self, island: Island, aside: Callable[[Wire], None], loop: asyncio.AbstractEventLoop) -> None:
        """Tell of `island` by `aside`, which is callable on any thread."""
        self.written = False
        self.unseen = False
        self._island = island
        self._aside = aside
        self._loop = loop
        self._ran = _host.execution_count()
        self._wanted = False
        self._given = -GIVE_SECONDS

    def announce(self) -> None:
        """Tell pages that write outputs themselves how often ours was refreshed, and when its cell ran; on any thread."""
        if self.written and self._island.shown:
            unseen = {"unseen": True} if self.unseen else {}
            counts = {"ran": self._ran, "now": _host.execution_count()}
            self._aside({"type": "static", "rev": self._island.rev, **counts, **unseen})

    def want(self) -> None:
        """Send the output to pages that find theirs behind; once for all that ask within a moment, for it may be large."""
        self.unseen = False
        if not self._wanted and self._island.shown:
            self._wanted = True
            self._given = max(self._loop.time() + WANT_SECONDS, self._given + GIVE_SECONDS)
            self._loop.call_at(self._given, worker.do, self._give)

    def _give(self) -> None:
        self._wanted = False
        self._aside({"type": "output", **self._island.saved()})
