"""What holds for the readers of all wire formats; and the formats that are read in a few lines."""

from __future__ import annotations

from typing import Any

import pytest

from nbstream._errors import AuthError, ProviderError, RateLimitError, RequestError, ServerError
from nbstream._events import Delta
from nbstream.sources.formats import FORMATS, carry, recognise
from unit.formats import block, calls, chat, kinds, read

ERRORS: list[tuple[str, Any, type[ProviderError]]] = [
    ("openai_chat", {"error": {"message": "slow down", "type": "rate_limit_exceeded"}}, RateLimitError),
    ("openai_chat", {"error": "boom"}, ProviderError),
    ("openai_chat", {"error": {"message": "boom", "code": 502}, "choices": [{"finish_reason": "error"}]}, ServerError),
    ("openai_chat", {"choices": [{"index": 0, "error": {"message": "boom", "code": 400}}]}, RequestError),
    ("openai_chat", {"object": "error", "message": "boom", "code": 401}, AuthError),
    ("anthropic", {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, ServerError),
    ("anthropic", {"type": "error", "error": {"type": "authentication_error", "message": "no"}}, AuthError),
]


@pytest.mark.parametrize(("name", "event", "kind"), ERRORS)
def test_an_error_event_raises_what_it_means(name: str, event: Any, kind: type[ProviderError]) -> None:
    with pytest.raises(kind) as raised:
        FORMATS[name]().feed(event)
    assert type(raised.value) is kind


ODD: list[Any] = [None, True, 7, -1.5, "x", [], [None], ["x"], {}, {"a": None}, [[]], [{"type": 1, "index": "0", "text": 2}]]
FIELDS = (
    *("choices", "delta", "message", "content", "tool_calls", "function", "usage", "type", "index", "id", "name", "text"),
    *("content_block", "reasoning_content", "thinking_blocks", "citations", "annotations", "images", "refusal", "input"),
    *("candidates", "parts", "response", "item", "output", "event_type", "steps", "finish_reason", "arguments", "model"),
)


@pytest.mark.parametrize("name", FORMATS)
def test_no_value_of_any_field_breaks_a_reader(name: str) -> None:
    shells = [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta"}},
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"function": {}}]}}]},
    ]
    for field in FIELDS:
        for odd in ODD:
            reader = FORMATS[name]()
            for event in [
                {field: odd},
                *({**shell, field: odd} for shell in shells),
                *({"type": t, field: odd} for t in TYPES),
            ]:
                reader.feed(event)
            reader.feed({"choices": [{"index": odd, "delta": {field: odd, "tool_calls": [{field: odd}]}}]})
            reader.feed({"type": "message_start", "message": {field: odd}})


TYPES = ("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message")


def test_the_first_delta_carries_the_chunk() -> None:
    found = carry([Delta("content", "a"), Delta("content", "b")], {"x": 1})
    assert [delta.raw for delta in found] == [{"x": 1}, None]
    assert [delta.raw for delta in carry([], {"x": 1})] == [{"x": 1}]


def test_a_format_is_recognised_by_shape() -> None:
    assert recognise(chat(content="x")) == "openai_chat"
    assert recognise({"type": "message_start"}) == "anthropic"
    assert recognise({"type": "content_block_delta"}) == "anthropic"
    assert recognise({"x": 1}) is None


def test_ollama_s_calls_come_whole_and_its_last_line_ends() -> None:
    function = {"name": "f", "arguments": {"x": 1}}
    found = read(
        "ollama",
        {"model": "m", "message": {"thinking": "Hm.", "content": ""}, "done": False},
        {
            "model": "m",
            "message": {"content": "", "tool_calls": [{"function": function}, {"function": function}]},
            "done": False,
        },
        {"model": "m", "message": {"content": ""}, "done": True, "prompt_eval_count": 3, "eval_count": 5},
    )
    assert calls(found) == [(None, "f", '{"x": 1}')] * 2
    assert found.meta == {"served_model": "m", "finish_reason": "stop", "input_tokens": 3, "output_tokens": 5}


def test_a_part_of_a_ui_message_is_a_section() -> None:
    found = read(
        "uimessage",
        {"type": "start"},
        {"type": "text-start", "id": "1"},
        {"type": "text-delta", "id": "1", "delta": "One"},
        {"type": "text-end", "id": "1"},
        {"type": "text-start", "id": "2"},
        {"type": "text-delta", "id": "2", "delta": "Two"},
        {"type": "tool-input-available", "toolCallId": "c", "toolName": "f", "input": {"x": 1}},
        {"type": "tool-output-available", "toolCallId": "c", "output": {"y": 2}},
        {"type": "source-url", "sourceId": "s", "url": "http://a.example/", "title": "A"},
        {"type": "data-weather", "data": {"rain": True}},
        {"type": "finish", "finishReason": "tool-calls"},
    )
    assert kinds(found) == [
        *(("content", "One"), ("content", "Two"), ("tool", '{"x": 1}'), ("result", '{"y": 2}')),
        *(("source", "http://a.example/"), ("object", '{"rain": true}')),
    ]
    assert found.sections[2].meta["state"] == "ok"
    assert found.meta["finish_reason"] == "tool_calls"


def test_a_second_response_in_the_same_stream_is_a_step() -> None:
    ends = {"type": "message_delta", "delta": {"stop_reason": "tool_use"}}
    one = [{"type": "message_start", "message": {}}, *block(0, {"type": "text", "text": "a"}), ends, {"type": "message_stop"}]
    found = read("anthropic", *one, *one)
    assert [(s.text, s.meta.get("step")) for s in found.sections] == [("a", None), ("a", 2)]
    chunks = [{**chat("stop", content="a"), "id": own} for own in ("x", "y")]
    found = read("openai_chat", *chunks)
    assert [(s.text, s.meta.get("step")) for s in found.sections] == [("a", None), ("a", 2)]


SHAPES: list[tuple[Any, str | None]] = [
    ({"type": "response.created"}, "openai_responses"),
    ({"object": "response", "output": []}, "openai_responses"),
    ({"candidates": []}, "gemini"),
    ({"event_type": "step.delta"}, "interactions"),
    ({"message": {"content": "x"}, "done": False}, "ollama"),
    ({"response": "x", "done": False}, "ollama"),
    ({"type": "message-start"}, "cohere"),
    ({"event_type": "text-generation"}, "cohere"),
    ({"contentBlockDelta": {}}, "bedrock"),
    ({"type": "text-delta"}, "uimessage"),
    ({"type": "data-x"}, "uimessage"),
    ({"op": "open", "kind": "content"}, "own"),
    ({"v": 1, "run": "x", "events": []}, "own"),
    ({"content": "x"}, "own"),
    ({"token": "x"}, "own"),
    ({"type": "error"}, None),
    ({"error": "x"}, None),
    ({"type": ["x"]}, None),
]


@pytest.mark.parametrize(("event", "name"), SHAPES)
def test_every_format_is_recognised_by_one_event(event: Any, name: str | None) -> None:
    assert recognise(event) == name
