"""The seed documents' ways to stream, each with the real client: what they show, and where their own snippet fails."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import nbstream as nb
from kinds import ASK, KEY, Site
from provider import Answer, Call, FakeProvider, Gate, Usage, faults

WORDS = Answer.of([f"word{n} " for n in range(150)])


@pytest.fixture(scope="module")
def site(provider: FakeProvider) -> Site:
    return Site(provider)


def show(x: Any, **more: Any) -> nb.Stream:
    return nb.display_stream(x, display=False, wait=True, **more)


def ask(site: Site, route: str, model: str, **more: Any) -> nb.Stream:
    wire = {"anthropic": "anthropic", "gemini": "gemini"}.get(route, "openai")
    return nb.stream(
        "Go on", model=f"{route}/{model}", api_base=site.base(wire), api_key=KEY, display=False, **{"wait": True, **more}
    )


def test_seed_0_14_responses_events_are_taken_too(site: Site) -> None:
    site.provider.script("seed-0-14", Answer.of("Hello", thinking="Hm.", calls=[Call("c", "f", '{"a":1}')]))
    s = show(site.openai.responses.create(model="seed-0-14", input="Hi", stream=True))
    assert (s.content, s.thinking, s.tool_calls[0].arguments) == ("Hello", "Hm.", '{"a":1}')


def test_seed_1_1_openai_with_a_system_prompt_gives_the_full_text(site: Site) -> None:
    script = site.provider.script("seed-1-1", Answer.of("Hello, world", cut=2))
    messages = [{"role": "system", "content": "Be brief"}, *ASK]
    s = show(site.openai.chat.completions.create(model="seed-1-1", messages=messages, stream=True))
    assert s.content == "Hello, world"
    assert script.requests[0].json["messages"] == messages


async def test_seed_1_2_openai_async(site: Site) -> None:
    site.provider.script("seed-1-2", Answer.of("Hello, world", cut=2))
    s = nb.display_stream(
        await site.aopenai().chat.completions.create(model="seed-1-2", messages=ASK, stream=True), display=False
    )
    assert (await s).content == "Hello, world"


def test_seed_1_3_on_token_and_on_complete(site: Site) -> None:
    site.provider.script("seed-1-3", Answer.of(["Hel", "lo"]))
    tokens: list[str] = []
    done = threading.Event()
    show(
        site.openai.chat.completions.create(model="seed-1-3", messages=ASK, stream=True),
        on_token=tokens.append,
        on_complete=lambda s: (tokens.append(s.content), done.set()),
    )
    assert done.wait(5)
    assert tokens == ["Hel", "lo", "Hello"]


def test_seed_1_4_anthropic_text_stream(site: Site) -> None:
    site.provider.script("seed-1-4", Answer.of(["Hel", "lo"]))
    with site.anthropic.messages.stream(model="seed-1-4", max_tokens=9, messages=ASK) as stream:
        assert show(stream.text_stream).content == "Hello"


def test_seed_1_5_anthropic_events_give_text_tokens_and_the_reason(site: Site) -> None:
    site.provider.script("seed-1-5", Answer.of("Hello", usage=Usage(7, 5)))
    s = show(site.anthropic.messages.stream(model="seed-1-5", max_tokens=9, messages=ASK))
    assert (s.content, s.usage.input_tokens, s.usage.output_tokens, s.finish_reason) == ("Hello", 7, 5, "stop")


async def test_seed_1_6_anthropic_async(site: Site) -> None:
    site.provider.script("seed-1-6", Answer.of(["Hel", "lo"]))
    async with site.aanthropic().messages.stream(model="seed-1-6", max_tokens=9, messages=ASK) as stream:
        s = nb.display_stream(stream.text_stream, display=False)
        assert (await s).content == "Hello"


def test_seed_1_11_cancel_keeps_the_partial_text_and_ends_the_provider(site: Site) -> None:
    """The seed's CancellableStream sets a flag and breaks: the provider runs on."""
    theirs = site.provider.script("seed-1-11a", WORDS, rate=200)
    stream = site.openai.chat.completions.create(model="seed-1-11a", messages=ASK, stream=True)
    for number, _ in enumerate(stream):
        if number == 5:
            break
    connection = theirs.wait_for_connection()
    connection.wait_chunks(100)  # long after the break
    assert connection.closed_at is None
    stream.close()

    ours = site.provider.script("seed-1-11b", WORDS, rate=200)
    s = nb.display_stream(
        site.openai.chat.completions.create(model="seed-1-11b", messages=ASK, stream=True), display=False, wait=False
    )
    connection = ours.wait_for_connection()
    connection.wait_chunks(6)
    s.stop()
    connection.wait_closed(1)
    assert connection.closed_by == "client"
    assert s.wait(5).stopped_by == "user"
    assert "".join(f"word{n} " for n in range(150)).startswith(s.content)


