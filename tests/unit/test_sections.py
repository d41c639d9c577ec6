"""The sectioner: where sections begin and end, however the provider cut its text."""

from __future__ import annotations

import pytest

from chunking import events_of, fold, same_however_cut
from nbstream._events import Amend, Append, Close, Delta, Event, Note, Open
from nbstream._sections import Sectioner
from unit.sectioning import STOP, Brief, brief, content, thinking, tool

TEXT = "Hé😀 👩‍👩‍👧\u2028\r\n\0</think><think> e\u0301nd"


@pytest.mark.parametrize(
    ("deltas", "expected"),
    [
        ([], []),
        ([STOP], []),
        ([content()], []),
        ([content(TEXT), STOP], [("content", TEXT)]),
        ([thinking("why"), content(TEXT)], [("thinking", "why"), ("content", TEXT)]),
        ([thinking("a"), content("b"), thinking("c")], [("thinking", "a"), ("content", "b"), ("thinking", "c")]),
        (
            [thinking("a"), tool("{}", 0, id="1", name="f"), thinking("b"), content("c")],
            [("thinking", "a"), ("tool", "{}"), ("thinking", "b"), ("content", "c")],
        ),
        ([content("<think>a</think>b"), STOP], [("thinking", "a"), ("content", "b")]),
        ([thinking("a"), content("<think>b</think>c")], [("thinking", "ab"), ("content", "c")]),
        ([content("<think>a"), tool("{}", 0, name="f")], [("thinking", "a"), ("tool", "{}")]),
        ([content("<think>a</thi"), STOP], [("thinking", "a</thi")]),
        ([content("<thi"), tool("{}", 0, name="f"), content("nk>")], [("content", "<thi"), ("tool", "{}"), ("content", "nk>")]),
        ([content("\n"), tool("{}", 0, name="f")], [("content", "\n"), ("tool", "{}")]),
        ([content("\n"), thinking("a"), content("b")], [("thinking", "a"), ("content", "\nb")]),
        ([content("\n\n"), STOP], [("content", "\n\n")]),
        ([content("a\ud83d"), thinking("b")], [("content", "a�"), ("thinking", "b")]),
        ([content("a\ud83d"), content("\ude00b")], [("content", "a😀b")]),
        ([content("a\ud83d"), STOP], [("content", "a�")]),
        ([Delta("note to self", "x"), content("y")], [("note to self", "x"), ("content", "y")]),
        (
            [content("a"), Delta("source", meta={"url": "u"}), content("b")],
            [("content", "a"), ("source", ""), ("content", "b")],
        ),
    ],
)
def test_a_change_of_kind_is_a_boundary_and_a_cut_is_none(deltas: list[Delta], expected: Brief) -> None:
    transcript = same_however_cut(deltas)
    assert brief(transcript) == expected
    assert all(section.closed for section in transcript.sections)


def test_an_empty_piece_of_another_kind_is_no_boundary() -> None:
    """Some providers send an empty `reasoning_content` beside every piece of content."""
    deltas = [thinking(), content("a"), thinking(), content("b"), Delta("source"), content("c"), STOP]
    assert brief(same_however_cut(deltas)) == [("content", "abc")]
    assert brief(same_however_cut([thinking("a"), content(), thinking("b"), content("c")])) == [
        ("thinking", "ab"),
        ("content", "c"),
    ]


def test_final_closes_its_own_kind_only() -> None:
    assert brief(fold(events_of([content("a"), thinking(final=True), content("b")]))) == [("content", "ab")]
    assert brief(fold(events_of([thinking("a"), content(final=True), thinking("b")]))) == [("thinking", "ab")]


@pytest.mark.parametrize("kind", ["content", "thinking", "other"])
def test_a_final_section_is_closed_and_the_next_text_opens_another(kind: str) -> None:
    sectioner = Sectioner()
    events = sectioner.feed(Delta(kind, "a"))
    assert events == [Open(kind), Append(0, "a")]
    assert sectioner.feed(Delta(kind, "\ud83d", final=True)) == [Append(0, "�"), Close(0)]
    assert sectioner.feed(Delta(kind, final=True)) == []
    assert sectioner.feed(Delta(kind, "b")) == [Open(kind), Append(1, "b")]


def test_a_piece_that_is_certain_is_passed_on_at_once() -> None:
    sectioner = Sectioner()
    assert sectioner.feed(content("a")) == [Open("content"), Append(0, "a")]
    assert sectioner.feed(content("b")) == [Append(0, "b")]
    assert sectioner.feed(content("")) == []
    assert sectioner.feed(thinking("c")) == [Close(0), Open("thinking"), Append(1, "c")]
    assert sectioner.finish() == [Close(1)]
    assert sectioner.finish() == []


def test_sections_are_counted_on_from_those_that_exist() -> None:
    sectioner = Sectioner(3)
    assert sectioner.feed(content("a")) == [Open("content"), Append(3, "a")]
    assert sectioner.feed(tool("{}", 0, name="f"))[:2] == [Close(3), Open("tool", {"name": "f", "state": "input"})]
    assert sectioner.finish() == [Close(4)]


