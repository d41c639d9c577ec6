"""The gate: what it refuses, what it folds, whom it tells, and what a reader on another thread sees."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from chunking import fold, shape
from nbstream._digest import digest
from nbstream._errors import ProtocolError
from nbstream._events import Amend, Append, Close, End, Event, Note, Open
from nbstream._transcript import Section, Transcript

STORY: list[Event] = [
    Note({"model": "m"}),
    Open("thinking"),
    Append(0, "why "),
    Append(0, "not"),
    Close(0),
    Open("content", {"choice": 1}),
    Append(1, "because"),
    Amend(0, {"duration_us": 5}),
    Note({"model": "m2", "input_tokens": 3}),
    End("done", "stop"),
]


def refused(transcript: Transcript, event: Event) -> str:
    """The code with which `event` is refused; nothing may have changed and nobody may have been told."""
    before, told = transcript.snapshot(), list[int]()
    leave = transcript.subscribe(lambda seq, _: told.append(seq))
    with pytest.raises(ProtocolError) as caught:
        transcript.apply(event)
    leave()
    assert transcript.snapshot() == before
    assert told == []
    return caught.value.code


def test_events_add_up_to_the_state() -> None:
    assert fold(STORY).snapshot() == {
        "v": 1,
        "seq": 10,
        "sections": [
            {"kind": "thinking", "text": "why not", "meta": {"duration_us": 5}, "closed": True},
            {"kind": "content", "text": "because", "meta": {"choice": 1}, "closed": True},
        ],
        "meta": {"model": "m2", "input_tokens": 3},
        "end": {"status": "done", "reason": "stop", "sections": 2, "digest": 0x3BB3EA4D},
    }


def test_a_new_transcript_is_empty() -> None:
    assert Transcript().snapshot() == {"v": 1, "seq": 0, "sections": [], "meta": {}}


def test_a_closed_section_never_grows() -> None:
    assert refused(fold(STORY[:5]), Append(0, "more")) == "closed-section"


def test_a_closed_section_is_not_closed_again_but_amended() -> None:
    transcript = fold(STORY[:5])
    assert refused(transcript, Close(0)) == "closed-section"
    transcript.apply(Amend(0, {"state": "ok"}))
    assert transcript.sections[0].meta == {"state": "ok"}


@pytest.mark.parametrize("at", [-1, 2, 2**53 - 1])
@pytest.mark.parametrize("event", [lambda at: Append(at, "x"), lambda at: Close(at), lambda at: Amend(at, {})])
def test_a_section_that_does_not_exist_cannot_be_addressed(at: int, event: Callable[[int], Event]) -> None:
    assert refused(fold(STORY[:7]), event(at)) == "no-section"


@pytest.mark.parametrize("event", [*STORY, Close(7), Append(7, "x")])
def test_nothing_follows_the_end(event: Event) -> None:
    assert refused(fold(STORY), event) == "ended"


@pytest.mark.parametrize(
    "event",
    [
        Append(0, "\ud83d"),
        Open("\ud83d"),
        Open("content", {"a": "\ud83d"}),
        Open("content", {"\ud83d": 1}),
        Amend(0, {"a": 2**53}),
        Note({"a": -(2**53)}),
        Note({"a": 1.5}),  # type: ignore[dict-item]  # reason: what the gate is for
        Note({"a": None}),  # type: ignore[dict-item]
        Note({"a": {}}),  # type: ignore[dict-item]
        Note({1: "a"}),  # type: ignore[dict-item]
        End("finished"),
        End("error", error={"code": 5}),  # type: ignore[dict-item]
        End("error", error={"code": "\ud83d"}),
        End("done", "\ud83d"),
    ],
)
def test_a_field_that_cannot_travel_is_refused(event: Event) -> None:
    assert refused(fold(STORY[:2]), event) == "bad-field"
    assert refused(fold(STORY), event) == "bad-field", "fields are checked before the end"


def test_the_end_closes_all_sections_and_says_what_it_ends() -> None:
    transcript = fold(STORY[:7])
    transcript.apply(End("stopped", "user", sections=77, digest=77))
    assert [section.closed for section in transcript.sections] == [True, True]
    assert transcript.end == End("stopped", "user", sections=2, digest=digest(transcript.sections))


def test_the_digest_is_fnv_1a_over_kinds_and_texts() -> None:
    assert digest([]) == 0x811C9DC5
    one = Section("a")
    # The first two steps by hand: "a" is the reference value of FNV-1a 32 for that byte, then NUL twice.
    value = 0xE40C292C
    for _ in range(2):
        value = value * 0x01000193 & 0xFFFFFFFF
    assert digest([one]) == value


@pytest.mark.parametrize(
    "other",
    [
        [Open("content"), Append(0, "ab"), Open("content")],
        [Open("content"), Append(0, "ab"), Close(0), Open("thinking"), Append(1, "c")],
        [Open("content"), Append(0, "abc")],
        [Open("content"), Append(0, "a"), Open("content"), Append(1, "bc")],
    ],
)
def test_the_digest_tells_texts_kinds_and_boundaries_apart(other: list[Event]) -> None:
    transcript = fold([Open("content"), Append(0, "ab"), Open("content"), Append(1, "c")])
    assert digest(transcript.sections) != digest(fold(other).sections)


def test_meta_that_the_caller_changes_later_is_not_the_transcripts() -> None:
    meta: dict[str, str | bool | int] = {"a": 1}
    transcript = fold([Open("content", meta), Note(meta)])
    meta["a"] = 2
    assert transcript.sections[0].meta == transcript.meta == {"a": 1}
    state = transcript.snapshot()
    state["meta"]["a"] = state["sections"][0]["meta"]["a"] = 3
    assert transcript.sections[0].meta == transcript.meta == {"a": 1}


def test_subscribers_are_told_in_order_with_the_event_already_in_the_state() -> None:
    transcript, told = Transcript(), list[tuple[str, int, Event, int]]()
    transcript.subscribe(lambda seq, event: told.append(("first", seq, event, transcript.seq)))
    leave = transcript.subscribe(lambda seq, event: told.append(("second", seq, event, transcript.seq)))
    assert transcript.apply(STORY[0]) == 1
    leave()
    leave()
    assert transcript.apply(STORY[1]) == 2
    assert told == [("first", 1, STORY[0], 1), ("second", 1, STORY[0], 1), ("first", 2, STORY[1], 2)]


def test_the_end_that_is_forwarded_is_the_one_that_was_folded() -> None:
    transcript, told = fold(STORY[:-1]), list[Event]()
    transcript.subscribe(lambda _, event: told.append(event))
    transcript.apply(STORY[-1])
    assert told == [transcript.end]
    assert transcript.end is not None
    assert transcript.end.digest == digest(transcript.sections)


def test_a_subscriber_that_fails_keeps_the_event_from_nobody() -> None:
    transcript, told = Transcript(), list[int]()

    def fail(seq: int, event: Event) -> None:
        raise OSError(f"the comm is closed, {seq}")

    transcript.subscribe(fail)
    transcript.subscribe(lambda seq, _: told.append(seq))
    with pytest.raises(OSError, match="the comm is closed, 1"):
        transcript.apply(STORY[0])
    assert told == [1]
    assert transcript.seq == 1


def test_a_subscriber_that_leaves_while_it_is_told_harms_nobody() -> None:
    transcript, told = Transcript(), list[str]()

    def once(seq: int, event: Event) -> None:
        told.append("first")
        leave()

    leave = transcript.subscribe(once)
    transcript.subscribe(lambda *_: told.append("second"))
    transcript.apply(STORY[0])
    transcript.apply(STORY[1])
    assert told == ["first", "second", "second"]


@pytest.mark.parametrize("cut", range(len(STORY) + 1))
def test_a_snapshot_and_the_events_after_it_are_all_events(cut: int) -> None:
    transcript = Transcript.from_snapshot(fold(STORY[:cut]).snapshot())
    for event in STORY[cut:]:
        transcript.apply(event)
    assert transcript.snapshot() == fold(STORY).snapshot()


def test_a_snapshot_may_say_more_than_this_version_knows() -> None:
    state = {**fold(STORY).snapshot(), "run": "9f2c41d0", "elapsed_ms": 12, "later": {"a": 1}}
    assert shape(Transcript.from_snapshot(state)) == shape(fold(STORY))


def test_content_and_thinking_are_those_of_choice_0() -> None:
    transcript = fold(
        [
            Open("content"),
            Append(0, "a"),
            Open("content", {"choice": 1}),
            Append(1, "x"),
            Open("thinking"),
            Append(2, "t"),
            Open("content"),
            Append(3, "b"),
        ]
    )
    assert (transcript.content, transcript.thinking, transcript.joined("content", 1)) == ("ab", "t", "x")


def test_text_is_what_was_appended_however_often_it_is_read() -> None:
    section, expected = Section("content"), ""
    for n in range(3_000):
        section._grow(f"{n} 😀")
        expected += f"{n} 😀"
        if n % 7 == 0:
            assert section.text == expected
    assert section.text == section.text == expected
    assert section.length == len(expected)
    assert section.prefix(5) == expected[:5]


@contextmanager
def hurried_threads() -> Iterator[None]:
    """Switch threads as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def test_readers_on_other_threads_lose_nothing() -> None:
    transcript, done, wrong = fold([Open("content")]), threading.Event(), list[str]()
    whole = "".join(f"{n}," for n in range(8_000))

    def read() -> None:
        while not done.is_set():
            text = transcript.sections[0].text
            if not whole.startswith(text):
                wrong.append(text[-40:])

    readers = [threading.Thread(target=read) for _ in range(3)]
    with hurried_threads():
        for reader in readers:
            reader.start()
        for n in range(8_000):
            transcript.apply(Append(0, f"{n},"))
        done.set()
        for reader in readers:
            reader.join()
    assert wrong == []
    assert transcript.content == whole


def test_a_snapshot_under_the_lock_is_one_moment() -> None:
    transcript, done, wrong = Transcript(threading.Lock()), threading.Event(), list[tuple[int, int]]()
    transcript.apply(Open("content"))

    def read() -> None:
        while not done.is_set():
            state = transcript.snapshot()
            if state["seq"] != len(state["sections"][0]["text"]) + 1:
                wrong.append((state["seq"], len(state["sections"][0]["text"])))

    reader = threading.Thread(target=read)
    with hurried_threads():
        reader.start()
        for _ in range(3_000):
            transcript.apply(Append(0, "x"))
        done.set()
        reader.join()
    assert wrong == []
