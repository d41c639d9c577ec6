"""JSON answers: found in what surrounds them, read while they come, checked at the end."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal

import pytest
from pydantic import BaseModel

import nbstream as nb
from nbstream._events import Delta
from nbstream._structured import Structure, form_of, json_of

RECIPE = {"title": "Soup", "minutes": 125, "tags": ["a", "b"], "steps": [{"do": "chop, stir..."}, {"do": "}{"}]}


class Step(BaseModel):
    do: str


class Recipe(BaseModel):
    title: str
    minutes: int
    tags: list[str]
    steps: list[Step]


def scripted(answer: Any, *, cut: int = 4, **arguments: Any) -> nb.Stream:
    """An ended stream whose answer came in pieces of `cut` characters."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    source = nb.fake([text[at : at + cut] for at in range(0, len(text), cut)], rate=None, ttft=0)
    return nb.display_stream(source, display=False, wait=True, **arguments)


AROUND = [
    "{}",
    "```json\n{}\n```",
    "```\n{}\n```\nI hope this helps!",
    "Here is `the` recipe:\n\n  ```json\n  {}\n  ```\n\n```\nmore\n```",
    "~~~ json\n{}\n~~~",
    " \n\n{}\n",
]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("cut", [1, 3, 1000])
def test_what_surrounds_the_json_is_left_out_however_it_is_cut(around: str, indent: int | None, cut: int) -> None:
    text = around.replace("{}", json.dumps(RECIPE, indent=indent))
    structure = Structure()
    for at in range(0, len(text), cut):
        structure.feed(text[at : at + cut])
    structure.end()
    assert structure.parser.close() == RECIPE
    assert json.loads(json_of(text)) == RECIPE


def test_prose_without_a_fence_is_no_json_and_its_text_is_kept() -> None:
    s = scripted("I cannot do that, but true.", response_format={"type": "json_object"})
    assert (s.status, s.content, s.partial) == ("done", "I cannot do that, but true.", None)
    with pytest.raises(nb.InvalidOutput, match="The answer is no JSON") as caught:
        _ = s.parsed
    assert caught.value.code == "no_json"
    assert "s.content" in caught.value.hint


@pytest.mark.parametrize("word", ["null", "true", " false\n", "12", '"x"'])
def test_an_answer_that_is_one_plain_value_is_read(word: str) -> None:
    assert scripted(word, cut=1).parsed == json.loads(word)


def test_fields_are_told_when_they_are_complete_and_in_order() -> None:
    told: list[tuple[Any, ...]] = []
    ended = threading.Event()
    s = scripted(RECIPE, cut=1, on_field=lambda *field: told.append(field), on_complete=lambda _: ended.set())
    assert ended.wait(10)
    assert told == [
        (("title",), "Soup"),
        (("minutes",), 125),
        (("tags", 0), "a"),
        (("tags", 1), "b"),
        (("tags",), ["a", "b"]),
        (("steps", 0, "do"), "chop, stir..."),
        (("steps", 0), {"do": "chop, stir..."}),
        (("steps", 1, "do"), "}{"),
        (("steps", 1), {"do": "}{"}),
        (("steps",), RECIPE["steps"]),
    ]
    assert list(s.fields.items()) == told


def test_an_async_callback_gets_the_fields_too_and_one_that_raises_is_dropped() -> None:
    told: list[Any] = []
    ended = threading.Event()

    async def on_field(path: Any, value: Any) -> None:
        told.append((path, value))
        if path == ("tags", 0):
            raise RuntimeError("enough")

    def all_told() -> nb.Stream:
        s = scripted(RECIPE, on_field=on_field, on_complete=lambda _: ended.set())
        assert ended.wait(10)
        return s

    with pytest.warns(RuntimeWarning, match="on_field .* raised RuntimeError: enough"):
        s = all_told()
    assert told == [(("title",), "Soup"), (("minutes",), 125), (("tags", 0), "a")]
    assert s.status == "done"


def test_the_partial_object_grows_and_is_the_readers_own() -> None:
    seen: list[Any] = []
    ended = threading.Event()
    handles: list[nb.Stream] = []
    made = threading.Event()

    def on_token(_: str) -> None:
        made.wait(10)
        seen.append(handles[0].partial)

    source = nb.fake(["[", '{"a": "x', 'y"}', ", 1", "2]"], rate=None, ttft=0)
    handles.append(nb.display_stream(source, display=False, wait=True, on_token=on_token, on_complete=lambda _: ended.set()))
    made.set()
    assert ended.wait(10)
    assert seen[-1] == [{"a": "xy"}, 12]
    seen[-1].append(3)
    seen[-1][0]["a"] = ""
    assert handles[0].partial == [{"a": "xy"}, 12]


def test_a_stopped_answer_keeps_what_came() -> None:
    s = nb.display_stream(
        nb.fake(['{"a": 1, "b": "x', " or y", '", "c": 2}'], rate=None, ttft=0),
        stop_when=nb.stop.text("or"),
        display=False,
        wait=True,
    )
    assert (s.status, s.partial, s.fields) == ("stopped", {"a": 1, "b": "x or y"}, {("a",): 1})
    with pytest.raises(ValueError, match="ends too early"):
        _ = s.parsed


