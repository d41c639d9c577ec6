"""The intake: what a batch of deltas means for a run's transcript, its figures and its chunk log.

Belongs here: sections opened and timed, the moments that are measured, the limits that text can pass. Does not belong here:
where batches come from, the clock's limits and the end (`_run`), boundaries (`_sections`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from nbstream._callbacks import warn_dropped
from nbstream._chunk_log import ChunkLog
from nbstream._events import Amend, Append, Close, Delta, Event, MetaValue, Note, Open
from nbstream._sections import Sectioner
from nbstream._stop import Latch
from nbstream._transcript import Transcript
from nbstream._usage import Meter, estimated_tokens, microseconds

Predicate = Callable[[Transcript], object]

_LIMITED: Final = ("content", "thinking")


class Intake:
    """Feeds one transcript.

    Attributes:
        visible: whether there has been text.
        chunks: the raw chunks.
    """

    def __init__(
        self,
        transcript: Transcript,
        elapsed: Callable[[], float],
        latch: Latch,
        *,
        max_output_tokens: int | None = None,
        stop_when: Sequence[Predicate] = (),
    ) -> None:
        """Feed `transcript`; set `latch` at a limit; `elapsed` gives the seconds since the request."""
        self.visible = False
        self.chunks = ChunkLog()
        self._transcript = transcript
        self._elapsed = elapsed
        self._latch = latch
        self._max_output_tokens = max_output_tokens
        self._predicates = list(stop_when)
        self._sectioner = Sectioner()
        self._meter = Meter()
        self._opened: dict[int, float] = {}

    @property
    def finish_reasons(self) -> Mapping[int, str]:
        """By choice, in OpenAI's words, as far as they have come."""
        return self._sectioner.finish_reasons

    @property
    def whole(self) -> bool:
        """Whether the source said so: that the stream is complete, or why each choice ended."""
        finished = self._sectioner.finish_reasons
        return self._sectioner.complete or (bool(finished) and all(c in finished for c in self._sectioner.choices))

    def figures(self) -> dict[str, MetaValue]:
        """The figures of this moment, as `close` would note them."""
        output: dict[str, MetaValue] = {"output_tokens": estimated_tokens(tuple(self._transcript.sections))}
        return {**output, **self._meter.gaps(), "duration_us": microseconds(self._elapsed())}

    def take(self, batch: Sequence[Delta]) -> None:
        """Take what one chunk of the provider gave."""
        textual = step = False
        for delta in batch:
            textual = textual or (delta.text != "" and delta.kind != "phase")
            step = step or delta.kind == "step"
            for event in self._sectioner.feed(delta):
                self.apply(event)
        t = self._elapsed()
        self._meter.chunk(t, textual=textual, step=step)
        self.chunks.add(t, batch)
        if self._max_output_tokens is not None or self._predicates:
            self._check_limits()

    def apply(self, event: Event) -> None:
        """Take one event, and what its moment says: the duration of a section, the time of the first text."""
        estimated = type(event) is Note and self._transcript.meta.get("estimated") is True
        self._transcript.apply(event)
        match event:
            case Append(at=at):
                self.visible = True
                sections = self._transcript.sections
                if news := self._meter.see(event, sections[at].kind, self._elapsed(), sections):
                    self._transcript.apply(Note(news))
            case Note(meta=meta):
                if self._meter.count(meta, self._transcript.sections) and estimated and "estimated" not in meta:
                    self._transcript.apply(Note({"estimated": False}))
            case Open():
                self._opened[len(self._transcript.sections) - 1] = time.monotonic()
            case Close(at=at):
                duration = time.monotonic() - self._opened.pop(at)
                self._transcript.apply(Amend(at, {"duration_us": microseconds(duration)}))
            case _:
                pass

    def close(self, *, whole: bool) -> None:
        """Release what is held and note the figures: nothing more will come."""
        for event in self._sectioner.finish():
            self.apply(event)
        self._transcript.apply(Note(self._meter.sum_up(self._transcript.sections, self._elapsed(), whole=whole)))

    def _check_limits(self) -> None:
        if self._max_output_tokens is not None:
            tokens = estimated_tokens(self._transcript.sections, _LIMITED)
            if tokens >= self._max_output_tokens:
                self._latch.set("max_tokens")
        for predicate in tuple(self._predicates):
            try:
                met = predicate(self._transcript)
            except Exception as raised:  # noqa: BLE001  # reason: it is the user's code; it must not end the stream
                self._predicates.remove(predicate)
                warn_dropped("stop_when", predicate, raised)
            else:
                if met:
                    self._latch.set("condition")