def test_seed_1_12_a_token_limit_stops_the_provider(site: Site) -> None:
    script = site.provider.script("seed-1-12", WORDS, rate=200)
    s = ask(site, "openai", "seed-1-12", max_output_tokens=10)
    assert (s.status, s.stopped_by) == ("stopped", "max_tokens")
    assert script.connections[0].chunks_sent < 60


@pytest.mark.parametrize("route", ["openai", "anthropic", "groq"])
def test_seed_2_1_and_2_2_completion_on_several_providers(site: Site, route: str) -> None:
    site.provider.script(f"seed-2-2-{route}", Answer.of(["Hel", "lo"]))
    s = show(site.completion(route, f"seed-2-2-{route}"))
    assert (s.status, s.content) == ("done", "Hello")


async def test_seed_2_3_acompletion(site: Site) -> None:
    site.provider.script("seed-2-3", Answer.of(["Hel", "lo"]))
    s = nb.display_stream(await site.acompletion("openai", "seed-2-3"), display=False)
    assert (await s).content == "Hello"


def test_seed_2_4_and_2_5_tools_with_deltas_and_reasoning_apart(site: Site) -> None:
    site.provider.script(
        "seed-2-4", Answer.of("Hi", thinking="Hm.", calls=[Call("c", "get_weather", ['{"location"', ':"NYC"}'])])
    )
    s = show(site.completion("anthropic", "seed-2-4"))
    assert [section.kind for section in s.sections] == ["thinking", "content", "tool"]
    assert (s.tool_calls[0].name, s.tool_calls[0].parsed) == ("get_weather", {"location": "NYC"})


def test_seed_2_7_errors_are_one_tree_and_keep_what_came(site: Site) -> None:
    site.provider.script("seed-2-7", WORDS, faults=[faults.Hang(3)])
    s = ask(site, "openai", "seed-2-7", timeout=nb.Timeout(idle=0.2))
    assert isinstance(s.error, nb.LimitError)
    assert s.content == "word0 word1 word2 "
    site.provider.script("seed-2-7b", WORDS, faults=[faults.Status(500)])
    s = show(lambda: site.openai.chat.completions.create(model="seed-2-7b", messages=ASK, stream=True))
    assert isinstance(s.error, nb.ServerError)
    assert s.error.hint


def test_seed_2_8_usage_in_the_last_chunk(site: Site) -> None:
    site.provider.script("seed-2-8", Answer.of("Hello", usage=Usage(3, 4)))
    s = show(site.completion("openai", "seed-2-8", stream_options={"include_usage": True}))
    assert (s.usage.input_tokens, s.usage.output_tokens, s.usage.estimated) == (3, 4, False)


def test_seed_2_9_a_whole_response_is_shown_in_the_same_way(site: Site) -> None:
    text = "A longer answer, in several words."
    site.provider.script("seed-2-9", Answer.of(text, thinking="Hm."))
    s = show(site.openai.chat.completions.create(model="seed-2-9", messages=ASK))
    assert (s.status, s.content, s.thinking) == ("done", text, "Hm.")
    assert sum(event.type == "append" and event.kind == "content" for event in s.events()) > 3


