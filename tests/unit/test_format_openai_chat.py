"""OpenAI's chat completions, and what others make of them: what each odd spelling means."""

from __future__ import annotations

from typing import Any

import pytest

from nbstream._events import Delta
from nbstream.sources.formats import FORMATS
from unit.formats import call, calls, chat, kinds, last, read

REASONING: list[tuple[str, dict[str, Any]]] = [
    ("DeepSeek", {"reasoning_content": "Hm."}),
    ("Groq", {"reasoning": "Hm."}),
    ("both", {"reasoning_content": "Hm.", "reasoning": "Hm."}),
    ("OpenRouter", {"reasoning": "Hm.", "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]}),
    ("OpenRouter, details alone", {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm."}]}),
    ("LiteLLM", {"thinking_blocks": [{"type": "thinking", "thinking": "Hm."}]}),
    ("Mistral", {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]}),
]


@pytest.mark.parametrize("delta", [d for _, d in REASONING], ids=[n for n, _ in REASONING])
def test_reasoning_is_read_once_in_every_spelling(delta: dict[str, Any]) -> None:
    assert kinds(read("openai_chat", chat(**delta), chat(content="Yes"))) == [("thinking", "Hm."), ("content", "Yes")]


def test_a_signature_stays_with_its_block_of_reasoning() -> None:
    block = {"type": "thinking", "thinking": "", "signature": "c2ln"}
    found = read("openai_chat", chat(reasoning_content="Hm."), chat(thinking_blocks=[block]), chat(content="Yes"))
    assert found.sections[0].meta == {"signature": "c2ln"}
    assert kinds(found) == [("thinking", "Hm."), ("content", "Yes")]


def test_redacted_reasoning_is_a_section_without_text() -> None:
    found = read("openai_chat", chat(thinking_blocks=[{"type": "redacted_thinking", "data": "eA=="}]), chat(content="Yes"))
    assert kinds(found) == [("thinking", ""), ("content", "Yes")]
    assert found.sections[0].meta == {"redacted": "eA=="}


CALLS: list[tuple[str, list[list[dict[str, Any]]], list[tuple[Any, Any, str]]]] = [
    (
        "parallel and interleaved",
        [
            [call(0, "a", "f", "")],
            [call(1, "b", "g", "")],
            [call(0, None, None, '{"x"'), call(1, None, None, "{}")],
            [call(0, None, None, ":1}")],
        ],
        [("a", "f", '{"x":1}'), ("b", "g", "{}")],
    ),
    ("out of order", [[call(1, "b", "g", "{}")], [call(0, "a", "f", "{}")]], [("b", "g", "{}"), ("a", "f", "{}")]),
    (
        "whole in one chunk, no index",
        [[call(None, "a", "f", "{}"), call(None, "b", "f", "{}")]],
        [("a", "f", "{}"), ("b", "f", "{}")],
    ),
    (
        "neither index nor id, no arguments",
        [[call(None, None, "f", ""), call(None, None, "g", "")]],
        [(None, "f", ""), (None, "g", "")],
    ),
    (
        "one index for all",
        [[call(0, "call_1", "f", "")], [call(0, "call_2", "g", "{}")]],
        [("call_1", "f", ""), ("call_2", "g", "{}")],
    ),
    ("id and name late", [[call(0, None, None, "{")], [call(0, "a", "f", "}")]], [("a", "f", "{}")]),
    ("id repeated, name empty", [[call(0, "a", "f", "")], [call(0, "a", "", "{}")]], [("a", "f", "{}")]),
    ("id empty later", [[call(0, "a", "f", "{")], [call(0, "", None, "}")]], [("a", "f", "{}")]),
    ("an object as arguments", [[call(0, "a", "f", {"x": "é"})]], [("a", "f", '{"x": "é"}')]),
    ("not JSON", [[call(0, "a", "f", "{x")]], [("a", "f", "{x")]),
    ("null function", [[{"index": 0, "id": "a", "function": None}], [call(0, None, "f", "{}")]], [("a", "f", "{}")]),
]


@pytest.mark.parametrize(("chunks", "expected"), [(c, e) for _, c, e in CALLS], ids=[n for n, _, _ in CALLS])
def test_tool_calls_are_told_apart(chunks: list[list[dict[str, Any]]], expected: list[tuple[Any, Any, str]]) -> None:
    assert calls(read("openai_chat", *(chat(tool_calls=part) for part in chunks), chat("tool_calls"))) == expected


def test_the_old_function_call_is_a_tool_call() -> None:
    found = read("openai_chat", chat(function_call={"name": "f", "arguments": ""}), chat(function_call={"arguments": "{}"}))
    assert calls(found) == [(None, "f", "{}")]


def test_a_refusal_is_the_answer_and_is_marked() -> None:
    found = read("openai_chat", chat(refusal=""), chat(refusal="I'm"), chat(refusal=" sorry"), chat("stop"))
    assert kinds(found) == [("content", "I'm sorry")]
    assert last(found).meta == {"refusal": True}


def test_citations_come_once_each_after_the_answer() -> None:
    cited = {**chat(content="Yes"), "citations": ["http://a.example/", "http://b.example/"]}
    noted = chat(annotations=[{"type": "url_citation", "url_citation": {"url": "http://c.example/", "title": "C"}}])
    found = read("openai_chat", cited, cited, noted, chat("stop"))
    assert kinds(found) == [
        ("content", "YesYes"),
        *(("source", f"http://{name}.example/") for name in "abc"),
    ]
    assert last(found).meta == {"title": "C"}


def test_an_image_is_a_file_with_its_data_beside_its_text() -> None:
    found = read("openai_chat", chat(images=[{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]))
    assert kinds(found) == [("file", "image/png · 3 bytes")]
    assert last(found).meta == {"media_type": "image/png", "data": "AAAA"}


def test_choices_stay_apart_and_finish_on_their_own() -> None:
    reader = FORMATS["openai_chat"]()
    both = [{"index": n, "delta": {"content": str(n)}} for n in (0, 1)]
    assert reader.feed({"choices": both}) == [Delta("content", "0"), Delta("content", "1", choice=1)]
    reader.feed({"choices": [{"index": 1, "delta": {}, "finish_reason": "stop"}]})
    assert not reader.finished
    reader.feed({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]})
    assert reader.finished


def test_usage_is_read_wherever_it_comes() -> None:
    counts = {
        "prompt_tokens": 9,
        "completion_tokens": 12,
        "completion_tokens_details": {"reasoning_tokens": 7},
        "prompt_tokens_details": {"cached_tokens": 4},
        "cost": 0.5,
    }
    expected = {"input_tokens": 9, "output_tokens": 12, "reasoning_tokens": 7, "cached_tokens": 4, "cost_nanousd": 500_000_000}
    for event in ({**chat(content="x"), "usage": counts}, {"choices": [], "usage": counts}):
        assert read("openai_chat", event).meta == expected


def test_a_message_repeated_at_the_end_is_not_read_again_but_a_whole_reply_is() -> None:
    message = {"index": 0, "message": {"content": "Yes"}, "finish_reason": "stop"}
    assert kinds(read("openai_chat", chat(content="Yes"), {"choices": [message]})) == [("content", "Yes")]
    assert kinds(read("openai_chat", {"object": "chat.completion", "choices": [message]})) == [("content", "Yes")]