def test_native_thinking_does_not_overtake_half_a_tag() -> None:
    deltas = [content("<think>a</th"), thinking("b"), content("c")]
    assert brief(same_however_cut(deltas)) == [("thinking", "a</thbc")]
    deltas = [content("<th"), thinking("b"), content("c")]
    assert brief(same_however_cut(deltas)) == [("content", "<th"), ("thinking", "b"), ("content", "c")]


def test_choices_stay_apart() -> None:
    deltas = [
        content("a1\ud83d", choice=0),
        content("<think>b1", choice=1),
        content("\ude00a2", choice=0),
        content("</think>b2", choice=1),
        tool("{", 0, id="0", name="f", choice=1),
        tool("[", 0, id="0", name="g", choice=0),
        tool("}", 0, choice=1),
        tool("]", 0, choice=0),
        Delta(finish_reason="stop", choice=1),
        Delta(finish_reason="length", choice=0),
    ]
    transcript = same_however_cut(deltas)
    assert brief(transcript) == [("content", "a1😀a2"), ("tool", "[]")]
    assert brief(transcript, 1) == [("thinking", "b1"), ("content", "b2"), ("tool", "{}")]
    assert transcript.meta["finish_reason"] == "length"
    assert transcript.content == "a1😀a2"
    assert transcript.joined("content", 1) == "b2"


def test_the_end_of_one_choice_leaves_the_other_open() -> None:
    sectioner = Sectioner()
    sectioner.feed(content("a", choice=0))
    sectioner.feed(content("b", choice=2))
    assert sectioner.feed(Delta(finish_reason="stop", choice=2)) == [Close(1)]
    assert sectioner.feed(content("c", choice=0)) == [Append(0, "c")]
    assert sectioner.finish_reasons == {2: "stop"}
    assert sectioner.choices == (0, 2)


def test_lone_halves_in_meta_do_not_end_the_stream() -> None:
    deltas = [
        Delta("phase", "wait\ud83d"),
        Delta("source", meta={"title": "a\ud83d", "n": 1, "ok": True}),
        thinking("x", meta={"signature": "\ude00"}),
        content("y", meta={"mark": "\ud83d\ude00"}),
        tool("{}", 0, meta={"kind": "\ude00"}),
        Delta(note={"model": "m\ud83d"}, usage={"input_tokens": 3}),
        Delta(finish_reason="st\ud83dop"),
    ]
    transcript = fold(events_of(deltas))
    assert transcript.sections[0].meta == {"title": "a�", "n": 1, "ok": True}
    assert transcript.sections[1].meta == {"signature": "�"}
    assert transcript.sections[2].meta == {"mark": "😀"}
    assert transcript.meta == {"phase": "wait�", "model": "m�", "input_tokens": 3, "finish_reason": "st�op"}


def test_meta_of_an_open_section_is_amended() -> None:
    assert events_of([thinking("a"), thinking(meta={"signature": "s"}), thinking("b")]) == [
        Open("thinking"),
        Append(0, "a"),
        Amend(0, {"signature": "s"}),
        Append(0, "b"),
        Close(0),
    ]


@pytest.mark.parametrize("text", ["", "\n", "<th", "a"])
def test_meta_of_content_is_kept_whenever_the_section_opens(text: str) -> None:
    transcript = fold(events_of([content(text, meta={"mark": "m"}), content("b"), STOP]))
    assert [(s.text, s.meta) for s in transcript.sections] == [(text + "b", {"mark": "m"})]


def test_usage_and_notes_are_notes_and_open_nothing() -> None:
    sectioner = Sectioner()
    assert sectioner.feed(Delta(usage={"input_tokens": 3, "output_tokens": 4}, note={"model": "m"})) == [
        Note({"model": "m", "input_tokens": 3, "output_tokens": 4})
    ]
    assert sectioner.feed(Delta()) == []
    assert sectioner.feed(Delta("phase", "waiting")) == [Note({"phase": "waiting"})]
    assert sectioner.choices == ()
    assert sectioner.finish() == []


def test_the_finish_reason_closes_before_it_is_noted_and_usage_may_follow() -> None:
    deltas = [content("a"), Delta(finish_reason="stop", usage={"output_tokens": 1}), Delta(usage={"output_tokens": 2})]
    assert events_of(deltas) == [
        Open("content"),
        Append(0, "a"),
        Close(0),
        Note({"output_tokens": 1, "finish_reason": "stop"}),
        Note({"output_tokens": 2}),
    ]


def test_text_and_finish_reason_in_one_delta() -> None:
    transcript = same_however_cut([content("<think>a</think>b", finish_reason="length", usage={"output_tokens": 9})])
    assert brief(transcript) == [("thinking", "a"), ("content", "b")]
    assert transcript.meta == {"finish_reason": "length", "output_tokens": 9}


def test_every_event_is_legal_and_no_append_is_empty() -> None:
    events: list[Event] = events_of(
        [
            thinking(),
            content(" "),
            content("<think>"),
            tool("", 0),
            tool("", 0, name="f"),
            content("</think>"),
            content("a\ud83d"),
            STOP,
        ]
    )
    fold(events)
    assert all(event.text for event in events if isinstance(event, Append))