@pytest.mark.parametrize("how", ["environment", "module"])
def test_seed_2_10_the_longest_duration_is_honoured(site: Site, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """The seed sets it on the module, where LiteLLM takes no notice of it."""
    name = "LITELLM_MAX_STREAMING_DURATION_SECONDS"
    if how == "module":
        import litellm

        monkeypatch.setattr(litellm, name, 0.3, raising=False)
        assert "litellm" in sys.modules
    else:
        monkeypatch.setenv(name, "0.3")
    script = site.provider.script(f"seed-2-10-{how}", WORDS, rate=50)
    started = time.monotonic()
    s = ask(site, "openai", f"seed-2-10-{how}")
    assert (s.status, s.stopped_by) == ("stopped", "max_duration")
    assert time.monotonic() - started >= 0.3
    assert script.connections[0].chunks_sent < 100


def test_seed_2_11_openai_patterns_on_litellm_objects(site: Site) -> None:
    site.provider.script("seed-2-11", Answer.of(["Hel", "lo"]))

    def texts() -> Iterator[str]:
        for chunk in site.completion("anthropic", "seed-2-11"):
            if content := chunk.choices[0].delta.content:
                yield content

    assert show(texts()).content == "Hello"


def test_seed_2_14_a_model_that_does_not_stream_is_asked_for_the_whole(site: Site) -> None:
    refusal = faults.Status(400, times=1, message="Streaming is not supported for this model.")
    script = site.provider.script("seed-2-14", Answer.of("Hello, whole world", thinking="Hm."), faults=[refusal])
    s = ask(site, "openai", "seed-2-14")
    assert (s.status, s.content) == ("done", "Hello, whole world")
    assert [bool(request.json.get("stream")) for request in script.requests] == [True, False]


async def test_seed_3_2_an_async_def_that_drives_a_sync_client_can_be_stopped(site: Site) -> None:
    """The seed's generator blocks the event loop: nothing else runs on it until its stream is over."""

    async def stream_response() -> AsyncIterator[str]:
        for chunk in site.openai.chat.completions.create(model="seed-3-2", messages=ASK, stream=True):
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content

    script = site.provider.script("seed-3-2", WORDS, faults=[faults.Hang(4)])
    s = nb.display_stream(stream_response(), display=False)

    def click() -> None:
        script.wait_for_connection().wait_chunks(4)
        s.stop()

    threading.Thread(target=click).start()
    assert (await s).stopped_by == "user"
    script.connections[0].wait_closed(1)


async def test_seed_3_3_an_async_generator(site: Site) -> None:
    async def tokens() -> AsyncIterator[str]:
        for text in ("Hel", "lo"):
            await asyncio.sleep(0)
            yield text

    assert (await nb.display_stream(tokens(), display=False)).content == "Hello"


def test_seed_3_7_tool_calls_are_executed_and_their_results_go_back(site: Site) -> None:
    """The seed hands the calls on and never asks again."""
    calls = [Call("a", "add", '{"x": 1, "y": 2}'), Call("b", "add", '{"x": 3, "y": 4}')]
    script = site.provider.script("seed-3-7", [Answer.of("Adding.", calls=calls), Answer.of("3 and 7")])
    s = ask(site, "openai", "seed-3-7")
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": str(sum(json.loads(call.arguments).values()))}
        for call in s.tool_calls
    ]
    assert s.ask(results, display=False, wait=True).content == "3 and 7"
    assert script.requests[1].json["messages"][-2:] == [
        {"role": "tool", "tool_call_id": "a", "content": "3"},
        {"role": "tool", "tool_call_id": "b", "content": "7"},
    ]


def test_seed_3_8_a_producer_that_raises_ends_the_run() -> None:
    """The seed's recipe never puts its sentinel when the producer raises: its consumer waits for ever."""

    def producer() -> Iterator[str]:
        yield "one "
        raise ValueError("the source broke")

    async def theirs() -> None:
        queue: asyncio.Queue[str | None] = asyncio.Queue(maxsize=100)

        async def produce() -> None:
            for token in producer():
                await queue.put(token)
            await queue.put(None)

        task = asyncio.create_task(produce())
        while await queue.get() is not None:  # noqa: ASYNC110 - as the seed has it
            await asyncio.sleep(0)
        await task

    async def hangs() -> bool:
        try:
            await asyncio.wait_for(theirs(), 0.3)
        except TimeoutError:
            return True
        return False

    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    assert loop.run_until_complete(hangs())
    loop.close()

    s = show(producer())
    assert (s.status, s.content) == ("error", "one ")
    assert "the source broke" in str(s.error)


def test_seed_3_9_the_buffer_is_bounded_and_the_producer_waits() -> None:
    made: list[int] = []
    gate = threading.Event()

    def producer() -> Iterator[str]:
        for number in range(1000):
            made.append(number)
            yield f"{number} "

    def slow(transcript: nb.Transcript) -> bool:
        if transcript.content:
            gate.wait(5)  # the run is held up: the producer may be 128 items ahead, no more
        return False

    s = nb.display_stream(producer(), display=False, wait=False, stop_when=slow)
    deadline = time.monotonic() + 5
    while len(made) < 129 and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    threading.Event().wait(0.1)
    assert 128 <= len(made) <= 132
    gate.set()
    assert s.wait(20).content == "".join(f"{n} " for n in range(1000))


def test_seed_3_10_a_run_without_an_end_is_ended_and_its_connection_closed(site: Site) -> None:
    script = site.provider.script("seed-3-10", WORDS, gate=Gate())
    s = show(lambda: site.openai.chat.completions.create(model="seed-3-10", messages=ASK, stream=True), timeout=0.3)
    assert s.stopped_by == "max_duration"
    script.connections[0].wait_closed(1)
