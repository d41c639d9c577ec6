"""What guides to streaming do by hand with JSON, conditions and chunks: where their way goes wrong, ours is right."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

import nbstream as nb
from provider import Answer, FakeProvider

KEY = "sk-test-0123456789abcdef"


def ask(provider: FakeProvider, model: str, pieces: list[str], **arguments: Any) -> nb.Stream:
    """An ended stream of a model that answers in `pieces`, asked over a real socket."""
    provider.script(model, Answer.of(pieces), rate=arguments.pop("rate", None))
    given = {"api_base": provider.base("openai"), "api_key": KEY, "display": False, "wait": True, **arguments}
    return nb.stream("Go", model=f"openai/{model}", **given)


def cut(text: str, size: int = 4) -> list[str]:
    """The text in pieces."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def by_last_brace(pieces: Iterable[str]) -> list[Any]:
    """The way of counting braces: an object is what lies between the last opening brace and the one that closes the count."""
    found: list[Any] = []
    buffer, depth = "", 0
    for letter in "".join(pieces):
        buffer += letter
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "}" and depth == 0:
            try:
                found.append(json.loads(buffer[buffer.rfind("{") :]))
                buffer = ""
            except ValueError:
                continue
    return found


class ByClosingBrackets:
    """The way of closing what is open and parsing the whole again, a field once it is there."""

    def __init__(self) -> None:
        self.buffer = ""
        self.told: dict[str, Any] = {}

    def feed(self, piece: str) -> None:
        self.buffer += piece
        missing = [self.buffer.count(opening) - self.buffer.count(closing) for opening, closing in ("[]", "{}")]
        try:
            parsed = json.loads(self.buffer + "]" * missing[0] + "}" * missing[1])
        except ValueError:
            return
        for key, value in parsed.items():
            done = not value.endswith("...") if isinstance(value, str) else isinstance(value, int | float | bool | list)
            if done and key not in self.told:
                self.told[key] = value


def test_seed_1_9_every_object_of_a_list_comes_when_it_completes(provider: FakeProvider) -> None:
    objects = [{"n": {"x": 1}}, {"n": 2}, {"n": "}{"}]
    text = "[" + ",\n".join(json.dumps(item) for item in objects) + "]"
    assert len(by_last_brace(cut(text))) == 1
    assert list(ask(provider, "objects", cut(text)).items()) == objects


def test_seed_1_10_a_field_is_told_when_it_is_complete(provider: FakeProvider) -> None:
    fields = {"score": 125, "tags": ["a", "b"], "title": "To be continued...", "author": {"name": "Ada"}}
    pieces = ['{"score": 1', '25, "tags": [', '"a", "b"], ', '"title": "To be continued...", ', '"author": {"name": "Ada"}}']
    assert json.loads("".join(pieces)) == fields
    theirs = ByClosingBrackets()
    for piece in pieces:
        theirs.feed(piece)
    assert theirs.told == {"score": 1, "tags": []}
    told: dict[Any, Any] = {}
    ended = threading.Event()
    s = ask(
        provider,
        "fields",
        pieces,
        response_format={"type": "json_object"},
        on_field=lambda path, value: told.update({path: value}),
        on_complete=lambda _: ended.set(),
    )
    assert ended.wait(20)
    assert {path[0]: value for path, value in told.items() if len(path) == 1} == fields == s.parsed
    assert json.loads(provider.requests[-1].body)["response_format"] == {"type": "json_object"}


def test_seed_1_13_a_condition_on_the_text_so_far_stops_the_provider(provider: FakeProvider) -> None:
    condition: Callable[[Any], bool] = lambda transcript: "number 5 " in transcript.content  # noqa: E731  # reason: as people write it
    s = ask(provider, "condition", [f"number {n} " for n in range(150)], rate=50, stop_when=condition)
    assert (s.status, s.stopped_by) == ("stopped", "condition")
    assert "number 5 " in s.content
    connection = provider.connections[-1]
    connection.wait_closed()
    assert connection.closed_by == "client"
    assert connection.chunks_sent < 20


def test_seed_1_14_a_complete_code_block_is_one_that_is_closed(provider: FakeProvider) -> None:
    answer = ["Fences are written ``` and end with ```:\n", "````md\n```py\n", "```\n", "````", "\nThat", " is all"]
    assert "".join(answer[:1]).count("```") >= 2  # counting takes prose for a block
    s = ask(provider, "block", answer, stop_when=nb.stop.code_block, rate=20)
    assert s.stopped_by == "condition"
    assert s.content.startswith("".join(answer[:4]))
    assert not s.content.endswith("all")


def test_seed_2_12_a_chunk_shows_its_structure(provider: FakeProvider) -> None:
    s = ask(provider, "structure", ["Hello", " there"])
    assert "".join((chunk.delta or {}).get("content") or "" for chunk in s.chunks) == "Hello there"
    assert {type(chunk.id) for chunk in s.chunks} == {str}
    assert {chunk.index for chunk in s.chunks if chunk.delta} == {0}
    assert [chunk.finish_reason for chunk in s.chunks if chunk.finish_reason] == ["stop"]
    assert all(chunk.model and chunk.created for chunk in s.chunks)
