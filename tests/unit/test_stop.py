"""The latch: set once, from anywhere."""

from __future__ import annotations

import threading

import pytest

from nbstream._stop import Latch


def test_the_first_reason_wins() -> None:
    latch = Latch()
    assert latch.set("user") is True
    assert latch.set("shutdown") is False
    assert latch.reason == "user"


def test_callbacks_run_once_whether_they_come_before_or_after() -> None:
    latch, calls = Latch(), list[str]()
    latch.then(lambda: calls.append("before"))
    latch.set("user")
    latch.set("user")
    latch.then(lambda: calls.append("after"))
    assert calls == ["before", "after"]


def test_of_many_threads_one_sets_it() -> None:
    for _ in range(50):
        latch, barrier, wins = Latch(), threading.Barrier(4), list[bool]()

        def push(latch: Latch = latch, barrier: threading.Barrier = barrier, wins: list[bool] = wins) -> None:
            barrier.wait()
            wins.append(latch.set("user"))

        threads = [threading.Thread(target=push) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wins.count(True) == 1


def test_an_unknown_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="no reason of a stop"):
        Latch().set("boredom")
