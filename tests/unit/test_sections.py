"""The sectioner: where sections begin and end, however the provider cut its text."""

from __future__ import annotations

from typing import Any

import pytest

from chunking import events_of, fold, same_however_cut
from nbstream._events import Amend, Append, Close, Delta, Event, Note, Open
from nbstream._sections import Sectioner
from nbstream._transcript import Transcript

Brief = list[tuple[str, str]]


def content(text: str = "", **more: Any) -> Delta:
    return Delta("content", text, **more)


def thinking(text: str = "", **more: Any) -> Delta:
    return Delta("thinking", text, **more)


def tool(text: str = "", index: int | None = None, **more: Any) -> Delta:
    return Delta("tool", text, index=index, **more)


STOP = Delta(finish_reason="stop")


def brief(transcript: Transcript, choice: int = 0) -> Brief:
    """Kind and text of the sections of one choice."""
    return [(s.kind, s.text) for s in transcript.sections if s.meta.get("choice", 0) == choice]


def calls(transcript: Transcript) -> list[tuple[Any, Any, str, Any]]:
    """Id, name, arguments and state of the tool calls."""
    return [(s.meta.get("id"), s.meta.get("name"), s.text, s.meta["state"]) for s in transcript.sections if s.kind == "tool"]


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


ARGUMENTS = '{"city": "Zürich 😀", "n": [1, 2]}'
TWO = [("a", "get_weather", ARGUMENTS, "ready"), ("b", "get_time", "{}", "ready")]


@pytest.mark.parametrize(
    "deltas",
    [
        pytest.param(
            [tool("", 0, id="a", name="get_weather"), tool(ARGUMENTS, 0), tool("", 1, id="b", name="get_time"), tool("{}", 1)],
            id="one after the other",
        ),
        pytest.param(
            [
                tool("", 0, id="a", name="get_weather"),
                tool("", 1, id="b", name="get_time"),
                tool(ARGUMENTS[:9], 0),
                tool("{", 1),
                tool(ARGUMENTS[9:], 0),
                tool("}", 1),
            ],
            id="interleaved",
        ),
        pytest.param([tool(ARGUMENTS, 0, id="a", name="get_weather"), tool("{}", 1, id="b", name="get_time")], id="whole"),
        pytest.param(
            [tool(ARGUMENTS, 0, id="a", name="get_weather"), tool("{}", 0, id="b", name="get_time")], id="index 0 for each"
        ),
        pytest.param([tool(ARGUMENTS, id="a", name="get_weather"), tool("{}", id="b", name="get_time")], id="no index"),
        pytest.param(
            [tool(ARGUMENTS, id="a", name="get_weather", final=True), tool("{}", id="b", name="get_time", final=True)],
            id="no index, final",
        ),
        pytest.param(
            [
                tool("", 0, id="a"),
                tool("", 0, name="get_weather"),
                tool(ARGUMENTS, 0),
                tool("{}", 1, name="get_time"),
                tool("", 1, id="b"),
            ],
            id="name late, id late",
        ),
        pytest.param(
            [
                tool("", 0, id="a", name="get_"),
                tool("", 0, name="weather"),
                tool(ARGUMENTS, 0),
                tool("", 1, id="b", name="get"),
                tool("{", 1, name="_time"),
                tool("}", 1),
            ],
            id="name in pieces",
        ),
        pytest.param(
            [tool(ARGUMENTS, name="get_weather"), tool("", id="a"), tool("{}", name="get_time"), tool("", id="b")],
            id="no index, id late",
        ),
    ],
)
def test_tool_calls_are_told_apart_however_a_provider_names_them(deltas: list[Delta]) -> None:
    assert calls(same_however_cut([*deltas, Delta(finish_reason="tool_calls")])) == TWO


def test_an_id_or_name_that_comes_with_every_piece_is_not_repeated() -> None:
    deltas = [tool("{", 0, id="a", name="f"), tool("", 0, id="a", name="f"), tool("}", 0, id="a", name="f"), STOP]
    assert calls(same_however_cut(deltas)) == [("a", "f", "{}", "ready")]


