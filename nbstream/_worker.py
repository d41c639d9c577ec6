"""The worker: one thread for work that is slow and must keep its order, the building of saved forms.

Belongs here: the queue of jobs and its thread. Does not belong here: the jobs; work that waits for others (`_threads`).

Half a second of html for a long answer would hold up every other stream if the event loop built it. Jobs run one after another;
one that is asked for while it waits is done once. The thread is a daemon: nothing waits for it when the interpreter ends.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Final

Job = Callable[[], None]


class Worker:
    """A queue of jobs, and a thread that is started with the first one.

    Attributes:
        failed: how many jobs raised.
        error: what the last one of them raised.
    """

    def __init__(self, name: str) -> None:
        self.failed = 0
        self.error: Exception | None = None
        self._name = name
        self._jobs: dict[Job, None] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def do(self, job: Job) -> None:
        """Do `job` soon; return at once. Callable on any thread."""
        with self._changed:
            self._jobs.setdefault(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._jobs:
                    self._changed.wait()
                job = next(iter(self._jobs))
                del self._jobs[job]
            try:
                job()
            except Exception as raised:  # noqa: BLE001  # reason: the others must not wait for ever because one fails
                self.failed += 1
                self.error = raised
            del job  # or what it belongs to would live until the next one comes


worker: Final = Worker("nbstream-worker")
"""The one of this process."""


def _forget() -> None:
    """After a fork the child has no such thread."""
    worker.__init__("nbstream-worker")  # type: ignore[misc]  # reason: everyone holds this object


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
