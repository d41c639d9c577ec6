"""Cancelling the task that pulls the litellm source closes the provider's socket, wherever it is, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable

import pytest

from nbstream.sources._litellm import LiteLLMSource
from provider import Answer, FakeProvider, Gate, Script, faults
from remains import threads
from wire.routes import KEY, ROUTES, run, source

WIRES = ["openai", "anthropic", "gemini", "groq", "ollama_chat"]
LIMIT = 0.25
"""Seconds from the cancel to the close that the server sees."""

WORDS = Answer.of([f"{n} " for n in range(200)])
OPTIONS: dict[str, Callable[[], dict[str, object]]] = {
    "before the headers": lambda: {"header_delay": 60.0},
    "before the first chunk": lambda: {"first_delay": 60.0},
    "in a silent gap": lambda: {"faults": [faults.Hang(3)]},
    "in mid-stream": lambda: {"rate": 50.0},
}


async def pull(pulled: LiteLLMSource, seen: asyncio.Event, wanted: int = 3) -> None:
    """Pull to the end; `seen` is set after `wanted` pieces of content."""
    count = 0
    async for batch in pulled.deltas():
        count += sum(d.kind == "content" for d in batch)
        if count >= wanted:
            seen.set()


async def stop(script: Script, task: asyncio.Task[None]) -> float:
    """Cancel `task`; return the seconds until the server saw the close."""
    connection = await asyncio.to_thread(script.wait_for_connection)
    if script.faults or script.rate:
        await asyncio.to_thread(connection.wait_chunks, 3)
    clicked = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    closed = await asyncio.to_thread(connection.wait_closed)
    assert connection.closed_by == "client"
    return closed - clicked


@pytest.mark.parametrize("route", WIRES)
@pytest.mark.parametrize("moment", OPTIONS)
async def test_a_cancel_closes_the_socket_at_once(provider: FakeProvider, route: str, moment: str) -> None:
    model = f"stop-{route}-{moment.replace(' ', '-')}"
    await run(source(provider, route, "unknown"))  # litellm's imports are not what is measured
    script = provider.script(model, WORDS, **OPTIONS[moment]())
    task = asyncio.create_task(pull(source(provider, route, model), asyncio.Event()))
    assert await stop(script, task) < LIMIT


async def test_a_cancel_closes_a_connection_that_is_still_being_made() -> None:
    # A full backlog: the kernel leaves further connections waiting.
    import socket

    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        address = server.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        before = await settled()
        pulled = LiteLLMSource(
            "openai/x", [{"role": "user", "content": "Hi"}], api_base=f"http://127.0.0.1:{address[1]}/v1", api_key=KEY
        )
        waiting = asyncio.Event()

        async def watch() -> None:
            async for batch in pulled.deltas():
                if any(d.text == "waiting" for d in batch):
                    waiting.set()

        task = asyncio.create_task(watch())
        await waiting.wait()
        while len(os.listdir("/proc/self/fd")) <= before[1]:  # noqa: ASYNC110 - a descriptor sets no event
            await asyncio.sleep(0.01)
        clicked = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - clicked < LIMIT
        assert len(os.listdir("/proc/self/fd")) <= before[1]
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize("route", ["openai", "anthropic", "gemini"])
async def test_a_cancel_over_tls_closes_the_socket_at_once(route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeProvider(tls=True) as secure:
        monkeypatch.setenv("SSL_CERT_FILE", str(secure.ca_file))
        script = secure.script(f"tls-{route}", WORDS, faults=[faults.Hang(3)])
        task = asyncio.create_task(pull(source(secure, route, f"tls-{route}"), asyncio.Event()))
        assert await stop(script, task) < LIMIT


async def test_closing_the_generator_closes_the_socket(provider: FakeProvider) -> None:
    gate = Gate()
    script = provider.script("aclose", WORDS, gate=gate)
    gate.open(3)
    deltas = source(provider, "openai", "aclose").deltas()
    async for batch in deltas:
        if any(d.kind == "content" for d in batch):
            break
    connection = await asyncio.to_thread(script.wait_for_connection)
    clicked = time.monotonic()
    await deltas.aclose()
    assert await asyncio.to_thread(connection.wait_closed) - clicked < LIMIT


async def settled() -> tuple[set[asyncio.Task[object]], int, int]:
    """The tasks, descriptors and threads that are left once what is ending has ended."""
    for _ in range(10):
        await asyncio.sleep(0)
    return asyncio.all_tasks(), len(os.listdir("/proc/self/fd")), len(threads())


async def stop_often(provider: FakeProvider, times: int) -> None:
    """Stop `times` runs at random moments; nothing may be left of them."""
    dice = random.Random(3)
    script = provider.script("often", WORDS, rate=400)
    for route in WIRES:  # litellm starts threads and tasks of its own, once
        for wanted in (2, 10**6):
            provider.script(f"warm-{route}-{wanted}", Answer.of("a b c d", cut=1))
            await run(source(provider, route, f"warm-{route}-{wanted}"))
    await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.05) for _ in range(64)))  # the loop's own pool, filled
    before = await settled()
    for _ in range(times):
        task = asyncio.create_task(pull(source(provider, dice.choice(WIRES), "often"), asyncio.Event()))
        await asyncio.sleep(dice.choice((0, 0.001, 0.01, 0.03, 0.1)) * dice.random() * 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    for connection in list(script.connections):
        await asyncio.to_thread(connection.wait_closed)
    for _ in range(100):  # the server's end of the last connections may still be closing: it is in this process, too
        after = await settled()
        if after[0] <= before[0] and after[1:] <= before[1:]:
            break
        await asyncio.sleep(0.05)
    assert after[0] <= before[0]
    assert after[1] <= before[1]
    assert after[2] <= before[2]


async def test_stops_leave_no_task_thread_or_descriptor(provider: FakeProvider) -> None:
    await stop_often(provider, 30)


@pytest.mark.soak
async def test_many_stops_leave_no_task_thread_or_descriptor(provider: FakeProvider) -> None:
    await stop_often(provider, 200)


async def test_a_run_to_the_end_leaves_no_connection(provider: FakeProvider) -> None:
    for route in ROUTES:
        model = f"tidy-{route}"
        script = provider.script(model if route != "fireworks_ai" else f"accounts/fireworks/models/{model}", Answer.of("Hello"))
        outcome = await run(source(provider, route, model))
        assert outcome.error is None
        for connection in script.connections:
            await asyncio.to_thread(connection.wait_closed)
