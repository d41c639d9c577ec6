"""The worker: in order, once, off the caller's thread, and none is lost because another fails."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable

from nbstream._worker import Worker


def held() -> tuple[Worker, Callable[[], None], Callable[[], None]]:
    """A worker that is at a job, what lets that one end, and what waits until all that was asked for is done."""
    worker, began, go = Worker("test-worker"), threading.Event(), threading.Event()

    def hold() -> None:
        began.set()
        go.wait(10)

    def settle() -> None:
        done = threading.Event()
        go.set()
        worker.do(done.set)
        assert done.wait(10)

    worker.do(hold)
    assert began.wait(10)
    return worker, go.set, settle


def test_jobs_are_done_in_order_on_a_daemon_thread_of_its_own() -> None:
    worker, _, settle = held()
    seen: list[tuple[int, threading.Thread]] = []
    for number in range(10):
        worker.do(lambda number=number: seen.append((number, threading.current_thread())))  # type: ignore[misc]  # reason: binds
    settle()
    assert [number for number, _ in seen] == list(range(10))
    (thread,) = {thread for _, thread in seen}
    assert thread.daemon
    assert thread is not threading.current_thread()


def test_a_job_that_waits_is_done_once_and_one_that_runs_is_done_again() -> None:
    worker, _, settle = held()
    count: list[int] = []
    job = lambda: count.append(1)  # noqa: E731  # reason: the same object each time
    for _ in range(5):
        worker.do(job)
    settle()
    assert len(count) == 1
    worker.do(job)
    settle()
    assert len(count) == 2


def test_one_that_fails_is_counted_and_the_others_are_done() -> None:
    worker, _, settle = held()
    done: list[int] = []

    def fail() -> None:
        raise ValueError("cannot")

    worker.do(fail)
    worker.do(lambda: done.append(1))
    settle()
    assert done == [1]
    assert worker.failed == 1
    assert isinstance(worker.error, ValueError)


def test_what_was_done_is_not_kept() -> None:
    class Owner:
        def job(self) -> None:
            """Nothing."""

    worker, _, settle = held()
    owner = Owner()
    known = weakref.ref(owner)
    worker.do(owner.job)
    settle()
    settle()
    del owner
    gc.collect()
    assert known() is None
