"""What is pushed as chunks: steps, calls and their outputs."""

from __future__ import annotations

import pytest

from nbstream import NbstreamError, Stream
from unit.pushing import brief, call, chunk, push


def agent(s: Stream) -> None:
    """Two model calls, with a tool between them, as an agent's token callback sees them."""
    s.on_token(chunk(role="assistant", reasoning_content="I must look."))
    s.on_token(chunk("Let me see. "))
    s.on_token(chunk(tool_calls=call(1, name="look", arguments='{"at"')))
    s.on_token(chunk(tool_calls=[{"index": 0, "function": {"arguments": ': "x"}'}}]))
    s.on_token(chunk(finish="tool_calls"))
    s.on_token(chunk(usage={"prompt_tokens": 10, "completion_tokens": 5}))
    s.tool_output({"found": 1}, id="call_1")
    s.on_token(chunk(id="c2", role="assistant", reasoning_content="There."))
    s.on_token(chunk("It is there.", id="c2", finish="stop"))
    s.on_token(chunk(id="c2", usage={"prompt_tokens": 20, "completion_tokens": 7}))


def test_model_calls_with_a_tool_between_them_are_steps() -> None:
    with push() as s:
        agent(s)
    assert brief(s) == [
        ("thinking", "I must look."),
        ("content", "Let me see. "),
        ("tool", '{"at": "x"}'),
        ("result", '{"found": 1}'),
        ("thinking", "There."),
        ("content", "It is there."),
    ]
    assert [section.meta.get("step", 1) for section in s.sections] == [1, 1, 1, 1, 2, 2]
    assert [(c.id, c.name, c.parsed, c.state) for c in s.tool_calls] == [("call_1", "look", {"at": "x"}, "output-available")]
    assert (s.status, s.finish_reason) == ("done", "stop")


def test_usage_is_summed_over_the_steps() -> None:
    with push() as s:
        agent(s)
    assert (s.usage.input_tokens, s.usage.output_tokens, s.usage.estimated) == (30, 12, False)


def test_a_call_that_is_tried_again_is_another_step() -> None:
    with push() as s:
        s.on_token(chunk("Hal", role="assistant"))
        s.on_token(chunk("Hello", id="c2", role="assistant"))
        s.on_token(chunk(" you", id="c2", finish="stop"))
    assert brief(s) == [("content", "Hal"), ("content", "Hello you")]


def test_another_id_for_each_chunk_is_no_step() -> None:
    with push() as s:
        for n, text in enumerate("abc"):
            s.on_token(chunk(text, id=f"c{n}", **({"role": "assistant"} if n == 0 else {})))
        s.on_token(chunk(id="c9", finish="stop"))
    assert brief(s) == [("content", "abc")]


def test_texts_of_two_calls_are_parted_by_a_step() -> None:
    with push() as s:
        for text in ("<think>a</think>b", "<think>c</think>d"):
            s.step()
            s.on_token(text)
    assert brief(s) == [("thinking", "a"), ("content", "b"), ("thinking", "c"), ("content", "d")]
    assert [section.meta.get("step") for section in s.sections] == [None, None, 2, 2]


def test_other_callbacks_and_their_arguments_do_no_harm() -> None:
    """LangChain hands over the token with keywords, a list of callbacks calls one after the other."""
    log: list[str] = []
    with push() as s:
        for token in ("a", "b"):
            for callback in (s.on_token, lambda token, **_: log.append(token)):
                callback(token, chunk=None, run_id="r", parent_run_id=None)
    assert (s.content, log) == ("ab", ["a", "b"])


def test_a_chunk_without_a_delta_is_nothing() -> None:
    with push() as s:
        s.on_token({"choices": [{"index": 0, "delta": None}]})
        s.on_token({"choices": []})
        s.on_token(None)
    assert brief(s) == []


def test_an_error_that_is_pushed_ends_the_stream_and_reaches_both_sides() -> None:
    s = push()
    s.text_delta("partial")
    with pytest.raises(NbstreamError):
        s.on_token({"choices": [], "error": {"message": "overloaded", "code": 503}})
    assert s.wait(10).status == "error"
    assert s.content == "partial"


def test_arguments_in_pieces_and_their_outputs_find_each_other() -> None:
    with push() as s:
        s.tool_input_delta("", name="f", id="1")
        s.tool_input_delta("", name="g", id="2")
        s.tool_input_delta('{"a":', id="1")
        s.tool_input_delta("[]", id="2")
        s.tool_input_delta("1}", id="1")
        s.tool_output("went wrong", id="2", error=True)
        s.tool_output({"ok": True}, name="f")
    assert [(c.name, c.arguments, c.state) for c in s.tool_calls] == [
        ("f", '{"a":1}', "output-available"),
        ("g", "[]", "output-error"),
    ]
    assert [(x.meta["name"], x.text) for x in s.sections if x.kind == "result"] == [("g", "went wrong"), ("f", '{"ok": true}')]


def test_an_output_without_a_name_belongs_to_the_first_call_that_waits() -> None:
    with push() as s:
        for name in ("f", "g"):
            s.tool_input_delta("{}", name=name)
        s.tool_output("1")
        s.tool_output("2")
    assert [(x.meta["name"], x.text) for x in s.sections if x.kind == "result"] == [("f", "1"), ("g", "2")]
