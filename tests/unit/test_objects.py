"""Objects without a network: what is taken, what is refused, and who may read a stream."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import nbstream as nb
from nbstream.sources._buffer import LIMIT, Buffer, Left


def show(x: Any, **more: Any) -> nb.Stream:
    return nb.display_stream(x, display=False, wait=True, **more)


@pytest.mark.parametrize("x", [3, None, {"a": 1}, {1, 2}, b"bytes", object(), str])
def test_an_unknown_object_is_a_type_error_that_names_what_is_accepted(x: Any) -> None:
    with pytest.raises(TypeError, match=r"cannot pull a .* OpenAI, Anthropic or LiteLLM .* generator .*nb\.fake"):
        nb.display_stream(x)


def test_a_prompt_given_by_mistake_is_sent_to_the_right_call() -> None:
    with pytest.raises(TypeError, match=r"to ask a model use nb\.stream"):
        nb.display_stream("Why is the sky blue?")


def words() -> Iterator[str]:
    yield from ("Hel", "lo")


async def awords() -> AsyncIterator[str]:
    for word in ("Hel", "lo"):
        await asyncio.sleep(0)
        yield word


async def unawaiting() -> AsyncIterator[str]:
    for word in ("Hel", "lo"):
        yield word


async def later() -> Any:
    return words()


@pytest.mark.parametrize(
    "make",
    [
        lambda: ["Hel", "lo"],
        lambda: iter(["Hel", "lo"]),
        words,
        lambda: words,
        awords,
        lambda: awords,
        unawaiting,
        lambda: unawaiting,
        lambda: lambda: unawaiting(),
        later,
        lambda: later,
        lambda: lambda: later(),
    ],
)
def test_texts_are_done_at_their_end_without_a_reason(make: Any) -> None:
    s = show(make())
    assert (s.content, s.status, s.finish_reason, s.error) == ("Hello", "done", None, None)


def test_a_dict_of_a_whole_response_is_shown() -> None:
    s = show({"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello, world"}}]})
    assert (s.content, s.status, s.finish_reason) == ("Hello, world", "done", "stop")


def test_ai_sdk_chunks_are_taken() -> None:
    chunks = [
        {"type": "start"},
        {"type": "text-start", "id": "1"},
        {"type": "text-delta", "id": "1", "delta": "Hel"},
        {"type": "text-delta", "id": "1", "delta": "lo"},
        {"type": "text-end", "id": "1"},
        {"type": "finish"},
    ]
    s = show(iter(chunks))
    assert (s.content, s.status) == ("Hello", "done")


def test_langchain_message_chunks_are_taken_by_shape() -> None:
    def chunk(**fields: Any) -> SimpleNamespace:
        empty = {
            "content": "",
            "tool_call_chunks": [],
            "additional_kwargs": {},
            "usage_metadata": None,
            "response_metadata": {},
        }
        return SimpleNamespace(**{"type": "AIMessageChunk", **empty, **fields})

    call = {"name": "f", "args": '{"a":', "id": "c", "index": 0}
    s = show(
        iter(
            [
                chunk(additional_kwargs={"reasoning_content": "Hm."}),
                chunk(content="Hello"),
                chunk(tool_call_chunks=[call]),
                chunk(tool_call_chunks=[{"name": None, "args": "1}", "id": None, "index": 0}]),
                chunk(
                    usage_metadata={"input_tokens": 3, "output_tokens": 4}, response_metadata={"finish_reason": "tool_calls"}
                ),
            ]
        )
    )
    assert (s.thinking, s.content, s.tool_calls[0].parsed, s.usage.output_tokens) == ("Hm.", "Hello", {"a": 1}, 4)
    assert s.finish_reason == "tool_calls"


def test_pydantic_ai_events_are_taken_by_shape() -> None:
    s = show(
        iter(
            [
                {"event_kind": "part_start", "index": 0, "part": {"part_kind": "text", "content": "Hel"}},
                {"event_kind": "part_delta", "index": 0, "delta": {"part_delta_kind": "text", "content_delta": "lo"}},
                {"event_kind": "part_start", "index": 1, "part": {"part_kind": "tool-call", "tool_name": "f", "args": "{}"}},
            ]
        )
    )
    assert (s.content, s.tool_calls[0].name, s.status) == ("Hello", "f", "done")


def test_an_item_of_no_known_shape_ends_in_an_error_that_keeps_the_text() -> None:
    s = show(iter(["one", 2]))
    assert (s.status, s.content, s.error and s.error.code) == ("error", "one", "unknown_item")
    s = show(iter([b"data: x"]))
    assert s.error is not None
    assert "nb.from_sse" in s.error.hint


def test_an_exhausted_generator_is_refused_at_once() -> None:
    made = words()
    list(made)
    with pytest.raises(ValueError, match="exhausted or closed; a stream can be read once"):
        nb.display_stream(made)


def test_two_calls_that_share_a_stream_are_refused() -> None:
    go = threading.Event()

    def slow() -> Iterator[str]:
        yield "one"
        go.wait(5)

    made = slow()
    s = nb.display_stream(made, display=False, wait=False)
    with pytest.raises(ValueError, match="already shown"):
        nb.display_stream(made)
    go.set()
    assert s.wait(5).content == "one"


def test_a_reader_that_leaves_early_does_not_stop_the_run() -> None:
    s = nb.display_stream((f"{n} " for n in range(300)), display=False, wait=False)
    for _ in s.events():
        break
    assert s.wait(5).content == "".join(f"{n} " for n in range(300))


def test_a_callback_may_stop_the_run() -> None:
    held: list[nb.Stream] = []
    ready, over = threading.Event(), threading.Event()

    def endless() -> Iterator[str]:
        ready.wait(5)
        try:
            while True:
                yield "word "
        finally:
            over.set()

    s = nb.display_stream(endless(), display=False, wait=False, on_token=lambda _: held[0].stop())
    held.append(s)
    ready.set()
    assert s.wait(5).stopped_by == "user"
    assert over.wait(5)  # the generator was closed, on the thread that ran it


def test_an_error_of_the_producer_is_named_without_the_key() -> None:
    def broken() -> Iterator[str]:
        yield "one"
        raise RuntimeError("no luck with sk-abcdefghijklmnop1234")

    s = show(broken())
    assert (s.status, s.content) == ("error", "one")
    assert isinstance(s.error, nb.SourceFailed)
    assert "sk-abc" not in str(s.error)


def test_a_function_is_called_again_after_a_refusal() -> None:
    calls: list[int] = []

    def make() -> Iterator[str]:
        calls.append(1)
        if len(calls) == 1:
            raise nb.RateLimitError("too many", retry_after=0.01)
        return words()

    s = show(make)
    assert (s.content, len(calls)) == ("Hello", 2)
    assert any(event.meta.get("attempt") == 2 for event in s.events())


async def test_blocking_the_loop_that_feeds_the_stream_is_refused() -> None:
    s = nb.display_stream(awords(), display=False)
    with pytest.raises(nb.WouldDeadlock):
        s.wait()
    assert (await s).content == "Hello"
    with pytest.raises(nb.WouldDeadlock):
        nb.display_stream(awords(), display=False, wait=True)


@pytest.mark.parametrize("how", ["generator", "coroutine"])
async def test_what_is_async_does_not_hold_up_the_loop_that_runs(how: str) -> None:
    returned = threading.Event()

    async def words() -> AsyncIterator[str]:
        yield "in time" if returned.wait(2) else "too late"

    async def made() -> Any:
        return words()

    s = nb.display_stream(words() if how == "generator" else made(), display=False)
    returned.set()
    assert (await s).content == "in time"


def test_a_full_buffer_holds_the_producer_and_sets_it_free_when_the_consumer_leaves() -> None:
    buffer: Buffer[int] = Buffer()
    ended: list[str] = []

    def produce() -> None:
        try:
            for number in range(1000):
                buffer.put(number)
        except Left:
            ended.append("left")

    thread = threading.Thread(target=produce)
    thread.start()

    async def take(count: int) -> list[int]:
        items = buffer.items()
        found = [await anext(items) for _ in range(count)]
        while len(buffer) < LIMIT:  # noqa: ASYNC110 - a length sets no event
            await asyncio.sleep(0.001)
        assert thread.is_alive()
        await items.aclose()
        return found

    assert asyncio.run(take(10)) == list(range(10))
    thread.join(5)
    assert ended == ["left"]


def test_an_error_reaches_the_consumer_after_everything_before_it() -> None:
    buffer: Buffer[int] = Buffer()
    buffer.put(1)
    buffer.finish(ValueError("broken"))
    found: list[int] = []

    async def take() -> None:
        async for item in buffer.items():
            found.append(item)  # noqa: PERF401 - extending would lose what came before the error

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(take())
    assert found == [1]
