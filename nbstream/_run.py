"""The run: pulls one source to its single end.

Belongs here: what a run is to others, its limits, the one `end` on every path (L6). Does not belong here: pulling (`_puller`),
threads and loops (`_threads`), providers (`sources/`), views.

A run lives on one event loop. `start` and `stop` may be called from any thread. The latch cancels the one task that pulls,
whose `finally` closes the provider's response; nothing that arrives after the latch is folded; the end is applied when the
task has gone, or after `_puller.CLOSING_SECONDS` if the source does not let go.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Sequence

from nbstream import _ledger, _threads
from nbstream._errors import NbstreamError, SourceFailed, clip, mask
from nbstream._events import End, MetaValue, Note
from nbstream._intake import Intake, Predicate
from nbstream._limits import Deadlines, Timeout, expired
from nbstream._puller import Puller
from nbstream._record import EventLog
from nbstream._stop import TIMEOUTS, Latch
from nbstream._text import repaired, repaired_meta
from nbstream._transcript import Transcript
from nbstream.sources import Source


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
        self._puller = Puller(self.id, source, self._intake, self.latch, queued=not pushed)
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
        if self.transcript.end is not None or self._puller.requested is None:
            return meta
        return {**self._intake.figures(), **meta}

    def elapsed(self) -> float:
        """Seconds since the request was handed to the client; 0.0 before."""
        requested = self._puller.requested
        return 0.0 if requested is None else time.monotonic() - requested

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
        pull = loop.create_task(self._puller.pull(self._deadlines), name=f"nbstream-pull-{self.id}")
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
