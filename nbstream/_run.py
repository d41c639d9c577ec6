"""The run: pulls one source to its single end.

Belongs here: the task that pulls, retries before the first text, limits, the one `end` on every path (L6). Does not belong
here: threads and loops (`_threads`), providers (`sources/`), views.

A run lives on one event loop. `start` and `stop` may be called from any thread. The latch cancels the one task that pulls,
whose `finally` closes the provider's response; nothing that arrives after the latch is folded; the end is applied when the
task has gone, or after `CLOSING_SECONDS` if the source does not let go.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Final

from nbstream import _ledger, _threads
from nbstream._errors import NbstreamError, ProviderError, SourceFailed, clip, mask
from nbstream._events import Delta, End, MetaValue, Note
from nbstream._intake import Intake, Predicate
from nbstream._limits import Deadlines, Timeout, expired
from nbstream._record import EventLog
from nbstream._stop import TIMEOUTS, Latch
from nbstream._text import repaired, repaired_meta
from nbstream._transcript import Transcript
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


class Run:
    """One source on its way into one transcript.

    Attributes:
        id: eight hexadecimal digits, in every frame and every message of a view.
        transcript: the gate and the state.
        log: every event with its time.
        chunks: the raw chunks.
        latch: set it to stop.
        error: why it failed, None where it did not.
        ended: set when the end has been applied.
        pushed: somebody else's code feeds it, perhaps in another cell: nobody may wait for its end.
    """

    def __init__(
        self,
        source: Source,
        *,
        timeout: Timeout | None = None,
        max_output_tokens: int | None = None,
        stop_when: Sequence[Predicate] = (),
        meta: dict[str, MetaValue] | None = None,
        secret: tuple[str, ...] = (),
        pushed: bool = False,
    ) -> None:
        self.id = secrets.token_hex(4)
        self.source = source
        self.latch = Latch()
        self.transcript = Transcript(threading.RLock())
        self.log = EventLog(self.transcript, self.elapsed)
        self.error: NbstreamError | None = None
        self.ended = threading.Event()
        self._timeout = timeout or Timeout()
        self._limits = max_output_tokens, tuple(stop_when)
        self._meta = dict(meta or {})
        self._secret = secret
        self.pushed = pushed
        self._intake = Intake(
            self.transcript, self.elapsed, self.latch, max_output_tokens=max_output_tokens, stop_when=stop_when
        )
        self.chunks = self._intake.chunks
        self._requested: float | None = None
        self._settled: list[Callable[[], object]] = []
        self._guard = threading.Lock()
        self._task: asyncio.Task[None] | None = None
        self._deadlines: Deadlines  # from the moment the loop is known
        if meta:
            self.transcript.apply(Note(repaired_meta(meta)))

    @property
    def status(self) -> str:
        """submitted, streaming, done, stopped, truncated or error."""
        if self.transcript.end is not None:
            return self.transcript.end.status
        return "streaming" if self._intake.visible else "submitted"

    @property
    def finish_reasons(self) -> dict[int, str]:
        """By choice, in OpenAI's words, as far as they have come."""
        return dict(self._intake.finish_reasons)

    def figures(self) -> dict[str, MetaValue]:
        """The stream's meta with the figures that are noted at the end, as they are now."""
        meta = self.transcript.meta
        if self.transcript.end is not None or self._requested is None:
            return meta
        return {**self._intake.figures(), **meta}

    def elapsed(self) -> float:
        """Seconds since the request was handed to the client; 0.0 before."""
        return 0.0 if self._requested is None else time.monotonic() - self._requested

    def again(self, source: Source) -> Run:
        """Return a run of `source` with the limits and the first words of this one; it has not begun."""
        most, conditions = self._limits
        return Run(
            source, timeout=self._timeout, max_output_tokens=most, stop_when=conditions, meta=self._meta, secret=self._secret
        )

    def start(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Begin on `loop`, by default on nbstream's own; return at once."""
        _ledger.begin(self)
        loop = loop or _threads.event_loop()
        loop.call_soon_threadsafe(self._begin, loop)

    def stop(self, reason: str = "user") -> None:
        """Set the latch; return at once. Stopping an ended run changes nothing."""
        if not self.ended.is_set():
            self.latch.set(reason)

    def when_ended(self, callback: Callable[[], object]) -> None:
        """Call `callback` on the run's loop after the end, or at once where it has ended."""
        with self._guard:
            if not self.ended.is_set():
                self._settled.append(callback)
                return
        callback()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._task = loop.create_task(self._main(), name=f"nbstream-run-{self.id}")

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        self._deadlines = Deadlines(loop, self._timeout, self.latch.set)
        pull = loop.create_task(self._attempts(), name=f"nbstream-pull-{self.id}")
        self.latch.then(lambda: _threads.soon(loop, pull.cancel))
        try:
            await asyncio.wait({pull})
            if pull.cancelled() or pull.exception() is None:
                self._end()
            else:
                self._fail(pull.exception())
        finally:
            # The loop itself may be closing, and a bug of ours must not leave a view waiting: whatever happens, there is an
            # end.
            self._deadlines.cancel()
            if self.transcript.end is None:
                self.latch.set("shutdown")
                self._end()
            if (abandon := getattr(self.source, "abandon", None)) is not None:
                abandon()
            _ledger.end(self)
            with self._guard:
                self.ended.set()
            for callback in self._settled:
                callback()

    async def _attempts(self) -> None:
        async with self._slot():
            for attempt, pause in enumerate((*RETRIES, None), start=2):
                try:
                    await self._pull()
                except ProviderError as error:
                    wait = error.retry_after or pause
                    again = error.retryable and self.source.repeatable and not self._intake.visible and not self.latch
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
        if self.pushed:
            yield
            return
        slots = _slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(CONCURRENT))
        if slots.locked():
            self._intake.apply(Note({"phase": "queued"}))
        async with slots:
            yield

    async def _pull(self) -> None:
        """Pull the source in a task of its own: a source that swallows its cancellation must not hold up the end."""
        pull = asyncio.get_running_loop().create_task(self._drain(), name=f"nbstream-source-{self.id}")
        try:
            await asyncio.shield(pull)
        except asyncio.CancelledError:
            pull.cancel()
            await asyncio.wait({pull}, timeout=CLOSING_SECONDS)
            if pull.done() and not pull.cancelled():
                pull.exception()  # retrieved: the run was stopped, how its source took it is of no interest
            raise

    async def _drain(self) -> None:
        self._requested = None
        async with aclosing(self.source.deltas()) as batches:
            async for batch in batches:
                if self.latch:
                    return
                self._take(batch)
                if self.latch:
                    return

    def _take(self, batch: Sequence[Delta]) -> None:
        if self._requested is None and not any(d.kind == "phase" and d.text != "waiting" for d in batch):
            self._requested = time.monotonic()
            self._deadlines.begin()
        self._intake.take(batch)
        self._deadlines.chunk(visible=self._intake.visible)

    def _end(self) -> None:
        """The source is at its end, or the latch has been set."""
        reason = self.latch.reason
        if reason in TIMEOUTS:
            self._fail(expired(reason, self._timeout))
            return
        if reason is not None:
            self._close("stopped", reason)
            return
        whole = self._intake.whole
        self._close("done" if whole else "truncated", self._intake.finish_reasons.get(0) if whole else None)

    def _fail(self, raised: BaseException | None) -> None:
        if isinstance(raised, NbstreamError):
            self.error = raised
        else:
            cause = clip(mask(repaired(f"{type(raised).__name__}: {raised}"), self._secret))
            self.error = SourceFailed(f"The source of the stream raised {cause}")
        self._close("error")

    def _close(self, status: str, reason: str | None = None) -> None:
        self._intake.close(whole=status == "done")
        error = None
        if self.error is not None:
            # A provider may echo half a character, which the gate refuses: the end itself must never fail.
            said = {"code": self.error.code, "message": str(self.error), "hint": self.error.hint}
            error = {key: mask(repaired(text), self._secret) for key, text in said.items()}
        self.transcript.apply(End(status, reason, error))
