"""Steps, results and questions: what belongs to which call of a model or a tool."""

from __future__ import annotations

from typing import Any

from chunking import events_of, fold, same_however_cut
from nbstream._events import Delta, Open
from nbstream._sections import Sectioner
from unit.sectioning import STOP, brief, calls, content, tool

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
