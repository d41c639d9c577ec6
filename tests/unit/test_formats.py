"""The readers of the wire formats, event by event: what each dialect's odd spellings mean."""

from __future__ import annotations

from typing import Any

import pytest

from nbstream._errors import AuthError, ProviderError, RateLimitError, RequestError, ServerError
from nbstream._events import Delta
from nbstream._sections import Sectioner
from nbstream._transcript import Section, Transcript
from nbstream.sources.formats import FORMATS, carry, recognise


def read(name: str, *events: Any) -> Transcript:
    """Return the transcript of a response in the format `name`."""
    transcript, sectioner, reader = Transcript(), Sectioner(), FORMATS[name]()
    for event in events:
        for delta in reader.feed(event):
            for made in sectioner.feed(delta):
                transcript.apply(made)
    for made in sectioner.finish():
        transcript.apply(made)
    return transcript


def kinds(transcript: Transcript) -> list[tuple[str, str]]:
    """Return the sections of `transcript` as pairs of kind and text."""
    return [(section.kind, section.text) for section in transcript.sections]


def calls(transcript: Transcript) -> list[tuple[Any, Any, str]]:
    """Return the tool calls of `transcript` as id, name and arguments."""
    return [(s.meta.get("id"), s.meta.get("name"), s.text) for s in transcript.sections if s.kind == "tool"]


def chat(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """Return a chunk of OpenAI's chat completions."""
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def call(index: int | None, own: str | None, name: str | None, arguments: Any) -> dict[str, Any]:
    """Return a piece of a tool call, with only what is not None."""
    parts = {"index": index, "id": own, "function": {"name": name, "arguments": arguments}}
    return {key: value for key, value in parts.items() if value is not None}


def last(transcript: Transcript) -> Section:
    """Return the last section."""
    return transcript.sections[-1]


# --- OpenAI chat

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


# --- Anthropic


def block(at: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events of a content block."""
    grown = [{"type": "content_block_delta", "index": at, "delta": delta} for delta in deltas]
    head = {"type": "content_block_start", "index": at, "content_block": start}
    return [head, *grown, {"type": "content_block_stop", "index": at}]


def test_thinking_keeps_its_signature() -> None:
    signed = ({"type": "thinking_delta", "thinking": "Hm."}, {"type": "signature_delta", "signature": "c2ln"})
    found = read("anthropic", *block(0, {"type": "thinking", "thinking": "", "signature": ""}, *signed))
    assert kinds(found) == [("thinking", "Hm.")]
    assert last(found).meta == {"signature": "c2ln"}


def test_a_tool_input_that_came_whole_is_its_arguments_unless_it_is_streamed_too() -> None:
    whole = {"type": "tool_use", "id": "t", "name": "f", "input": {"x": 1}}
    assert calls(read("anthropic", *block(0, whole))) == [("t", "f", '{"x": 1}')]
    streamed = block(0, whole, {"type": "input_json_delta", "partial_json": '{"x":2}'})
    assert calls(read("anthropic", *streamed)) == [("t", "f", '{"x":2}')]
    assert calls(read("anthropic", *block(0, {**whole, "input": {}}))) == [("t", "f", "")]


def test_what_a_server_tool_gave_back_is_a_result_with_the_name_of_its_tool() -> None:
    use = {"type": "server_tool_use", "id": "t", "name": "bash", "input": {}}
    back = {
        "type": "bash_code_execution_tool_result",
        "tool_use_id": "t",
        "content": {"stdout": "a", "stderr": "b", "return_code": 1},
    }
    found = read("anthropic", *block(0, use), *block(1, back))
    assert kinds(found) == [("tool", ""), ("result", "ab")]
    assert last(found).meta == {"id": "t", "name": "bash", "state": "bad"}


def test_a_citation_does_not_cut_the_answer_in_two() -> None:
    cited = {"type": "citations_delta", "citation": {"url": "http://a.example/", "title": "A", "cited_text": "b"}}
    text = [
        block(at, {"type": "text", "text": ""}, *([cited] if at else []), {"type": "text_delta", "text": t})
        for at, t in enumerate("ab")
    ]
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"input_tokens": 3, "output_tokens": 5}}
    found = read("anthropic", *text[0], *text[1], end)
    assert kinds(found) == [("content", "ab"), ("source", "http://a.example/")]
    assert last(found).meta == {"title": "A", "quote": "b"}
    assert found.meta == {"finish_reason": "stop", "input_tokens": 3, "output_tokens": 5}


def test_cached_tokens_count_as_input() -> None:
    usage = {"input_tokens": 3, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 7, "output_tokens": 1}
    found = read("anthropic", {"type": "message_start", "message": {"model": "m", "usage": usage}})
    assert found.meta == {"served_model": "m", "input_tokens": 15, "cached_tokens": 5}


# --- all

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


# --- OpenAI Responses


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


# --- Gemini and its Interactions


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


# --- the others


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
