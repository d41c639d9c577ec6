"""Token callbacks as agents call them: litellm's own chunks, pushed beside other callbacks.

Belongs here: the seed's callback (000) on real chunks. Does not belong here: a whole agent (`agents/`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import litellm
import pytest
from litellm.types.utils import ModelResponseStream

from nbstream import Stream, StreamStopped
from provider import Answer, Call, FakeProvider, Usage

ROUTES = ("openai", "anthropic")
CALLS = [Call("call_1", "write", ['{"path": "é', '.txt", "text": "😀"}']), Call("call_2", "read", ['{"path": "é.txt"}'])]
FIRST = Answer.of("I write. ", thinking="A file, then.", calls=CALLS, cut=3, usage=Usage(11, 7))
SECOND = Answer.of("It is written.", thinking="Good.", cut=5, usage=Usage(20, 5))
SHOWN = [
    *[("thinking", "A file, then."), ("content", "I write. "), ("tool", '{"path": "é.txt", "text": "😀"}')],
    *[("tool", '{"path": "é.txt"}'), ("thinking", "Good."), ("content", "It is written.")],
]
Callback = Callable[[ModelResponseStream], Any]


def complete(provider: FakeProvider, route: str, model: str) -> dict[str, Any]:
    return {
        "model": f"{route}/{model}",
        "messages": [{"role": "user", "content": "Go"}],
        "api_base": provider.base(route),
        "api_key": "sk-of-a-test",
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def converse(provider: FakeProvider, route: str, model: str, token_callbacks: list[Callback]) -> None:
    """Two calls of a model, each chunk handed to each callback, as OpenHands does."""
    for _ in range(2):
        async for chunk in await litellm.acompletion(**complete(provider, route, model)):
            for callback in token_callbacks:
                callback(chunk)


def brief(s: Stream) -> list[tuple[str, str]]:
    return [(section.kind, section.text) for section in s.sections]


@pytest.mark.parametrize("route", ROUTES)
async def test_seed_0_2_the_callback_takes_litellms_chunks_of_every_kind(provider: FakeProvider, route: str) -> None:
    provider.script(f"push-{route}", [FIRST, SECOND])
    with Stream(display=False) as s:
        await converse(provider, route, f"push-{route}", [s.on_token])
    assert brief(s) == SHOWN
    assert [(c.id, c.name) for c in s.tool_calls] == [("call_1", "write"), ("call_2", "read")]
    assert [section.meta.get("step", 1) for section in s.sections] == [1, 1, 1, 1, 2, 2]
    assert (s.usage.input_tokens, s.usage.output_tokens) == (31, 12)
    assert (s.status, s.finish_reason) == ("done", "stop")


async def test_an_async_loop_awaits_the_callback(provider: FakeProvider) -> None:
    provider.script("push-async", FIRST)
    async with Stream(display=False) as s:
        async for chunk in await litellm.acompletion(**complete(provider, "openai", "push-async")):
            await s.on_token_async(chunk)
    assert brief(s) == SHOWN[:4]


async def test_seed_0_13_a_callback_for_the_content_alone_beside_it(provider: FakeProvider) -> None:
    provider.script("push-minimal", [FIRST, SECOND])
    written: list[str] = []

    def on_token(chunk: ModelResponseStream) -> None:
        for choice in chunk.choices:
            content = getattr(choice.delta, "content", None)
            if isinstance(content, str):
                written.append(content)

    with Stream(display=False) as s:
        await converse(provider, "openai", "push-minimal", [on_token, s.on_token])
    assert "".join(written) == s.content == "I write. It is written."


def made(*deltas: dict[str, Any] | None, **more: Any) -> ModelResponseStream:
    """A chunk with one choice for each delta."""
    chunk = ModelResponseStream(choices=[{"index": i, "delta": delta or {}} for i, delta in enumerate(deltas)], **more)
    for choice, delta in zip(chunk.choices, deltas, strict=True):
        if delta is None:
            choice.delta = None
    return chunk


def test_seed_0_3_every_choice_is_read_and_a_delta_may_be_absent() -> None:
    with Stream(display=False) as s:
        s.on_token(made({"content": "a"}, None, {"content": "b"}))
        s.on_token(made(None))
        s.on_token(made())
    assert [choice.content for choice in s.choices] == ["a", "", "b"]


def test_seed_0_6_absent_attributes_and_0_7_content_that_is_no_text() -> None:
    with Stream(display=False) as s:
        bare = made({"role": "assistant"})
        for name in ("reasoning_content", "thinking_blocks", "content", "tool_calls"):
            if hasattr(bare.choices[0].delta, name):
                delattr(bare.choices[0].delta, name)
        s.on_token(bare)
        s.on_token(made({"content": None}))
        s.on_token(made({"content": ""}))
        s.on_token(made({"content": "only this"}))
    assert brief(s) == [("content", "only this")]


def test_seed_0_8_several_tool_calls_in_a_delta_with_names_and_arguments_apart() -> None:
    head = [{"index": 0, "id": "1", "function": {"name": "f", "arguments": None}}, {"index": 1, "id": "2"}]
    head[1]["function"] = {"name": "g"}
    pieces: list[list[dict[str, Any]]] = [
        head,
        [{"index": 1, "function": {"name": None, "arguments": "[1"}}, {"index": 0, "function": {"arguments": "{}"}}],
        [{"index": 1, "function": {"arguments": "]"}}],
    ]
    with Stream(display=False) as s:
        for calls in pieces:
            s.on_token(made({"tool_calls": [{"type": "function", **call} for call in calls]}))
    assert [(c.id, c.name, c.arguments, c.state) for c in s.tool_calls] == [
        ("1", "f", "{}", "input-available"),
        ("2", "g", "[1]", "input-available"),
    ]


def test_a_block_that_is_repeated_beside_its_signature_is_shown_once() -> None:
    """litellm 1.105 does so; 1.106 sends the signature alone."""
    block = {"type": "thinking", "thinking": "Which city?"}
    with Stream(display=False) as s:
        for text in ("Which ", "city?"):
            s.on_token(made({"reasoning_content": text, "thinking_blocks": [{"type": "thinking", "thinking": text}]}))
        s.on_token(made({"thinking_blocks": [{**block, "signature": "sig"}]}))
    assert brief(s) == [("thinking", "Which city?")]
    assert s.messages[-1]["thinking_blocks"] == [{**block, "signature": "sig"}]


def test_seed_0_15_a_chunk_is_kept_as_it_came() -> None:
    chunk = made({"content": "a"}, id="chatcmpl-1", model="m", created=5)
    with Stream(display=False) as s:
        s.on_token(chunk)
    assert [c.raw for c in s.chunks] == [chunk]
    assert s.response.id == "chatcmpl-1"


async def test_a_stop_is_raised_in_the_loop_that_reads(provider: FakeProvider) -> None:
    provider.script("push-stop", Answer.of([f"{n} " for n in range(50)]))
    s = Stream(display=False)
    count = 0

    def stop(_: ModelResponseStream) -> None:
        nonlocal count
        count += 1
        if count == 10:
            s.stop()

    with pytest.raises(StreamStopped):
        await converse(provider, "openai", "push-stop", [s.on_token, stop])
    assert count == 10
    assert s.wait(10).stopped_by == "user"