def test_an_id_tells_calls_with_one_index_apart_when_interleaved() -> None:
    deltas = [
        tool("{", 0, id="a", name="f"),
        tool("[", 0, id="b", name="g"),
        tool("}", 0, id="a"),
        tool("]", 0, id="b"),
        STOP,
    ]
    assert calls(fold(events_of(deltas))) == [("a", "f", "{}", "ready"), ("b", "g", "[]", "ready")]


def test_two_calls_of_one_function_without_id_and_index_are_two() -> None:
    deltas = [tool('{"c":1}', name="f"), tool('{"c":2}', name="f"), STOP]
    assert calls(same_however_cut(deltas)) == [(None, "f", '{"c":1}', "ready"), (None, "f", '{"c":2}', "ready")]


def test_an_id_in_pieces_grows() -> None:
    deltas = [tool("", 3, id="call_"), tool("", 3, id="1"), tool("", 3, name="f"), tool("{}", 3), STOP]
    assert calls(same_however_cut(deltas)) == [("call_1", "f", "{}", "ready")]


def test_a_call_without_id_or_name_is_still_a_call() -> None:
    assert calls(same_however_cut([tool("{}", 0), STOP])) == [(None, None, "{}", "ready")]


def test_a_call_with_empty_arguments_is_ready_and_empty() -> None:
    assert calls(same_however_cut([tool("", 0, id="a", name="f"), STOP])) == [("a", "f", "", "ready")]


def test_a_call_that_is_cut_short_stays_input() -> None:
    transcript = same_however_cut([tool('{"ci', 0, id="a", name="f")])
    assert calls(transcript) == [("a", "f", '{"ci', "input")]
    assert transcript.sections[0].closed


def test_a_final_call_is_ready_before_the_others() -> None:
    sectioner = Sectioner()
    first = [*sectioner.feed(tool("{}", 0, id="a", name="f")), *sectioner.feed(tool("", 0, final=True))]
    assert first[-2:] == [Close(0), Amend(0, {"state": "ready"})]
    assert sectioner.feed(tool("{", 0, id="b", name="g"))[0] == Open("tool", {"id": "b", "name": "g", "state": "input"})


def test_content_between_calls_keeps_its_place() -> None:
    deltas = [content("a"), tool("{", 0, name="f"), content("b"), tool("}", 0), content("c"), STOP]
    assert brief(same_however_cut(deltas)) == [("content", "a"), ("tool", "{}"), ("content", "b"), ("content", "c")]


def test_a_name_that_was_cut_inside_a_character_is_joined() -> None:
    deltas = [tool("", 0, id="\ud83d", name="f\ud83d"), tool("{}", 0, name="\ude00"), STOP]
    assert calls(fold(events_of(deltas))) == [("�", "f😀", "{}", "ready")]


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


STEP = Delta("step")


def test_a_step_begins_the_choices_anew() -> None:
    first = [content("<think>a</think>b"), tool("{}", 0, id="1", name="f"), Delta(finish_reason="tool_calls")]
    second = [content("<think>c</think>d"), tool("[]", 0, id="2", name="f"), STOP]
    transcript = same_however_cut([*first, STEP, *second])
    assert brief(transcript) == [
        *[("thinking", "a"), ("content", "b"), ("tool", "{}")],
        *[("thinking", "c"), ("content", "d"), ("tool", "[]")],
    ]
    assert [s.meta.get("step") for s in transcript.sections] == [None, None, None, 2, 2, 2]
    assert calls(transcript) == [("1", "f", "{}", "ready"), ("2", "f", "[]", "ready")]


def test_a_step_before_any_text_is_no_second_one() -> None:
    assert events_of([STEP, content("a"), STOP])[0] == Open("content")


def test_a_step_forgets_the_finish_reason_of_the_one_before() -> None:
    sectioner = Sectioner()
    for delta in (content("a"), STOP, STEP, content("b")):
        sectioner.feed(delta)
    assert sectioner.finish_reasons == {}
    assert fold(events_of([content("a"), STOP, STEP, content("b")])).meta["finish_reason"] == ""


