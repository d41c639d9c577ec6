"""Gemini's chunks and its Interactions, event by event."""

from __future__ import annotations

from typing import Any

import pytest

from unit.formats import calls, kinds, read


def gemini(*parts: dict[str, Any], **candidate: Any) -> dict[str, Any]:
    """Return a chunk of Gemini's."""
    return {"candidates": [{"content": {"parts": list(parts)}, **candidate}]}


def test_arguments_by_path_become_the_object_that_they_describe() -> None:
    def piece(path: str, more: bool = False, **value: Any) -> dict[str, Any]:
        partial = {"jsonPath": path, **value, "willContinue": more}
        return gemini({"functionCall": {"partialArgs": [partial], "willContinue": True}})

    found = read(
        "gemini",
        gemini({"functionCall": {"name": "f", "willContinue": True}, "thoughtSignature": "c2ln"}),
        piece("$.a[0].b", more=True, stringValue="He"),
        piece("$.a[0].b", stringValue="llo"),
        piece("$.a[1]['c d']", numberValue=2),
        piece("$.e", boolValue=False),
        piece("$.n", nullValue="NULL_VALUE"),
        gemini({"functionCall": {}}),
        gemini({"functionCall": {"name": "g", "args": {"x": 1}}}, finishReason="STOP"),
    )
    assert calls(found) == [
        (None, "f", '{"a": [{"b": "Hello"}, {"c d": 2}], "e": false, "n": null}'),
        (None, "g", '{"x": 1}'),
    ]
    assert found.sections[0].meta["signature"] == "c2ln"


@pytest.mark.parametrize("path", ["", "$", "$.a[999999999]", "$.a.b", "$" + ".a" * 100, "$[0]", "a[b"])
def test_a_path_that_makes_no_sense_breaks_nothing(path: str) -> None:
    values = [{"jsonPath": "$.a", "stringValue": "x"}, {"jsonPath": path, "stringValue": "y"}]
    found = read("gemini", gemini({"functionCall": {"name": "f", "partialArgs": values}}))
    assert [name for _, name, _ in calls(found)] == ["f"]


def test_gemini_s_other_parts_are_files_code_results_and_sources() -> None:
    found = read(
        "gemini",
        gemini({"text": "Hm.", "thought": True}, {"text": "See"}),
        gemini({"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, {"fileData": {"fileUri": "gs://b/c"}}),
        gemini({"executableCode": {"language": "PYTHON", "code": "1"}}),
        gemini({"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "no"}}),
        gemini(
            finishReason="STOP",
            groundingMetadata={"groundingChunks": [{"web": {"uri": "http://a.example/", "title": "A"}}]},
        ),
    )
    assert kinds(found) == [
        *(("thinking", "Hm."), ("content", "See"), ("file", "image/png · 3 bytes"), ("file", "gs://b/c")),
        *(("tool", "1"), ("result", "no"), ("source", "http://a.example/")),
    ]
    assert found.sections[4].meta["state"] == "bad"


def test_the_spelling_of_gemini_s_python_package_is_read_too() -> None:
    part = {"function_call": {"name": "f", "args": {}}, "thought_signature": "c2ln"}
    chunk = {
        "candidates": [{"content": {"parts": [part]}, "finish_reason": "STOP"}],
        "usage_metadata": {"prompt_token_count": 4},
    }
    found = read("gemini", chunk)
    assert calls(found) == [(None, "f", "{}")]
    assert found.meta == {"finish_reason": "stop", "input_tokens": 4}


def test_a_blocked_prompt_is_a_content_filter() -> None:
    assert read("gemini", {"promptFeedback": {"blockReason": "SAFETY"}}).meta == {"finish_reason": "content_filter"}


def test_an_interaction_s_call_comes_whole_or_in_pieces() -> None:
    start = {"event_type": "step.start", "index": 0, "step": {"type": "function_call", "id": "c", "name": "f"}}
    pieces = [
        {"event_type": "step.delta", "index": 0, "delta": {"type": "arguments_delta", "arguments": p}} for p in ("{", "}")
    ]
    whole = {"event_type": "step.delta", "index": 0, "delta": {"type": "function_call", "arguments": {"x": 1}}}
    stop = {"event_type": "step.stop", "index": 0}
    assert calls(read("interactions", start, *pieces, stop)) == [("c", "f", "{}")]
    assert calls(read("interactions", start, whole, stop)) == [("c", "f", '{"x": 1}')]
