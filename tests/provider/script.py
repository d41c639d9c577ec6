"""Scripts and connections, as a test sees them: from another thread than the one that serves.

Belongs here: what tests set and read. Does not belong here: what is sent (see `answering`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nbstream.demo.answer import Answer
from nbstream.demo.http import Request
from provider.faults import Fault
from provider.gate import Gate


@dataclass(frozen=True)
class Recording:
    """A stream as it is, one chunk for each of `chunks`."""

    chunks: Sequence[bytes]
    content_type: str = "text/event-stream"


@dataclass(eq=False)
class Connection:
    """One connection and its one request; the package's docstring explains the fields."""

    request: Request
    changed: threading.Condition
    chunks_total: int = 0
    chunk_times: list[float] = field(default_factory=list)
    bytes_sent: int = 0
    closed_at: float | None = None
    closed_by: str | None = None

    @property
    def chunks_sent(self) -> int:
        """How many chunks were handed to the socket before the close was noticed."""
        return len(self.chunk_times)

    def wait_chunks(self, n: int, timeout: float = 5) -> None:
        """Wait until `n` chunks were sent; raise TimeoutError after `timeout` seconds."""
        wait(self.changed, lambda: self.chunks_sent >= n, timeout, lambda: f"{self.chunks_sent} of {n} chunks were sent")

    def wait_closed(self, timeout: float = 5) -> float:
        """Wait until the connection is over and return `closed_at`; raise TimeoutError after `timeout` seconds."""
        wait(self.changed, lambda: self.closed_at is not None, timeout, lambda: f"still open after {self.chunks_sent} chunks")
        assert self.closed_at is not None
        return self.closed_at

    def sent(self, chunks: int, size: int) -> None:
        """Note that chunks were handed to the socket."""
        now = time.monotonic()
        with self.changed:
            self.chunk_times += [now] * chunks
            self.bytes_sent += size
            self.changed.notify_all()

    def closed(self, by: str) -> None:
        """Note who ended the connection."""
        now = time.monotonic()
        with self.changed:
            self.closed_at, self.closed_by = now, by
            self.changed.notify_all()


@dataclass(eq=False)
class Script:
    """What is answered to the requests for one model, and the connections that asked for it."""

    answers: Sequence[Answer | Recording]
    changed: threading.Condition
    rate: float | None = None
    first_delay: float = 0.0
    header_delay: float = 0.0
    gate: Gate | None = None
    faults: Sequence[Fault] = ()
    raw: bool = True
    framing: str = "chunked"
    connections: list[Connection] = field(default_factory=list)
    _handed_out: int = 0

    @property
    def requests(self) -> list[Request]:
        """The requests so far."""
        return [connection.request for connection in self.connections]

    @property
    def chunks(self) -> int:
        """How many chunks the answer to the latest request has, the last one for the end included."""
        return self.connections[-1].chunks_total

    def wait_for_connection(self, timeout: float = 5) -> Connection:
        """Return the next connection that was not handed out yet; raise TimeoutError after `timeout` seconds."""
        with self.changed:
            at = self._handed_out
            wait(self.changed, lambda: len(self.connections) > at, timeout, lambda: f"only {at} connections")
            self._handed_out += 1
            return self.connections[at]


def wait(changed: threading.Condition, reached: Callable[[], bool], timeout: float, told: Callable[[], str]) -> None:
    """Wait for a change after which `reached()`; raise TimeoutError with what `told()` says after `timeout` seconds."""
    with changed:
        if not changed.wait_for(reached, timeout):
            raise TimeoutError(f"{told()} after {timeout} s")
