"""Anthropic's messages, event by event."""

from __future__ import annotations

from unit.formats import block, calls, kinds, last, read


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
