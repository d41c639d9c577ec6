"""The event log and the chunk log: nothing is lost to a late or slow reader."""

from __future__ import annotations

import asyncio
import threading

import pytest

from nbstream import Stream, StreamEvent, display_stream, fake
from nbstream._chunk_log import CHUNK_LIMIT, ChunkLog
from nbstream._events import Amend, Append, Close, Delta, End, Note, Open
from nbstream._record import BLOCK, EventLog
from nbstream._transcript import Transcript


def started(pieces: int = 200, rate: float | None = None) -> Stream:
    """A shown-nowhere stream of `pieces` pieces."""
    return display_stream(fake([f"{i} " for i in range(pieces)], rate=rate, ttft=0), display=False, wait=False)


def appended(events: list[StreamEvent]) -> str:
    """The text that `events` added up to."""
    return "".join(e.delta for e in events if e.type == "append")


def test_a_late_reader_replays_from_the_first_event() -> None:
    s = started().wait()
    events = list(s.events())
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    assert appended(events) == s.content
    assert events[-1].type == "end"


def test_readers_at_any_pace_see_the_same() -> None:
    s = started(rate=1000)
    seen: list[list[StreamEvent]] = [[] for _ in range(3)]

    def read(into: list[StreamEvent], slow: bool) -> None:
        for event in s.events():
            into.append(event)
            if slow:
                event.snapshot.count("1")

    threads = [threading.Thread(target=read, args=(into, i == 0)) for i, into in enumerate(seen)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert seen[0] == seen[1] == seen[2]
    assert appended(seen[0]) == s.content


async def test_async_readers_follow_on_their_own_loop() -> None:
    s = started(rate=1000)
    events = [event async for event in s.events()]
    assert appended(events) == s.content
    again = [event async for event in s]
    assert again == events


def test_snapshot_is_the_text_up_to_the_event() -> None:
    s = started(20).wait()
    text = ""
    for event in s:
        if event.type == "append":
            text += event.delta
            assert event.snapshot == text


def test_leaving_an_iteration_early_does_not_stop_the_run() -> None:
    s = started(50, rate=500)
    for event in s.events():
        if event.type == "append":
            break
    assert s.wait(20).status == "done"


async def test_cancelling_an_await_stops_the_run() -> None:
    s = started(10_000, rate=50)

    async def join() -> None:
        await s

    task = asyncio.create_task(join())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert s.wait(10).stopped_by == "interrupt"


async def test_cancelling_an_async_for_stops_the_run_and_leaving_it_does_not() -> None:
    s, left = started(10_000, rate=50), started(50, rate=500)

    async def read() -> None:
        async for _ in s.events():
            pass

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert s.wait(10).stopped_by == "interrupt"
    async for event in left.events():
        if event.type == "append":
            break
    assert left.wait(20).status == "done"


async def test_await_gives_the_handle_after_the_end() -> None:
    s = started(20)
    assert await s is s
    assert s.status == "done"
    assert await s is s


def test_the_chunk_log_is_capped_and_keeps_the_final_ones() -> None:
    log = ChunkLog()
    log.add(0.0, [Delta("content", "a", finish_reason="stop", raw="final")])
    for i in range(CHUNK_LIMIT + 500):
        log.add(float(i), [Delta("content", "xy", raw=i)])
    kept = log.kept()
    assert log.count == CHUNK_LIMIT + 501
    assert len(kept) == CHUNK_LIMIT + 1
    assert kept[0].raw == "final"
    assert kept[-1].raw == CHUNK_LIMIT + 499
    assert kept[-1].length == 2


def test_an_old_event_is_the_same_as_when_it_was_new() -> None:
    transcript = Transcript()
    log = EventLog(transcript, iter(range(10**6)).__next__)
    new: list[StreamEvent] = []

    def read(*_: object) -> None:
        new.append(log._from(len(new))[0][-1])

    transcript.subscribe(read)
    transcript.apply(Open("thinking"))
    transcript.apply(Open("content", {"choice": 1}))
    for number in range(3 * BLOCK):
        transcript.apply(Append(number % 2, ("é", "", "word ")[number % 3]))
        if number % 97 == 0:
            transcript.apply(Note({"model": str(number)}))
            transcript.apply(Amend(1, {"choice": number}))
    transcript.apply(Close(0))
    transcript.apply(End("done"))
    old = list(log.follow(lambda: None))
    assert len(log._events._blocks) > 1
    assert old == new
    assert [event.snapshot for event in old] == [event.snapshot for event in new]
    assert old[BLOCK - 1].snapshot