def test_the_end_gives_the_model_that_was_asked_for() -> None:
    s = scripted("```json\n" + json.dumps(RECIPE) + "\n```", response_format=Recipe)
    assert s.parsed == Recipe.model_validate(RECIPE)
    assert s._run.transcript.meta["render"] == "json"


def test_an_answer_that_does_not_fit_says_where() -> None:
    s = scripted({"title": "Soup", "minutes": "long", "tags": [], "steps": [{}]}, response_format=Recipe)
    with pytest.raises(
        nb.InvalidOutput, match=r"does not fit Recipe: minutes: .*integer.*; steps\.0\.do: Field required"
    ) as caught:
        _ = s.parsed
    assert caught.value.code == "invalid_output"
    assert s.partial["minutes"] == "long"


def test_nothing_is_parsed_before_the_end() -> None:
    s = nb.display_stream(nb.fake("word " * 500, rate=100), display=False, wait=False)
    assert s.parsed is None
    s.stop()
    s.wait(10)


@pytest.mark.parametrize(
    ("answer", "path", "items"),
    [
        ([{"a": 1}, {"b": [2]}, 3], (), [{"a": 1}, {"b": [2]}, 3]),
        ("```json\n[1,\n2]\n```", (), [1, 2]),
        (RECIPE, ("steps",), RECIPE["steps"]),
        ({"a": {"b": [[1], [2]]}}, ("a", "b"), [[1], [2]]),
        ('{"a": {"b": "}{"}}\n{"c": 2}\n\n{"d": []}', (), [{"a": {"b": "}{"}}, {"c": 2}, {"d": []}]),
        ('{"a": 1}{"a": 2}{"a": 3}', (), [{"a": 1}, {"a": 2}, {"a": 3}]),
        ('{"a": [1]}\n{"a": [2]}', ("a",), [1]),
        ("1\n2", (), [1, 2]),
        ("[]", (), []),
    ],
)
async def test_the_items_of_an_array_or_of_lines_come_one_by_one(answer: Any, path: tuple[str, ...], items: list[Any]) -> None:
    s = scripted(answer, cut=1)
    assert list(s.items(*path)) == items
    assert [item async for item in s.items(*path)] == items


class Held:
    """A source that says more only when it is let go."""

    title = "held"
    repeatable = False

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces
        self.go = threading.Event()

    async def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
        yield [Delta("phase", "waiting")]
        yield [Delta("content", self.pieces[0])]
        await asyncio.to_thread(self.go.wait, 20)
        for piece in self.pieces[1:]:
            yield [Delta("content", piece)]


def test_an_item_comes_as_soon_as_it_is_complete() -> None:
    source = Held('[{"n": 1}, {"n": 2}, {"n"', ': 3}, {"n"')
    s = nb.display_stream(source, display=False, wait=False)
    items = iter(s.items())
    assert [next(items), next(items)] == [{"n": 1}, {"n": 2}]
    source.go.set()
    assert list(items) == [{"n": 3}]  # an answer that was cut says so by its status
    assert s.status == "truncated"


def test_items_that_are_no_json_are_an_error_after_the_last_good_one() -> None:
    items = iter(scripted("[1, 2, oops]").items())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(nb.InvalidOutput, match="'oops' is no value"):
        next(items)


def test_other_choices_and_thinking_do_not_mix_into_the_json() -> None:
    s = nb.display_stream(nb.fake('{"a": 1}', thinking='{"b": 2}', rate=None, ttft=0), display=False, wait=True)
    assert (s.partial, s.parsed) == ({"a": 1}, {"a": 1})


@pytest.mark.parametrize(
    ("given", "keyword"),
    [
        (Recipe, Recipe),
        ({"type": "json_object"}, {"type": "json_object"}),
        (
            {"type": "object", "title": "My recipe!", "properties": {}},
            {
                "type": "json_schema",
                "json_schema": {"name": "My_recipe_", "schema": {"type": "object", "title": "My recipe!", "properties": {}}},
            },
        ),
        ({"anyOf": []}, {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"anyOf": []}}}),
        (
            {"type": ["object", "null"]},
            {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": ["object", "null"]}}},
        ),
    ],
)
def test_a_form_is_given_in_the_providers_words(given: Any, keyword: Any) -> None:
    form = form_of(given)
    assert form is not None
    assert form.keyword == keyword


@pytest.mark.parametrize("wrong", [3, "json", list[int], RECIPE["tags"], Recipe.model_construct()])
def test_a_form_of_the_wrong_type_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError, match="give a pydantic model"):
        nb.stream("Hello", response_format=wrong)


def test_an_unknown_form_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="give"):
        nb.stream("Hello", response_format={"type": "xml"})


@pytest.mark.parametrize(
    ("form", "render"), [(None, "markdown"), ({"type": "text"}, "markdown"), ({"type": "json_object"}, "json")]
)
def test_json_is_shown_as_its_raw_text_unless_something_else_is_asked_for(
    form: Any, render: Literal["markdown", "text"]
) -> None:
    assert scripted("{}", response_format=form)._run.transcript.meta["render"] == render
    assert scripted("{}", response_format=form, render="markdown")._run.transcript.meta["render"] == "markdown"


def test_depth_is_bounded() -> None:
    s = scripted("[" * 5_000, cut=1000)
    assert str(s.partial).count("[") == 100
    with pytest.raises(nb.InvalidOutput, match="More than 100 open"):
        _ = s.parsed
