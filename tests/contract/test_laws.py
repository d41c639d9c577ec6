"""The laws of the wire, each on made-up streams (L1 is the walk, L6 belongs to the run, L8 to the view).

L2 frame cuts do not matter. L3 merging neighbours does not matter, nothing moves. L4 a snapshot and the events after it are all
events. L5 re-chunking does not change the transcript. L7 the text of a closed section never changes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chunking import fold, same_however_cut, shape
from nbstream._coalesce import Coalescer
from nbstream._codec import decode, frame
from nbstream._digest import digest
from nbstream._errors import ProtocolError
from nbstream._events import Amend, Append, Close, Delta, End, Event, Note, Open
from nbstream._text import Surrogates
from nbstream._transcript import Transcript

settings.register_profile("laws", derandomize=True, deadline=None, max_examples=150, database=None)
settings.load_profile("laws")

metas = st.dictionaries(
    st.sampled_from(["state", "choice", "__proto__", ""]), st.sampled_from(["x", True, False, 0, 7]), max_size=2
)
texts = st.sampled_from(["", "a", "bc", "😀", "\u2028\0", "x" * 700])
places = st.integers(-1, 3)
events = st.one_of(
    st.builds(Open, st.sampled_from(["content", "thinking", "tool", "?"]), st.none() | metas),
    st.builds(Append, places, texts),
    st.builds(Append, places, texts),
    st.builds(Append, places, texts),
    st.builds(Amend, places, metas),
    st.builds(Close, places),
    st.builds(Note, metas),
)
ends = st.builds(
    End,
    st.sampled_from(["done", "stopped", "truncated", "error"]),
    st.none() | texts,
    st.none() | st.just({"code": "c", "hint": ""}),
)


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """A run that the gate has taken, with or without its end."""
    transcript, story = Transcript(), list[Event]()
    transcript.subscribe(lambda _, event: story.append(event))
    for event in draw(st.lists(events, max_size=24)) + draw(st.lists(ends, max_size=1)):
        try:
            transcript.apply(event)
        except ProtocolError:
            continue
    return story


def framed(story: Sequence[Event], limits: Sequence[int]) -> list[dict[str, Any]]:
    """The frames of an outbox: a limit of n takes that many bytes, a limit under 0 lets one more event come first."""
    queue, frames, sent, todo = Coalescer(), list[dict[str, Any]](), 0, list(enumerate(story, 1))
    for limit in [*limits, *[-1] * len(story)]:
        if limit < 0 and todo:
            queue.push(*todo.pop(0))
        elif limit >= 0 and queue:
            last, taken = queue.take(limit)
            frames.append(frame("r", sent + 1, last, taken))
            sent = last
    while queue:
        last, taken = queue.take(300)
        frames.append(frame("r", sent + 1, last, taken))
        sent = last
    assert queue.bytes == 0
    return [json.loads(json.dumps(item, allow_nan=False)) for item in frames]


limits = st.lists(st.sampled_from([-1, -1, -1, 0, 60, 300, 5_000]), max_size=40)


@given(stories(), limits)
def test_l2_l3_any_frames_give_at_each_cut_what_all_events_so_far_give(story: list[Event], limits: list[int]) -> None:
    replica, seq = Transcript(), 0
    for item in framed(story, limits):
        assert item["from"] == seq + 1, "frames leave no gap and do not overlap"
        assert item["events"], "no frame is empty"
        for wire in item["events"]:
            replica.apply(decode(wire))
        seq = item["to"]
        assert shape(replica) == shape(fold(story[:seq]))
    assert seq == len(story)


@given(stories(), limits)
def test_l3_merging_moves_nothing(story: list[Event], limits: list[int]) -> None:
    def characters(some: Sequence[Event]) -> list[Any]:
        spread: list[Any] = []
        for event in some:
            spread += [(event.at, char) for char in event.text] if isinstance(event, Append) else [event]
        return spread

    sent = [decode(wire) for item in framed(story, limits) for wire in item["events"]]
    assert characters(sent) == characters(story)


@given(stories(), st.data())
def test_l4_a_snapshot_and_the_events_after_it_are_all_events(story: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(story)))
    state = json.loads(json.dumps(fold(story[:cut]).snapshot(), allow_nan=False))
    transcript = Transcript.from_snapshot(state)
    assert transcript.snapshot() == state
    for event in story[cut:]:
        transcript.apply(event)
    assert transcript.snapshot() == fold(story).snapshot()


@given(st.lists(events | ends, max_size=30))
def test_l7_the_text_of_a_closed_section_never_changes(attempts: list[Event]) -> None:
    transcript, final = Transcript(), dict[int, str]()
    for event in attempts:
        before = transcript.snapshot()
        try:
            assert transcript.apply(event) == before["seq"] + 1
        except ProtocolError:
            assert transcript.snapshot() == before, "what was refused changes nothing"
        for at, section in enumerate(transcript.sections):
            if section.closed:
                assert final.setdefault(at, section.text) == section.text
            assert section.closed or at not in final, "what is closed is not opened again"
    if transcript.end is not None:
        assert set(final) == set(range(len(transcript.sections)))
        assert (transcript.end.sections, transcript.end.digest) == (len(final), digest(transcript.sections))


fragments = st.sampled_from(
    ["a", " ", "\n", "<think>", "</think>", "<", "/", "think>", "😀", "\ud83d", "\ude00", "é", "\u2028", "\0"]
)
words = st.lists(fragments, max_size=6).map("".join)


@st.composite
def deltas(draw: st.DrawFn) -> Delta:
    kind = draw(st.sampled_from(["content", "content", "content", "thinking", "tool", "source", ""]))
    choice = draw(st.sampled_from([0, 0, 0, 1]))
    if kind == "":
        return Delta(choice=choice, finish_reason=draw(st.sampled_from([None, None, "stop"])), note={"model": "m"})
    if kind == "tool":
        index = draw(st.integers(0, 1))
        name = draw(st.sampled_from([None, f"f{index}"]))
        return Delta("tool", draw(words), choice, index, id=name and f"call_{index}", name=name, final=draw(st.booleans()))
    meta = draw(st.sampled_from([None, None, None, {"mark": "m"}]))
    return Delta(kind, draw(words), choice, meta=meta, final=draw(st.sampled_from([False, False, False, True])))


@settings(max_examples=100)
@given(st.lists(deltas(), max_size=8))
def test_l5_where_the_provider_cuts_its_text_does_not_matter(stream: list[Delta]) -> None:
    transcript = same_however_cut(stream)
    assert all(section.closed for section in transcript.sections)


@given(words)
def test_an_answer_is_the_exact_text_but_for_the_tags_that_open_it(text: str) -> None:
    transcript = same_however_cut([Delta("content", text)])
    repair = Surrogates()
    whole = repair.feed(text) + repair.flush()
    if transcript.thinking or not transcript.content:
        blank, tag, rest = whole.partition("<think>")
        assert (blank.strip(), tag) == ("", "<think>" if whole else "")
        thinking, _, content = rest.partition("</think>")
        assert (transcript.thinking, transcript.content) == (thinking, content)
    elif not whole.lstrip().startswith("<think></think>"):
        assert transcript.content == whole
