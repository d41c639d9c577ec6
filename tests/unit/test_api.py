"""The calls: wrong arguments are refused before anything is sent, with a message that says what to do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import nbstream as nb
from nbstream import _threads


def scripted(**arguments: Any) -> nb.Stream:
    """An ended stream of a scripted source."""
    return nb.display_stream(nb.fake(**{"rate": None, "ttft": 0, **arguments}), display=False, wait=True)


@pytest.mark.parametrize("prompt", [None, 3, b"bytes", {"role": "user"}, ["text"], [{"content": "no role"}]])
def test_a_prompt_of_the_wrong_type_is_a_type_error(prompt: Any) -> None:
    with pytest.raises(TypeError, match="give"):
        nb.stream(prompt)


@pytest.mark.parametrize("prompt", ["", "  \n", []])
def test_an_empty_prompt_is_a_value_error(prompt: Any) -> None:
    with pytest.raises(ValueError, match="empty"):
        nb.stream(prompt)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"model": 3}, TypeError),
        ({"model": " "}, ValueError),
        ({"system": 3}, TypeError),
        ({"timeout": "3"}, TypeError),
        ({"timeout": -1}, ValueError),
        ({"max_output_tokens": 0}, ValueError),
        ({"max_output_tokens": "9"}, TypeError),
        ({"stop_when": ["x"]}, TypeError),
        ({"title": 3}, TypeError),
        ({"render": "html"}, ValueError),
        ({"stream": False}, TypeError),
        ({"messages": []}, TypeError),
    ],
)
def test_wrong_arguments_are_refused_at_once(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        nb.stream("Hello", **arguments)


def test_an_object_that_cannot_be_pulled_is_named_with_what_can() -> None:
    with pytest.raises(TypeError, match=r"cannot pull a int; it takes a stream of the OpenAI"):
        nb.display_stream(3)  # type: ignore[arg-type]  # reason: what is tested


@pytest.mark.parametrize("arguments", [{"rate": 0}, {"rate": -1}, {"ttft": -1}, {"tool_calls": [{}]}])
def test_a_wrong_script_is_a_value_error(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="give"):
        nb.fake("x", **arguments)


def test_a_handle_reads_what_was_streamed() -> None:
    s = scripted(
        content="Hello",
        thinking="Greet.",
        tool_calls=[{"name": "f", "arguments": {"x": [1]}}],
        usage={"input_tokens": 2, "output_tokens": 4},
    )
    assert (s.content, s.thinking, s.status, s.finish_reason) == ("Hello", "Greet.", "done", "tool_calls")
    (call,) = s.tool_calls
    assert (call.name, call.parsed, call.state) == ("f", {"x": [1]}, "input-available")
    assert [section.kind for section in s.sections] == ["thinking", "content", "tool"]
    assert s.usage == nb.Usage(2, 4, None, None, estimated=False)
    assert s.messages[-1]["content"] == "Hello"
    assert s.messages[-1]["tool_calls"][0]["function"]["name"] == "f"
    assert s.error is None
    assert s.raise_for_error() is s


def test_a_tool_call_that_was_cut_is_left_out_of_the_messages() -> None:
    s = scripted(content="Look", tool_calls=[{"name": "f", "arguments": '{"x": 1'}], error="cut")
    assert s.tool_calls[0].state == "input-streaming"
    assert s.tool_calls[0].parsed is None
    assert "tool_calls" not in s.messages[-1]
    with pytest.raises(nb.ProviderError, match="cut"):
        s.raise_for_error()


def test_wait_with_a_timeout_raises_and_the_run_goes_on() -> None:
    s = nb.display_stream(nb.fake("word " * 500, rate=100), display=False, wait=False)
    with pytest.raises(TimeoutError):
        s.wait(0.01)
    assert s.status in ("submitted", "streaming")
    s.stop()
    assert s.wait(10).status == "stopped"


def test_waiting_on_the_loop_that_feeds_the_stream_is_refused() -> None:
    s = nb.display_stream(nb.fake(["a"], rate=None, ttft=5), display=False, wait=False)

    async def waits() -> None:
        s.wait()

    with pytest.raises(nb.WouldDeadlock) as caught:
        asyncio.run_coroutine_threadsafe(waits(), _threads.event_loop()).result(10)
    assert "await" in caught.value.hint
    s.stop()


def test_stop_all_stops_every_run() -> None:
    handles = [nb.display_stream(nb.fake("word " * 5000, rate=20), display=False, wait=False) for _ in range(5)]
    nb.stop_all()
    assert [s.wait(10).stopped_by for s in handles] == ["user"] * 5


def test_more_than_32_at_once_wait_their_turn() -> None:
    handles = [nb.display_stream(nb.fake("x", rate=None, ttft=0.2), display=False, wait=False) for _ in range(40)]
    assert {s.wait(20).status for s in handles} == {"done"}
    queued = [s for s in handles if any(e.meta.get("phase") == "queued" for e in s.events())]
    assert len(queued) == 8
