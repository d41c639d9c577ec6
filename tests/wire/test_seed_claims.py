"""What guides to streaming promise in words or in passing, with the real clients, and where their own snippet fails."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

import nbstream as nb
from kinds import ASK, KEY, Site
from provider import Answer, Call, FakeProvider, Gate, Recording, Usage, faults
from wire.tool_faults import OUT_OF_ORDER, PLAIN, events

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


@pytest.fixture(scope="module")
def site(provider: FakeProvider) -> Site:
    return Site(provider)


def ask(site: Site, route: str, model: str, **more: Any) -> nb.Stream:
    wire = {"anthropic": "anthropic", "gemini": "gemini", "ollama_chat": "ollama"}.get(route, "openai")
    given = {"api_base": site.base(wire), "api_key": KEY, "display": False, "wait": True, **more}
    return nb.stream("Go on", model=f"{route}/{model}", **given)


def test_seed_0_1_model_key_and_address_come_from_the_environment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    script = site.provider.script("seed-0-1", Answer.of("Hello", usage=Usage(7, 5)))
    monkeypatch.setenv("NBSTREAM_MODEL", "openai/seed-0-1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", site.base("openai"))
    s = nb.stream("Hi", display=False, wait=True)
    assert (s.content, s.usage.output_tokens, s.error) == ("Hello", 5, None)
    request = script.requests[0]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.json["stream"] is True
    assert KEY not in f"{s.to_markdown()} {s!r} {s.messages}"
    assert ("openai/seed-0-1", "done") in [(run.model, run.status) for run in nb.runs()]


@pytest.mark.parametrize("way", ["pulled", "pushed"])
def test_seed_0_14_the_responses_endpoint_is_shown_as_the_chat_endpoint_is(site: Site, way: str) -> None:
    """The seed's callback is for chat completions only."""
    answer = Answer.of("Hello", thinking="Hm.", calls=[Call("c", "f", '{"a":1}')])
    site.provider.script("seed-0-14", answer)
    stream = site.openai.responses.create(model="seed-0-14", input="Hi", stream=True)
    if way == "pulled":
        s = nb.display_stream(stream, display=False, wait=True)
    else:
        with nb.Stream(display=False) as s:
            for event in stream:
                s.on_token(event)
    assert (s.content, s.thinking, s.tool_calls[0].arguments) == ("Hello", "Hm.", '{"a":1}')


def test_seed_1_15_many_streams_at_once_each_seen_early_stopped_and_failing_alone(site: Site) -> None:
    """The claims: progress before the end, errors as soon as they come, an early end, all of it for many at a time."""
    gates = [Gate() for _ in range(8)]
    shown = [threading.Event() for _ in gates]
    streams = []
    for number, gate in enumerate(gates):
        given = [faults.ErrorEvent(2, message="Too much")] if number == 7 else []
        site.provider.script(f"seed-1-15-{number}", Answer.of(["one ", "two ", "three"]), gate=gate, faults=given)
        streams.append(ask(site, "openai", f"seed-1-15-{number}", wait=False, on_token=lambda _, n=number: shown[n].set()))
        gate.open(1)
    assert all(event.wait(60) for event in shown)  # eight have begun, and none is done
    assert {s.status for s in streams} == {"streaming"}
    assert {s.content for s in streams} == {"one "}
    gates[7].open_all()
    assert "Too much" in str(streams[7].wait(10).error)
    assert streams[7].content == "one two "
    streams[6].stop()
    assert streams[6].wait(10).content == "one "
    assert {s.status for s in streams[:6]} == {"streaming"}
    for gate in gates:
        gate.open_all()
    assert {s.wait(10).content for s in streams[:6]} == {"one two three"}


def test_seed_2_6_the_response_is_what_litellm_builds_of_the_chunks(site: Site) -> None:
    import litellm

    call = Call("c", "f", ['{"a"', ":1}"])
    answer = Answer.of(["Hel", "lo"], thinking="Hm.", calls=[call], usage=Usage(7, 5, 2, 3))
    site.provider.script("seed-2-6", answer)
    chunks = list(site.completion("openai", "seed-2-6", stream_options={"include_usage": True}))
    theirs: Any = litellm.stream_chunk_builder(chunks)
    ours = ask(site, "openai", "seed-2-6").response
    assert type(ours) is type(theirs)
    for response in (ours, theirs):
        message = response.choices[0].message
        assert (message.content, message.reasoning_content) == ("Hello", "Hm.")
        assert [(c.id, c.function.name, c.function.arguments) for c in message.tool_calls] == [("c", "f", '{"a":1}')]
        assert response.choices[0].finish_reason == "tool_calls"
        assert (response.usage.prompt_tokens, response.usage.completion_tokens) == (7, 5)
    assert ours.model.endswith("seed-2-6")


@pytest.mark.parametrize("route", ["openai", "anthropic", "gemini"])
def test_seed_2_13_usage_comes_last_with_cached_and_reasoning_tokens(site: Site, route: str) -> None:
    site.provider.script(f"seed-2-13-{route}", Answer.of("Hello", thinking="Hm.", usage=Usage(9, 5, 2, 3)))
    s = ask(site, route, f"seed-2-13-{route}")
    assert (s.usage.input_tokens, s.usage.output_tokens, s.usage.cached_tokens) == (9, 5, 3)
    assert (s.thinking, s.usage.estimated) == ("Hm.", False)


