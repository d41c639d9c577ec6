"""OpenAI's Responses API, event by event."""

from __future__ import annotations

from typing import Any

from unit.formats import calls, kinds, last, read


def item(at: int, what: str, **fields: Any) -> dict[str, Any]:
    """Return the event by which an output item is added or done."""
    return {"type": f"response.output_item.{what}", "output_index": at, "item": fields}


def of_response(kind: str, at: int = 0, **fields: Any) -> dict[str, Any]:
    """Return an event of the Responses API."""
    return {"type": f"response.{kind}", "output_index": at, **fields}


def test_what_was_not_streamed_is_taken_from_the_end() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f"}
    found = read(
        "openai_responses",
        of_response("output_text.done", text="Hello"),
        item(1, "added", **call, arguments=""),
        item(1, "done", **call, arguments='{"x":1}'),
    )
    assert kinds(found) == [("content", "Hello"), ("tool", '{"x":1}')]


def test_what_was_streamed_is_not_read_again_from_the_end() -> None:
    message = {"type": "message", "content": [{"type": "output_text", "text": "Hello", "annotations": []}]}
    found = read(
        "openai_responses",
        item(0, "added", type="message", content=[]),
        of_response("output_text.delta", delta="Hel"),
        of_response("output_text.delta", delta="lo"),
        of_response("output_text.done", text="Hello"),
        item(0, "done", **message),
        {"type": "response.completed", "response": {"status": "completed", "output": [message], "usage": {"input_tokens": 2}}},
    )
    assert kinds(found) == [("content", "Hello")]
    assert found.meta == {"finish_reason": "stop", "input_tokens": 2}


def test_summaries_of_reasoning_stay_apart_and_its_seal_stays_with_the_last() -> None:
    found = read(
        "openai_responses",
        item(0, "added", type="reasoning", id="rs", summary=[]),
        of_response("reasoning_summary_part.added", summary_index=0),
        of_response("reasoning_summary_text.delta", summary_index=0, delta="One."),
        of_response("reasoning_summary_part.added", summary_index=1),
        of_response("reasoning_summary_text.delta", summary_index=1, delta="Two."),
        item(0, "done", type="reasoning", id="rs", encrypted_content="xyz"),
    )
    assert kinds(found) == [("thinking", "One."), ("thinking", "Two.")]
    assert last(found).meta == {"encrypted": "xyz", "id": "rs"}


def test_a_patch_streams_as_the_json_of_its_operation() -> None:
    operation = {"type": "create_file", "path": "a.md", "diff": ""}
    found = read(
        "openai_responses",
        item(0, "added", type="apply_patch_call", call_id="p", operation=operation),
        of_response("apply_patch_call_operation_diff.delta", delta='+"é"\n'),
        of_response("apply_patch_call_operation_diff.delta", delta="+b"),
        item(0, "done", type="apply_patch_call", call_id="p", operation={**operation, "diff": '+"é"\n+b'}),
    )
    assert calls(found) == [("p", "apply_patch", '{"type": "create_file", "path": "a.md", "diff": "+\\"é\\"\\n+b"}')]


def test_calls_that_the_provider_ran_have_results_and_images_are_files() -> None:
    found = read(
        "openai_responses",
        item(0, "done", type="code_interpreter_call", id="ci", code="1+1", outputs=[{"type": "logs", "logs": "2"}]),
        item(1, "done", type="mcp_call", id="m", name="f", arguments="{}", error="no"),
        item(2, "done", type="image_generation_call", id="i", result="AAAA"),
    )
    assert kinds(found) == [
        *(("tool", "1+1"), ("result", "2"), ("tool", "{}"), ("result", "no")),
        *(("tool", ""), ("file", "image/png · 3 bytes")),
    ]
    assert [s.meta.get("state") for s in found.sections if s.kind in ("tool", "result")] == ["ok", "ok", "bad", "bad", "ready"]


def test_an_unfinished_response_says_why() -> None:
    cut = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    found = read(
        "openai_responses", of_response("output_text.delta", delta="x"), {"type": "response.incomplete", "response": cut}
    )
    assert found.meta["finish_reason"] == "length"


def test_a_refusal_of_the_responses_api_is_marked_too() -> None:
    found = read("openai_responses", of_response("refusal.delta", delta="I'm"), of_response("refusal.delta", delta=" sorry"))
    assert kinds(found) == [("content", "I'm sorry")]
    assert last(found).meta == {"refusal": True}
