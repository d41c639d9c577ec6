"""The view of one run, as the kernel sees it: a widget model, its outbox, its island, and what its views ask for.

Belongs here: putting these together, and the meaning of a view's messages. Does not belong here: each of them.

Everything that changes state happens on the run's loop; a message of a view, which may arrive on any thread, only sets the
latch or is passed on to the loop.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from nbstream import _host, _inspector, _nested
from nbstream._attempts import Attempts
from nbstream._comm import Channel, listen
from nbstream._delivery import Delivery
from nbstream._events import End, Event, Wire
from nbstream._island import Island
from nbstream._observed import Observed
from nbstream._parts import Parts
from nbstream._run import Run
from nbstream._saved_form import SavedForm
from nbstream._threads import soon
from nbstream._widget import StreamWidget
from nbstream._worker import worker

HELLO_SECONDS: Final = 3.0
"""A live run that no view has greeted for this long is shown by a widget-view."""
END_SECONDS: Final = 0.25
"""The longest that the end waits for the refresh of the output."""
MISMATCHES: Final = 8
"""So many differences at the end are healed by a snapshot; after them another would not help."""
UNHEARD: Final = 1_000
"""So many messages of views may wait for the loop; what comes beyond them is refused."""
UNFED: Final = (
    "nbstream: this stream is fed by the notebook's own event loop; end its cell with `await s` to have all of it saved.\n"
)


class View:
    """Shows one run in a notebook.

    Attributes:
        widget: the model; its traits `status` and `seq` can be observed.
        island: the output of the cell.
        mismatches: how often a view's text differed from ours at the end.
    """

    def __init__(
        self, attempts: Attempts, loop: asyncio.AbstractEventLoop, answer: Callable[[str, bool], object] | None = None
    ) -> None:
        """Make the model of the latest of `attempts`, which are pulled on `loop`; nothing is shown yet.

        `answer` takes what a reader says to a question about a tool call: its id, and whether it may run.
        """
        # The time first: streams of one cell are restored in the order in which they were made.
        key = f"{time.time_ns() // 1000:014x}{secrets.token_hex(4)}"
        self._attempts = attempts
        self._run = run = attempts.latest
        self._loop = loop
        self._tell_answer = answer
        self._greeted = False
        self._headless = False
        self._finished = False
        self._unheard: deque[tuple[Mapping[str, Any], bool]] = deque()
        self._request = ""
        self.mismatches = 0
        listen(_host.kernel())  # before there is a model: a front-end may speak as soon as it knows of one
        self.widget = StreamWidget(key=key, cell=_host.cell_id(), snapshot=self.state)
        self.island = Island(run.transcript, key, self.widget.model_id or "", lambda: self._saved.announce())
        self._saved = SavedForm(self.island, self._aside, loop)
        self._channel = Channel(self.widget, key, self._hear)
        self._delivery = Delivery(
            run.id, self._channel.send, self.state, lambda: self._run.transcript.seq, loop, _host.Shell().was_free
        )
        self._parts = Parts(self._channel.send, loop)
        self._listen_to(run)
        attempts.follow(lambda run: self._soon(lambda: self._follow(run)))

    def state(self, run: Run | None = None) -> Wire:
        """The snapshot that a new view begins with; or that of an earlier attempt."""
        run = run or self._run
        more = {"run": run.id, "elapsed_ms": round(run.elapsed() * 1000)}
        return {**run.transcript.snapshot(), **more, "attempts": self._attempts.ids, "ways": self._attempts.ways}

    def _listen_to(self, run: Run) -> None:
        run.transcript.subscribe(self._channel.contained(self._take))
        run.transcript.subscribe(self._channel.contained(Observed(self.widget, lambda: run.status, self._loop)))

    def _follow(self, run: Run) -> None:
        """Show a new attempt, which is about to begin."""
        self._run = run
        self._finished = self._saved.unseen = False
        self._listen_to(run)
        self.island.follow(run.transcript)
        worker.do(self.island.refresh)
        self._delivery.restart(run.id)

    def show(self) -> None:
        """Show the stream in the cell that runs; once a cell, however often it is asked."""
        request = _host.request_id()
        if request and request == self._request:
            return
        self._request = request
        self.island.show()
        if _host.headless():
            self._headless = self._greeted = True  # nobody will ever say hello
            _host.after_cell(self._settle)
        else:
            self._loop.call_soon_threadsafe(self._delivery.expect)
            self._loop.call_soon_threadsafe(self._loop.call_later, HELLO_SECONDS, self._despair)

    def _settle(self) -> None:
        """Wait for the run, so that the refresh of its end is still an output of this cell."""
        if not self._run.pushed and not _nested.wait(self._run.ended, self._run.when_ended, self._run.source):
            sys.stderr.write(UNFED)
        self.island.refresh()

    def _despair(self) -> None:
        if not self._greeted and self._run.transcript.end is None:
            self.island.fallback = True
            worker.do(self.island.refresh)

    def _take(self, seq: int, event: Event) -> None:
        if type(event) is not End:
            self._delivery.take(seq, event)
            if self.island.due and self._watched:
                worker.do(self.island.renew)
        elif self.island.shown and not self._headless:
            # The output first, so that who sees the end can save the file; but a long answer's end does not wait for it.
            worker.do(self._complete)
            self._loop.call_later(END_SECONDS, self._finish)
        else:
            self._finish()

    @property
    def _watched(self) -> bool:
        """Whether a refresh would be of use now: a page that listened and has fallen silent would only find them in a heap."""
        return self._delivery.outbox.open or not self._delivery.audience.greeted

    def _complete(self) -> None:
        try:
            self.island.refresh()
        finally:
            self._soon(self._finish)

    def _finish(self) -> None:
        end = self._run.transcript.end
        if end is not None and not self._finished:
            self._finished = True
            self._delivery.take(self._run.transcript.seq, end)
            if self.island.fallback:
                self._delivery.charge()
                self._channel.send_state("snapshot")

    def _hear(self, message: Mapping[str, Any], quiet: bool) -> None:
        match message:
            case {"type": "stop", "run": str(run)} if run == self._run.id:
                self._run.stop("user")
            case {"type": "approval", "run": str(run), "id": str(number), "approved": bool(approved)} if (
                run == self._run.id and self._tell_answer is not None
            ):
                # At once, on any thread: who asked may block the loop that everything else waits for.
                self._tell_answer(number, approved)
            case {"type": "hello" | "bye" | "resync" | "check" | "ack" | "mismatch" | "want"}:
                self._queue(message, quiet)
            case {"type": "chunks" | "arrivals" | "attempt" | "again" | "part"}:
                self._queue(message, quiet)
            case _:
                self._channel.refused += 1

    def _queue(self, message: Mapping[str, Any], quiet: bool) -> None:
        if len(self._unheard) < UNHEARD:
            self._unheard.append((message, quiet))
            self._soon(self._listen)
        else:
            self._channel.refused += 1

    def _soon(self, work: Callable[[], object]) -> None:
        self._channel.failed += not soon(self._loop, work)  # where the loop is closed the interpreter ends

    def _listen(self) -> None:
        message, quiet = self._unheard.popleft()
        if message["type"] == "hello" and self._run.transcript.end is not None:
            # Before this view is counted: all who watched have gone without a word, with their page or its tab.
            self._saved.unseen |= self._delivery.audience.missed(self._run.transcript.seq)
        if message["type"] == "want":
            self._saved.want()
        elif message["type"] in ("chunks", "arrivals", "attempt", "again"):
            self._answer(message)
        elif message["type"] == "part":
            self._channel.refused += not self._parts.ask(message)
        elif message["type"] == "mismatch":
            if message.get("run") != self._run.id or self.mismatches >= MISMATCHES:
                self._channel.refused += 1
                return
            self.mismatches += 1
            self._delivery.outbox.want_snapshot()
        elif not self._delivery.hear(message, quiet=quiet):
            self._channel.refused += 1
        elif message["type"] == "hello":
            self._saved.written |= message.get("fallback") is True
            self._welcome()
        elif message["type"] == "resync" and self._run.transcript.end is not None:
            self._saved.announce()  # what told of the end may have told of the last refresh, too

    def _welcome(self) -> None:
        first, self._greeted = not self._greeted, True
        if first or self.island.fallback:
            self.island.fallback = False
            worker.do(self.island.refresh)
        else:
            self._saved.announce()  # the page may be new, and its file behind

    def _answer(self, message: Mapping[str, Any]) -> None:
        run = self._attempts.find(message.get("run"))
        answer: Wire | None = None
        if run is not None and message["type"] == "again":
            if run is not self._attempts.latest or self._attempts.begin(str(message.get("way")), run.id):
                return  # it comes by two ways, and the later copy finds the attempt begun
        elif run is not None and message["type"] == "attempt":
            answer = {"type": "attempt", "state": self.state(run)}
        elif run is not None and message["type"] == "arrivals":
            answer = _inspector.arrivals(run.log, run.id, message)
        elif run is not None:
            answer = _inspector.page(run.chunks, run.id, message)
        if answer is None:
            self._channel.refused += 1
        else:
            self._aside(answer)

    def _aside(self, message: Wire) -> None:
        """Send what no view of the stream needs; callable on any thread."""
        self._soon(lambda: self._delivery.outbox.aside(message))