def test_seed_2_13_local_models_have_thinking_in_a_field_of_its_own(site: Site) -> None:
    site.provider.script("seed-2-13-local", Answer.of("Hello", thinking="Hm."))
    s = ask(site, "ollama_chat", "seed-2-13-local")
    assert [(section.kind, section.text) for section in s.sections] == [("thinking", "Hm."), ("content", "Hello")]


def test_seed_2_13_a_picture_goes_with_the_question(site: Site) -> None:
    script = site.provider.script("seed-2-13-vision", Answer.of("A square"))
    assert ask(site, "openai", "seed-2-13-vision", images=[PNG]).content == "A square"
    parts = script.requests[0].json["messages"][-1]["content"]
    assert [part["type"] for part in parts if part["type"] != "text"] == ["image_url"]
    assert parts[-1]["image_url"]["url"].startswith("data:image/png;base64,")


def test_seed_2_13_citations_are_sources_of_their_own(site: Site) -> None:
    def sse(**event: Any) -> bytes:
        return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()

    citation = {"type": "web_search_result_location", "url": "http://a.example/", "title": "A", "cited_text": "b"}
    opening = {"id": "m", "role": "assistant", "content": [], "model": "m", "usage": {"input_tokens": 1, "output_tokens": 1}}
    site.provider.script(
        "seed-2-13-cited",
        Recording(
            [
                sse(type="message_start", message=opening),
                sse(type="content_block_start", index=0, content_block={"type": "text", "text": ""}),
                sse(type="content_block_delta", index=0, delta={"type": "text_delta", "text": "Yes"}),
                sse(type="content_block_delta", index=0, delta={"type": "citations_delta", "citation": citation}),
                sse(type="content_block_stop", index=0),
                sse(type="message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2}),
                sse(type="message_stop"),
            ]
        ),
    )
    s = ask(site, "anthropic", "seed-2-13-cited")
    assert (s.content, s.status) == ("Yes", "done")
    assert [section.text for section in s.sections if section.kind == "source"] == ["http://a.example/"]


@pytest.mark.parametrize("route", ["openai", "anthropic"])
def test_seed_2_13_an_answer_by_a_schema_is_text_also_where_the_library_asks_for_a_call(site: Site, route: str) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    parts = ['{"a"', ": 1}"]
    answer = Answer.of(parts) if route == "openai" else Answer.of(calls=[Call("c", "json_tool_call", parts)])
    site.provider.script(f"seed-2-13-schema-{route}", answer)
    s = ask(site, route, f"seed-2-13-schema-{route}", response_format=schema)
    assert (s.status, s.content, s.parsed, s.fields) == ("done", '{"a": 1}', {"a": 1}, {("a",): 1})


def test_seed_3_1_slow_work_shows_its_progress_before_the_first_token(site: Site) -> None:
    """The uses that the seed names: chat, long answers, progress of slow work, calls of functions."""
    gate = Gate()
    text = "A long answer. " * 2_000
    calls = [Call("c", "slow_search", ['{"q": ', '"x"}'])]
    site.provider.script("seed-3-1", Answer.of(text, calls=calls, cut=5_000), gate=gate)
    s = ask(site, "openai", "seed-3-1", wait=False)
    phases = []
    for event in s.events():
        if phase := event.meta.get("phase"):
            phases.append(phase)
        if phase == "waiting":
            assert s.status == "submitted"
            gate.open(7)  # the text and the name of the call
        if event.kind == "tool" and event.type == "open":
            assert (s.tool_calls[0].name, s.tool_calls[0].state) == ("slow_search", "input-streaming")
            gate.open_all()
    assert phases[-1] == "waiting"
    assert (s.content, s.tool_calls[0].parsed, s.tool_calls[0].state) == (text, {"q": "x"}, "input-available")


def test_seed_3_6_calls_are_told_apart_by_index_and_events_by_kind(site: Site) -> None:
    """The seed appends a call when an index is new, and looks it up by that index: the first index must be 0."""

    def theirs(chunks: Any) -> list[Any]:
        collected: list[Any] = []
        for chunk in chunks:
            for part in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
                if part.index >= len(collected):
                    collected.append({"id": part.id, "function": {"name": "", "arguments": ""}})
                collected[part.index]["function"]["name"] += part.function.name or ""
                collected[part.index]["function"]["arguments"] += part.function.arguments or ""
        return collected

    given = [faults.Raw(1, events("openai chat", OUT_OF_ORDER))]
    site.provider.script("seed-3-6", Answer.of("Hello"), faults=given)
    with pytest.raises(IndexError):
        theirs(site.openai.chat.completions.create(model="seed-3-6", messages=ASK, stream=True))
    s = nb.display_stream(
        site.openai.chat.completions.create(model="seed-3-6", messages=ASK, stream=True), display=False, wait=True
    )
    assert {call.name: call.arguments for call in s.tool_calls} == PLAIN
    told = [(event.kind, event.delta) for event in s.events() if event.delta]
    assert told[0] == ("content", "Hello")
    assert {kind for kind, _ in told[1:]} == {"tool"}