def test_a_call_that_a_step_cuts_short_keeps_its_state() -> None:
    transcript = same_however_cut([tool('{"x', 0, id="1", name="f"), STEP, content("b"), STOP])
    assert calls(transcript) == [("1", "f", '{"x', "input")]


def test_results_find_their_calls_by_id_then_by_name() -> None:
    transcript = same_however_cut(
        [
            tool("{}", 0, id="1", name="f"),
            tool("{}", 1, id="2", name="f"),
            tool("{}", 2, name="g"),
            Delta(finish_reason="tool_calls"),
            Delta("result", "one", id="1", final=True),
            Delta("result", "bad", id="2", meta={"state": "bad"}, final=True),
            Delta("result", "three", name="g", final=True),
            Delta("result", "?", id="9", name="f", final=True),
        ]
    )
    assert [c[3] for c in calls(transcript)] == ["ok", "bad", "ok"]
    results = [(s.text, s.meta.get("id"), s.meta.get("name")) for s in transcript.sections if s.kind == "result"]
    assert results == [("one", "1", "f"), ("bad", "2", "f"), ("three", None, "g"), ("?", "9", "f")]


def test_results_that_arrive_in_turn_never_mix() -> None:
    pieces = [Delta("result", text, id=call) for text, call in (("a", "1"), ("b", "1"), ("c", "2"), ("d", "1"))]
    assert brief(fold(events_of(pieces))) == [("result", "ab"), ("result", "c"), ("result", "d")]


def test_a_state_is_told_of_a_call_that_is_closed() -> None:
    states = [Delta("state", id="1", meta={"state": state}) for state in ("ask", "denied")]
    transcript = fold(events_of([tool("{}", 0, id="1", name="f"), Delta(finish_reason="tool_calls"), *states, STOP]))
    assert calls(transcript) == [("1", "f", "{}", "denied")]
    assert events_of([Delta("state", id="unknown", meta={"state": "ask"})]) == []


def test_a_call_that_was_asked_about_while_open_is_not_made_ready_again() -> None:
    deltas = [tool("{}", 0, id="1", name="f"), Delta("state", id="1", meta={"state": "ask"}), STOP]
    assert calls(fold(events_of(deltas))) == [("1", "f", "{}", "ask")]


def test_what_is_open_in_a_complete_stream_is_whole() -> None:
    assert calls(fold(events_of([tool("{}", 0, id="1", name="f"), Delta(final=True)]))) == [("1", "f", "{}", "ready")]


def ask(number: str, text: str = "", **more: Any) -> Delta:
    return Delta("state", text, meta={"state": "ask", "approval": number}, **more)


def test_a_question_finds_the_first_call_of_that_name_that_waits() -> None:
    streamed = [tool('{"n":1}', 0, id="1", name="f"), tool('{"n":2}', 1, id="2", name="f"), Delta(finish_reason="tool_calls")]
    answers = [
        Delta("state", meta={"state": "denied", "approval": "b"}),
        Delta("state", meta={"state": "run", "approval": "a"}),
    ]
    transcript = fold(events_of([*streamed, ask("a", "{}", name="f"), ask("b", "{}", name="f"), *answers]))
    assert calls(transcript) == [("1", "f", '{"n":1}', "run"), ("2", "f", '{"n":2}', "denied")]


def test_a_question_about_a_call_that_was_not_streamed_makes_its_section() -> None:
    transcript = fold(events_of([content("I must"), ask("a", '{"x":1}', name="f", id="7"), content("then"), STOP]))
    assert brief(transcript) == [("content", "I must"), ("tool", '{"x":1}'), ("content", "then")]
    assert calls(transcript) == [("7", "f", '{"x":1}', "ask")]


def test_an_answer_to_an_unknown_question_is_nothing() -> None:
    assert events_of([Delta("state", meta={"state": "run", "approval": "z"})]) == []
