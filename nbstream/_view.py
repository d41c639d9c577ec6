"""The view of one run, as the kernel sees it: a widget model, its outbox, its island, and what its views ask for.

Belongs here: putting these together, and the meaning of a view's messages. Does not belong here: each of them.

Everything that changes state happens on the run's loop; a message of a view, which may arrive on any thread, only sets the
latch or is passed on to the loop.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any, Final

from nbstream import _host, _inspector
from nbstream._comm import Channel, listen
from nbstream._events import End, Event, Wire
from nbstream._island import Island
from nbstream._observed import Observed
from nbstream._outbox import Outbox
from nbstream._run import Run
from nbstream._widget import StreamWidget

HELLO_SECONDS: Final = 3.0
"""A live run that no view has greeted for this long is shown by a widget-view."""


class View:
    """Shows one run in a notebook.

    Attributes:
        widget: the model; its traits `status` and `seq` can be observed.
        island: the output of the cell.
        mismatches: how often a view's text differed from ours at the end.
    """

    def __init__(self, run: Run, loop: asyncio.AbstractEventLoop) -> None:
        """Make the model of `run`, which is pulled on `loop`; nothing is shown yet."""
        key = secrets.token_hex(8)
        self._run = run
        self._loop = loop
        self._greeted = False
        self._request = ""
        self.mismatches = 0
        self.widget = StreamWidget(key=key, cell=_host.cell_id(), snapshot=self.state)
        self.island = Island(run.transcript, key, self.widget.model_id or "")
        self._channel = Channel(self.widget, key, self._hear)
        self._outbox = Outbox(run.id, self._channel.send, loop)
        listen(_host.kernel())
        run.transcript.subscribe(self._take)
        run.transcript.subscribe(Observed(self.widget, lambda: run.status, loop))

    def state(self) -> Wire:
        """The snapshot that a new view begins with."""
        return {**self._run.transcript.snapshot(), "run": self._run.id, "elapsed_ms": round(self._run.elapsed() * 1000)}

    def show(self) -> None:
        """Show the stream in the cell that runs; once a cell, however often it is asked."""
        request = _host.request_id()
        if request and request == self._request:
            return
        self._request = request
        self.island.show()
        if _host.headless():
            self._greeted = True  # nobody will ever say hello
            _host.after_cell(self._settle)
        else:
            self._loop.call_soon_threadsafe(self._loop.call_later, HELLO_SECONDS, self._despair)

    def _settle(self) -> None:
        """Wait for the run, so that the refresh of its end is still an output of this cell."""
        if not self._run.pushed:
            self._run.ended.wait()
        self.island.refresh()

    def _despair(self) -> None:
        if not self._greeted and self._run.transcript.end is None:
            self.island.fallback = True
            self.island.refresh()

    def _take(self, seq: int, event: Event) -> None:
        self._outbox.push(seq, event)
        if type(event) is End:
            self.island.refresh()
            if self.island.fallback:
                self._channel.send_state("snapshot")
        else:
            self.island.grow()

    def _hear(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"type": "stop", "run": str(run)} if run == self._run.id:
                self._run.stop("user")
            case {"type": "hello"}:
                self._soon(self._welcome)
            case {"type": "resync", "run": str(run)} if run == self._run.id:
                self._soon(self._resync)
            case {"type": "mismatch", "run": str(run)} if run == self._run.id:
                self.mismatches += 1
                self._soon(self._resync)
            case {"type": "chunks", "run": str(run)} if run == self._run.id:
                self._soon(lambda: self._answer(_inspector.page(self._run.chunks, run, message)))
            case _:
                self._channel.refused += message.get("type") not in ("ack", "bye", "stop", "resync", "mismatch")

    def _soon(self, work: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(work)

    def _welcome(self) -> None:
        first, self._greeted = not self._greeted, True
        self._channel.send({"type": "welcome", "run": self._run.id})
        if first or self.island.fallback:
            self.island.fallback = False
            self.island.refresh()

    def _answer(self, message: Wire | None) -> None:
        if message is None:
            self._channel.refused += 1
        else:
            self._channel.send(message)

    def _resync(self) -> None:
        self._outbox.drain()
        self._channel.send({"type": "snapshot", "state": self.state()})
