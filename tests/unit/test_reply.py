"""An answer in the form that the next call, or code written for litellm, takes."""

from __future__ import annotations

from typing import Any

import pytest

from nbstream import Stream, display_stream, fake
from nbstream._events import Delta
from nbstream.sources._scripted import ScriptedSource


def play(*deltas: Delta) -> Stream:
    return display_stream(ScriptedSource(deltas), display=False, wait=True)


def agent() -> Stream:
    with Stream(display=False) as s:
        s.thinking_delta("hm")
        s.text_delta("I look.")
        s.tool_input_delta('{"at": 1}', name="look", id="1")
        s.tool_output({"found": True}, id="1")
        s.step()
        s.text_delta("It is there.")
        s.tool_input_delta('{"cut', name="look", id="2")
    return s


def test_the_response_is_litellms_and_complete() -> None:
    call = {"name": "f", "arguments": {"x": 1}, "id": "c1"}
    s = display_stream(fake("Hello", thinking="hm", tool_calls=[call], rate=None, ttft=0), wait=True, display=False)
    response = s.response
    message = response.choices[0].message
    assert (message.content, message.reasoning_content) == ("Hello", "hm")
    assert [(c.id, c.function.name, c.function.arguments) for c in message.tool_calls] == [("c1", "f", '{"x": 1}')]
    assert response.choices[0].finish_reason == "tool_calls"
    assert response.usage.completion_tokens == s.usage.output_tokens
    assert response.model == "fake"


def test_a_response_has_every_choice() -> None:
    texts = [Delta("content", text, choice=i) for i, text in enumerate("ab")]
    s = play(*texts, *[Delta(choice=i, finish_reason="stop") for i in (0, 1)])
    assert [(c.index, c.message.content) for c in s.response.choices] == [(0, "a"), (1, "b")]


def test_the_response_keeps_the_providers_id_and_counts() -> None:
    counts = {"input_tokens": 3, "output_tokens": 4, "reasoning_tokens": 2, "cached_tokens": 1}
    s = play(Delta("content", "a", raw={"id": "chatcmpl-7"}), Delta(finish_reason="length", usage=counts))
    response = s.response
    assert (response.id, response.choices[0].finish_reason) == ("chatcmpl-7", "length")
    assert (response.usage.prompt_tokens, response.usage.completion_tokens, response.usage.total_tokens) == (3, 4, 7)
    assert response.usage.completion_tokens_details.reasoning_tokens == 2
    assert response.usage.prompt_tokens_details.cached_tokens == 1


def test_the_messages_of_an_agent_are_its_steps_and_the_results_between_them() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}
    assert agent().messages == [
        {"role": "assistant", "content": "I look.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": '{"found": true}'},
        {"role": "assistant", "content": "It is there."},
    ]
    assert agent().response.choices[0].message.content == "It is there."


@pytest.mark.parametrize(
    ("meta", "block"),
    [
        ({"signature": "sig"}, {"type": "thinking", "thinking": "hm", "signature": "sig"}),
        ({"redacted": "xyz"}, {"type": "redacted_thinking", "data": "xyz"}),
    ],
)
def test_what_a_provider_demands_back_is_kept(meta: dict[str, Any], block: dict[str, str]) -> None:
    text = "hm" if "signature" in meta else ""
    s = play(Delta("thinking", text, meta=meta, final=True), Delta("content", "a"), Delta(finish_reason="stop"))
    assert s.messages[-1]["thinking_blocks"] == [block]


def test_an_unknown_price_is_none() -> None:
    assert display_stream(fake("a", rate=None, ttft=0), wait=True, display=False).cost is None


def test_the_price_of_an_estimate_is_an_estimate() -> None:
    import litellm

    s = display_stream(fake("word " * 100, rate=None, ttft=0, title="openai/gpt-4o"), wait=True, display=False)
    assert s.usage.estimated
    _, dollars = litellm.cost_per_token(model="openai/gpt-4o", prompt_tokens=0, completion_tokens=s.usage.output_tokens or 0)
    assert s.cost == pytest.approx(dollars)
