"""Push mode: what a producer calls to feed a stream, and what answers it when the stream is stopped.

Belongs here: putting into the buffer in order, approvals, the one end. Does not belong here: the public calls (`_producer`),
reading what is pushed (`sources._push`).

Every call may be made on any thread. One call at a time enters the buffer, so that what is read and what is put keep one order;
a full buffer makes the producer wait. Only nbstream's own loop must not wait, because it is the one that empties the buffer.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import Any, Final

from nbstream import _threads
from nbstream._errors import NbstreamError, StreamStopped, WouldDeadlock
from nbstream._events import Delta
from nbstream._run import Run
from nbstream.sources._buffer import LIMIT, Left
from nbstream.sources._push import PushSource, Steps

Make = Callable[[], list[Delta]]

_HINT: Final = "Let it end the producer, or make the stream with nb.Stream(raise_on_stop=False) to ignore what comes after."


@dataclass(frozen=True, slots=True)
class Approval:
    """A tool call that waits for somebody's yes or no.

    Attributes:
        id: of this question; `Stream.approve` and `Stream.deny` take it.
        name: of the tool.
        arguments: as the producer gave them.
        call: the id of the tool call, "" where it has none.
    """

    id: str
    name: str
    arguments: Any
    call: str = ""


class Pusher:
    """The producer's end of a stream.

    Attributes:
        raises: whether a push after the end raises `StreamStopped`.
    """

    def __init__(self, source: PushSource, run: Run, *, raise_on_stop: bool = True) -> None:
        self._buffer = source.buffer
        self._run = run
        self.raises = raise_on_stop
        self._steps = Steps()
        self._lock = threading.Lock()
        self._over = False
        self._questions: dict[str, tuple[Approval, Future[bool]]] = {}
        self._numbers = itertools.count(1)
        run.latch.then(self._left)
        run.when_ended(self._left)

    def push(self, make: Make) -> None:
        """Put what `make` returns; wait while the buffer is full.

        Raises:
            StreamStopped: the stream has ended.
            WouldDeadlock: the buffer is full, and this is the loop that empties it.
        """
        own = _threads.on_event_loop()
        if not self._lock.acquire(blocking=not own):
            raise WouldDeadlock("a push would block the event loop that takes what is pushed", hint=_ASYNC)
        try:
            if own and len(self._buffer) >= LIMIT:
                raise WouldDeadlock("the buffer is full, and this is the event loop that empties it", hint=_ASYNC)
            if self._over:
                raise Left
            self._put(make)
            return
        except Left:
            pass
        finally:
            self._lock.release()
        self._refuse()

    async def apush(self, make: Make) -> None:
        """The same without blocking the event loop of the caller."""
        if len(self._buffer) < LIMIT and not self._lock.locked():
            self.push(make)
        else:
            await _threads.in_thread(lambda: self.push(make), "push")

    def push_if_open(self, make: Make) -> None:
        """Put what `make` returns, or let it be where the stream has ended."""
        try:
            self.push(make)
        except StreamStopped:
            return

    def steps(self, item: Any) -> Make:
        """Return what makes the deltas of a pushed item."""
        return lambda: self._steps.feed(item)

    def deltas(self, *deltas: Delta) -> Make:
        """Return what makes these deltas."""
        return lambda: self._steps.take(deltas)

    def next(self) -> Make:
        """Return what makes a step."""
        return self._steps.next

    def finish(self, reason: str | None, error: BaseException | None = None) -> None:
        """Let what is in the buffer come, then end; the first end counts."""
        with self._lock:
            if self._over:
                return
            self._over = True
            if error is None and not self._buffer.left:
                try:
                    self._buffer.put([Delta(finish_reason=reason, final=True)])
                except Left:
                    return
            self._buffer.finish(error)
        self._left(leave=False)

    def abandon(self) -> None:
        """Nobody is left who could push: the stream ends without having been finished."""
        self._over = True
        self._buffer.finish()

    # -- approvals ----------------------------------------------------------------------------------------------------------

    def ask(self, name: str, arguments: Any, call: str | None) -> tuple[str, Make, Future[bool]]:
        """Return a new question: its id, what shows it, and its answer."""
        text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False, default=str)
        number = f"approval-{next(self._numbers)}"
        answer: Future[bool] = Future()
        self._questions[number] = Approval(number, name, arguments, call or ""), answer
        if self._over or self._buffer.left:
            self._left(leave=False)
        # The arguments once more: those of a call that was streamed before may not be the ones that are asked about.
        meta = {"state": "ask", "approval": number, "asked": text}
        return number, self.deltas(Delta("state", text, id=call, name=name, meta=meta)), answer

    def asked(self) -> list[Approval]:
        """Return the questions that wait."""
        return [question for question, answer in tuple(self._questions.values()) if not answer.done()]

    def answer(self, which: str | None, approved: bool) -> None:
        """Answer a question, by default the one that waits longest.

        Raises:
            LookupError: there is none.
        """
        waiting = [q for q in self.asked() if which is None or which in (q.id, q.call)]
        if not waiting:
            raise LookupError("no tool call waits for approval" + (f" as {which!r}" if which is not None else ""))
        answer = self._questions[waiting[0].id][1]
        with contextlib.suppress(InvalidStateError):  # the stream has just ended
            answer.set_result(approved)

    def hear(self, number: str, approved: bool) -> None:
        """Take the answer of a view, which may come by two ways and be too late: the first that is in time counts."""
        question = self._questions.get(number)
        if question is not None:
            with contextlib.suppress(InvalidStateError):
                question[1].set_result(approved)

    def settle(self, number: str, approved: bool) -> Make:
        """Return what shows the answer to a question, which waits no longer."""
        self._questions.pop(number, None)
        meta = {"state": "run" if approved else "denied", "approval": number}
        return self.deltas(Delta("state", meta=meta))

    # -- the end ------------------------------------------------------------------------------------------------------------

    def stopped(self) -> StreamStopped:
        """Return what a producer is told that goes on after the end."""
        end, reason = self._run.transcript.end, self._run.latch.reason
        how = f"was stopped ({reason})" if reason else f"has ended ({end.status})" if end else "has been finished"
        return StreamStopped(f"The stream {how}; it takes nothing more.", hint=_HINT)

    def _put(self, make: Make) -> None:
        try:
            deltas = make()
        except NbstreamError as error:
            if error.code == "unknown_item":
                raise TypeError(f"{error} {error.hint}") from None
            self._over = True
            self._buffer.finish(error)
            raise
        if deltas:
            self._buffer.put(deltas)

    def _refuse(self) -> None:
        if self.raises:
            raise self.stopped()

    def _left(self, *, leave: bool = True) -> None:
        """The run has ended or is about to: nobody waits any more."""
        if leave:
            self._buffer.leave()
        for _, answer in tuple(self._questions.values()):
            with contextlib.suppress(InvalidStateError):  # it has just been answered
                answer.set_exception(self.stopped())


_ASYNC: Final = "Use `await s.on_token_async(chunk)` here."
