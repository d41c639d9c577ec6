"""After any number of stops nothing is left: no task, no thread, no socket, no file descriptor."""

from __future__ import annotations

import asyncio
import gc
import random
import threading

import psutil
import pytest

import nbstream as nb
from nbstream import _threads
from provider import Answer, FakeProvider
from remains import threads

ROUTES = ("openai", "anthropic", "gemini")
BASES = {"openai": "openai", "anthropic": "anthropic", "gemini": "gemini"}


def left() -> dict[str, object]:
    """What the process holds now, nbstream's own loop and thread left out."""
    gc.collect()
    process = psutil.Process()

    async def tasks() -> list[str]:
        return sorted(t.get_name() for t in asyncio.all_tasks() if t is not asyncio.current_task())

    return {
        "tasks": asyncio.run_coroutine_threadsafe(tasks(), _threads.event_loop()).result(10),
        "threads": threads(),
        "descriptors": process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
    }


def play(provider: FakeProvider, chance: random.Random, number: int) -> tuple[nb.Stream, str]:
    """Start one stream that answers slowly, on a route of `chance`'s choice."""
    route = chance.choice(ROUTES)
    model = f"leak-{route}"
    s = nb.stream(
        "Go on", model=f"{route}/{model}", api_base=provider.base(BASES[route]), api_key="key", display=False, wait=False
    )
    return s, f"{number}:{route}"


def stop_at_random(provider: FakeProvider, count: int, seed: int) -> None:
    """Run and stop `count` streams, each at a random moment between its start and its end, eight at a time."""
    chance = random.Random(seed)
    for begin in range(0, count, 8):
        batch = [play(provider, chance, begin + i) for i in range(min(8, count - begin))]
        for s, name in batch:
            target = chance.choice([0, 0, 1, 2, 5, 10, 20])
            if target:
                for event in s.events():
                    if event.seq >= target:
                        break
            s.stop()
            assert s.wait(20).status in ("stopped", "done"), (name, s.error)


def check(provider: FakeProvider, count: int, seed: int) -> None:
    """Warm up, then nothing may be more after `count` stops than before."""
    words = [f"word{i} " for i in range(200)]
    for route in ROUTES:
        provider.script(f"leak-{route}", Answer.of(words, thinking="Hm."), rate=100)
    stop_at_random(provider, 16, seed=0)
    before = left()
    stop_at_random(provider, count, seed)
    for _ in range(100):  # the server's side of the last connections may still be closing
        after = left()
        if after == before:
            break
        threading.Event().wait(0.05)
    assert after["tasks"] == before["tasks"]
    assert after["threads"] == before["threads"]
    assert int(str(after["descriptors"])) <= int(str(before["descriptors"]))
    for connection in provider.connections:
        assert connection.wait_closed(10)


@pytest.mark.timeout(300)
def test_two_hundred_random_stops_leave_nothing(provider: FakeProvider) -> None:
    check(provider, 200, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_thousand_random_stops_leave_nothing(provider: FakeProvider) -> None:
    check(provider, 1000, seed=2)
