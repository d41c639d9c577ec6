"""The runs of this process: those under way, which can be stopped together, and what is kept of those that have ended.

Belongs here: who is running, the figures of each run, the end of the interpreter. Does not belong here: how a run goes
(`_run`), how a table of them looks (`_runs`).

Of a run that has ended only its row is kept, so that its text can be forgotten; a run that goes on is asked for its row.
"""

from __future__ import annotations

import time
import weakref
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from nbstream import _threads
from nbstream._errors import NbstreamError
from nbstream._events import MetaValue
from nbstream._transcript import Transcript
from nbstream._usage import Metrics

LIMIT: Final = 1_000
"""How many of the latest runs are remembered."""


class Running(Protocol):
    """What the ledger needs of a run."""

    id: str
    transcript: Transcript
    error: NbstreamError | None
    ended: Any

    @property
    def status(self) -> str:
        """submitted, streaming, or how it ended."""
        ...

    def figures(self) -> dict[str, MetaValue]:
        """The stream's meta with the figures of now."""
        ...

    def stop(self, reason: str = "user") -> None:
        """Set the latch."""
        ...


@dataclass(frozen=True, slots=True)
class RunRow:
    """The figures of one run.

    Attributes:
        id: of the run.
        started: when it began.
        title, model: "" where there is none.
        status: submitted, streaming, done, stopped, truncated or error.
        reason: the finish reason (done), who stopped it (stopped), the code (error); "" otherwise.
        ttft, ttfo, duration: in seconds.
        tokens_per_s: output tokens per second after the first text.
        input_tokens, output_tokens: None where they are not known.
        estimated: whether the tokens are an estimate.
        cost: in US dollars, None where it is not known.
    """

    id: str
    started: datetime
    title: str
    model: str
    status: str
    reason: str
    ttft: float | None
    ttfo: float | None
    duration: float | None
    tokens_per_s: float | None
    input_tokens: int | None
    output_tokens: int | None
    estimated: bool
    cost: float | None


class _Entry:
    __slots__ = ("row", "run", "started")

    def __init__(self, run: Running) -> None:
        self.run = weakref.ref(run)
        self.started = datetime.now(UTC).astimezone()
        self.row = _row(run, self.started)


_running: weakref.WeakSet[Running] = weakref.WeakSet()
_entries: deque[_Entry] = deque(maxlen=LIMIT)


def begin(run: Running) -> None:
    """Remember a run that starts."""
    _running.add(run)
    _entries.append(_Entry(run))


def end(run: Running) -> None:
    """Keep the row of a run that has ended."""
    _running.discard(run)
    for entry in reversed(_entries):
        if entry.run() is run:
            entry.row = _row(run, entry.started)
            return


def rows() -> list[RunRow]:
    """Return the figures of every run that is remembered, in the order they began."""
    found = []
    for entry in tuple(_entries):
        run = entry.run()
        found.append(entry.row if run is None or run not in _running else _row(run, entry.started))
    return found


def stop_all(reason: str = "user") -> None:
    """Stop every run that is under way."""
    for run in tuple(_running):
        run.stop(reason)


def _row(run: Running, started: datetime) -> RunRow:
    meta, last = run.figures(), run.transcript.end
    metrics = Metrics.of(meta)
    reason = "" if last is None else (last.error or {}).get("code") or last.reason or ""
    cost = meta.get("cost_nanousd")
    return RunRow(
        id=run.id,
        started=started,
        title=str(meta.get("title", "")),
        model=str(meta.get("model", "")),
        status=run.status,
        reason=reason,
        ttft=metrics.ttft,
        ttfo=metrics.ttfo,
        duration=metrics.duration,
        tokens_per_s=metrics.tokens_per_s,
        input_tokens=_count(meta.get("input_tokens")),
        output_tokens=_count(meta.get("output_tokens")),
        estimated=bool(meta.get("estimated")),
        cost=None if cost is None else int(cost) / 1e9,
    )


def _count(value: MetaValue | None) -> int | None:
    return None if value is None else int(value)


def _farewell() -> None:
    runs = tuple(_running)
    stop_all("shutdown")
    deadline = time.monotonic() + _threads.EXIT_SECONDS
    for run in runs:
        run.ended.wait(max(0.0, deadline - time.monotonic()))


_threads.at_exit(_farewell)
