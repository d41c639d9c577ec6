"""Coalescing: neighbours merge, nothing moves, and the numbers still add up (L2, L3)."""

from __future__ import annotations

import pytest

from nbstream._coalesce import EVENT_BYTES, MERGE_LIMIT, Coalescer
from nbstream._events import Append, Close, Event, Note, Open


def filled(*events: Event) -> Coalescer:
    queue = Coalescer()
    for seq, event in enumerate(events, 1):
        queue.push(seq, event)
    return queue


def test_adjacent_appends_to_one_section_become_one() -> None:
    queue = filled(Open("content"), Append(0, "a"), Append(0, "b"), Append(0, "c"), Close(0))
    assert queue.take(10_000) == (5, [Open("content"), Append(0, "abc"), Close(0)])


@pytest.mark.parametrize("between", [Append(1, "x"), Note({}), Close(1), Open("a")])
def test_anything_between_two_appends_keeps_them_apart(between: Event) -> None:
    queue = filled(Append(0, "a"), between, Append(0, "b"))
    assert queue.take(10_000) == (3, [Append(0, "a"), between, Append(0, "b")])


def test_a_merge_stands_for_the_number_of_its_last_event() -> None:
    queue = filled(Append(0, "a"), Append(0, "b"), Append(1, "c"), Append(1, "d"), Note({}))
    assert queue.take(1) == (2, [Append(0, "ab")])
    assert queue.take(1) == (4, [Append(1, "cd")])
    assert queue.take(1) == (5, [Note({})])


def test_a_limit_cuts_between_events_and_takes_at_least_one() -> None:
    queue = filled(Append(0, "a" * 100), Append(1, "b" * 100), Append(2, "c" * 100))
    assert queue.take(2 * (EVENT_BYTES + 100)) == (2, [Append(0, "a" * 100), Append(1, "b" * 100)])
    assert queue.take(0) == (3, [Append(2, "c" * 100)])


def test_what_was_taken_takes_no_more_text() -> None:
    queue = filled(Append(0, "a"))
    assert queue.take(10_000) == (1, [Append(0, "a")])
    queue.push(2, Append(0, "b"))
    queue.push(3, Append(0, "c"))
    assert queue.take(10_000) == (3, [Append(0, "bc")])


def test_a_long_merge_is_settled_so_that_a_frame_can_be_cut() -> None:
    piece = "x" * (MERGE_LIMIT // 4)
    queue = filled(*(Append(0, piece) for _ in range(9)))
    assert [len(event.text) for event in queue.take(10**9)[1] if isinstance(event, Append)] == [
        MERGE_LIMIT,
        MERGE_LIMIT,
        MERGE_LIMIT // 4,
    ]


def test_what_waits_is_counted_and_an_empty_queue_is_false() -> None:
    queue = Coalescer()
    assert not queue
    assert queue.bytes == 0
    events: list[Event] = [Append(0, "abc"), Append(0, "de"), Note({}), Append(0, "f")]
    for seq, event in enumerate(events, 1):
        queue.push(seq, event)
        assert queue
    note = len('{"op": "note", "meta": {}}')
    assert queue.bytes == 2 * EVENT_BYTES + note + 6
    queue.take(1)
    assert queue.bytes == EVENT_BYTES + note + 1
    queue.take(10_000)
    assert queue.bytes == 0
    assert not queue


def test_an_empty_queue_gives_nothing() -> None:
    assert Coalescer().take(10_000) == (0, [])


def test_what_was_cleared_never_comes_back() -> None:
    queue = filled(Note({}), Append(0, "a"))
    queue.clear()
    assert not queue
    assert queue.bytes == 0
    queue.push(3, Append(0, "b"))
    assert queue.take(10_000) == (3, [Append(0, "b")])
    assert queue.bytes == 0
