"""The puller: takes what one source yields, and asks it again where it fails before the first text.

Belongs here: the task that iterates, retries, the number of runs under way at once. Does not belong here: what a batch means
(`_intake`), when to stop (`_limits`, `_stop`), how a run ends (`_run`), iterables that are no sources (`sources/`).
"""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Final

from nbstream._errors import ProviderError
from nbstream._events import Delta, Note
from nbstream._intake import Intake
from nbstream._limits import Deadlines
from nbstream._stop import Latch
from nbstream.sources import Source

RETRIES: Final = (0.5, 1.0)
"""The pauses before the second and the third attempt, in seconds, where the provider asks for none."""
RETRY_AFTER_LIMIT: Final = 30.0
"""The longest pause that a provider may ask for, in seconds; beyond it the error is shown at once."""
CLOSING_SECONDS: Final = 1.0
"""How long a stopped source may take to close before the run ends without it."""
CONCURRENT: Final = 32
"""How many runs may be under way at once; the others wait as "queued"."""

_slots: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = weakref.WeakKeyDictionary()


class Puller:
    """Pulls the source of one run.

    Attributes:
        requested: when the request was handed to the client, on the monotonic clock; None before.
    """

    def __init__(self, name: str, source: Source, intake: Intake, latch: Latch, *, queued: bool) -> None:
        """Feed `intake` from `source` until `latch` is set; `queued` if it may have to wait for its turn."""
        self.requested: float | None = None
        self._name = name
        self._source = source
        self._intake = intake
        self._latch = latch
        self._queued = queued
        self._deadlines: Deadlines  # from the moment the loop is known

    async def pull(self, deadlines: Deadlines) -> None:
        """Pull to the end, and again where a provider fails before the first text; raise what the source raised.

        Cancelled, it lets go of the source and is gone within `CLOSING_SECONDS`.
        """
        self._deadlines = deadlines
        async with self._slot():
            for attempt, pause in enumerate((*RETRIES, None), start=2):
                try:
                    await self._try()
                except ProviderError as error:
                    wait = error.retry_after or pause
                    again = error.retryable and self._source.repeatable and not self._intake.visible and not self._latch
                    if not again or pause is None or wait is None or wait > RETRY_AFTER_LIMIT:
                        raise
                    self._deadlines.cancel()
                    self._intake.apply(Note({"attempt": attempt, "phase": "retrying"}))
                    await asyncio.sleep(wait)
                else:
                    return

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """One of the places of runs that are under way; a run that is pushed to needs none, for its producer would wait."""
        if not self._queued:
            yield
            return
        slots = _slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(CONCURRENT))
        if slots.locked():
            self._intake.apply(Note({"phase": "queued"}))
        async with slots:
            yield

    async def _try(self) -> None:
        """Pull the source in a task of its own: a source that swallows its cancellation must not hold up the end."""
        pull = asyncio.get_running_loop().create_task(self._drain(), name=f"nbstream-source-{self._name}")
        try:
            await asyncio.shield(pull)
        except asyncio.CancelledError:
            pull.cancel()
            await asyncio.wait({pull}, timeout=CLOSING_SECONDS)
            if pull.done() and not pull.cancelled():
                pull.exception()  # retrieved: the run was stopped, how its source took it is of no interest
            raise

    async def _drain(self) -> None:
        self.requested = None
        async with aclosing(self._source.deltas()) as batches:
            async for batch in batches:
                if self._latch:
                    return
                self._take(batch)
                if self._latch:
                    return

    def _take(self, batch: Sequence[Delta]) -> None:
        if self.requested is None and not any(d.kind == "phase" and d.text != "waiting" for d in batch):
            self.requested = time.monotonic()
            self._deadlines.begin()
        self._intake.take(batch)
        self._deadlines.chunk(visible=self._intake.visible)
