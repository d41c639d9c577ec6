"""Tool calls: told apart however a provider names them, and kept as far as they came."""

from __future__ import annotations

import pytest

from chunking import events_of, fold, same_however_cut
from nbstream._events import Amend, Close, Delta, Open
from nbstream._sections import Sectioner
from unit.sectioning import STOP, brief, calls, content, tool

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
