"""What the demo answers to which prompt."""

from __future__ import annotations

import doctest
import json
import re

import pytest

from nbstream.demo.answer import Answer
from nbstream.demo.formats.shape import Ask, Message
from nbstream.demo.scripts import answer, place
from nbstream.demo.service import CHUNKS_PER_SECOND, FIRST_TOKEN_SECONDS

PROMPTS = {
    "Why is the sky blue?": "Rayleigh",
    "Write a Python function that lists primes": "def primes_below",
    "Compare threads and asyncio": "Rule of thumb",
    "Explain recursion": "base case",
    "Tell me a long story": "lighthouse",
    "What is the weather in Oslo?": "weather service",
    "Hi": "scripted",
    "": "scripted",
}


def asked(prompt: str, *more: Message, **tools: dict[str, object]) -> Answer:
    return answer(Ask("demo", True, [Message("user", prompt), *more], tools))


ANSWERS = [*map(asked, PROMPTS), asked("Weather?", Message("tool", '{"temperature": 7}'))]


@pytest.mark.parametrize("said", ANSWERS, ids=[*PROMPTS, "tool result"])
def test_each_answer_thinks_first_says_enough_and_ends_in_time(said: Answer) -> None:
    kinds = [piece.kind for piece in said.pieces]
    order = ["thinking", "content", "tool"]
    assert kinds == sorted(kinds, key=order.index)
    assert kinds[0] == "thinking"
    assert len(said.text("thinking")) >= 100
    assert len(said.text("content")) >= 300
    assert FIRST_TOKEN_SECONDS + len(kinds) / CHUNKS_PER_SECOND < 25
    assert "{place}" not in said.text("content")
    assert "{result}" not in said.text("content")


@pytest.mark.parametrize(("prompt", "word"), PROMPTS.items())
def test_the_prompts_words_choose_the_answer(prompt: str, word: str) -> None:
    assert word in asked(prompt).text("content")


def test_the_prompts_that_the_default_answer_names_have_answers_of_their_own() -> None:
    default = asked("Hi").text("content")
    named = re.findall(r"^\| `(.+?)` \|", default, re.MULTILINE)
    assert len(named) == 5
    assert len({asked(prompt).text("content") for prompt in [*named, "Hi"]}) == 6


def test_together_the_answers_show_every_kind_of_block() -> None:
    everything = "\n".join(said.text("content") for said in ANSWERS)
    for pattern in (r"^## ", r"^- ", r"^\d\. ", r"^```python", r"^\|---", r"\]\(https://", r"^> ", r"\*\*\w"):
        assert re.search(pattern, everything, re.MULTILINE), pattern


def code_blocks() -> list[str]:
    return [block for said in ANSWERS for block in re.findall(r"```python\n(.*?)```", said.text("content"), re.DOTALL)]


def test_the_python_in_the_answers_compiles() -> None:
    blocks = [block for block in code_blocks() if not block.startswith(">>>")]
    assert len(blocks) >= 4
    for block in blocks:
        compile(block, "answer", "exec")


def test_the_results_shown_in_the_answers_are_true(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for block in code_blocks():
        if ("primes_below" in block and ">>>" not in block) or "def count" in block:
            exec(block, names)  # noqa: S102 -- our own text
    assert capsys.readouterr().out == "4\n"
    examples = doctest.DocTestParser().get_doctest("\n".join(b for b in code_blocks() if ">>>" in b), names, "answers", None, 0)
    runner = doctest.DocTestRunner()
    runner.run(examples)
    assert runner.summarize(verbose=False) == (0, 3)


@pytest.mark.parametrize(
    ("prompt", "where"),
    [
        ("What is the weather in Oslo?", "Oslo"),
        ("weather in new york?", "New York"),
        ("Weather in NYC?", "New York"),
        ("Will it rain in São Paulo tomorrow", "São Paulo"),
        ("Forecast for Rio de Janeiro", "Rio de Janeiro"),
        ("What is the weather for the weekend in rome and in Pisa", "Rome"),
        ("Temperature in Bergen, Norway?", "Bergen"),
        ("weather in " + "x" * 500, "Oslo"),
        ("What is the weather in the morning?", "Oslo"),
        ("weather", "Oslo"),
    ],
)
def test_the_place_is_read_from_the_question(prompt: str, where: str) -> None:
    assert place(prompt) == where


def test_the_weather_is_asked_of_a_tool_whose_arguments_grow() -> None:
    said = asked("Weather in Oslo?")
    (call,) = said.calls()
    assert said.finish_reason == "tool_calls"
    assert call.name == "get_weather"
    assert json.loads(str(call.arguments))["city"] == "Oslo"
    assert len([piece for piece in said.pieces if piece.kind == "tool" and piece.text]) >= 15


def test_the_callers_own_tool_gets_arguments_that_fit_its_schema() -> None:
    schema = {
        "properties": {
            "location": {"type": "string"},
            "unit": {"enum": ["fahrenheit", "celsius"]},
            "hours": {"type": "integer"},
            "note": {"type": "string"},
        },
        "required": ["location", "hours"],
    }
    said = asked("Weather in Oslo?", search={}, current_weather=schema)
    (call,) = said.calls()
    assert call.name == "current_weather"
    assert json.loads(str(call.arguments)) == {"location": "Oslo", "unit": "celsius", "hours": 3}
    assert len([piece for piece in said.pieces if piece.kind == "tool" and piece.text]) >= 15


@pytest.mark.parametrize("schema", [{}, {"properties": "?"}, {"properties": {"city": "?"}, "required": 3}])
def test_a_senseless_schema_breaks_nothing(schema: dict[str, object]) -> None:
    (call,) = asked("Weather in Oslo?", get_weather=schema).calls()
    assert isinstance(json.loads(str(call.arguments)), dict)


def test_a_tools_result_is_reported_and_not_asked_for_again() -> None:
    said = asked("Weather in Oslo?", Message("assistant", ""), Message("tool", '{"temperature": 7, "sky": "a|b"}'))
    assert said.calls() == []
    assert said.finish_reason == "stop"
    assert "| temperature | 7 |\n| sky | a\\|b |" in said.text("content")


def test_a_result_that_is_no_flat_object_is_shown_as_it_is() -> None:
    said = asked("Weather?", Message("tool", "7 degrees\n```\nevil"))
    assert "````text\n7 degrees\n```\nevil\n````" in said.text("content")
    assert '"b": [' in asked("Weather?", Message("tool", '{"a": {"b": [1]}}')).text("content")


def test_an_old_result_does_not_answer_a_new_question() -> None:
    history = [Message("tool", "7"), Message("assistant", "It is 7 degrees."), Message("user", "Why is the sky blue?")]
    assert "Rayleigh" in asked("Weather in Oslo?", *history).text("content")
