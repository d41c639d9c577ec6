"""Each wire format of the fake provider, read back by software that is not ours.

Belongs here: what official clients make of it. Does not belong here: what our sources make of it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import anthropic
import httpx
import openai
import pytest

from provider import Answer, Call, FakeProvider, Piece, Usage, faults

TEXT = 'a\u2028b\u2029c\u0085d é 👩‍👩‍👧 e\u0301 中文 \r\n\x00 "quoted" \\ end '
THINKING = "Hm\u2028, 🤔 let me see.\n"
ARGUMENTS = '{"city": "Zürich \u2028 🏔", "days": [1, 2.5, null]}'
USAGE = Usage(input=120, output=45, reasoning=10, cached=20)
PROMPT = [{"role": "user", "content": "Hi"}]


def full(cut: int | None = 3) -> Answer:
    return Answer.of(TEXT, thinking=THINKING, calls=[Call("call_1", "get_weather", ARGUMENTS)], cut=cut, usage=USAGE)


@pytest.fixture
def chat(provider: FakeProvider) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="sk-test-key", base_url=provider.base("openai"), max_retries=0) as client:
        yield client


@pytest.fixture
def claude(provider: FakeProvider) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key="sk-test-key", base_url=provider.base("anthropic"), max_retries=0) as client:
        yield client


SHAPES = {
    "whole": [],
    "every byte": [faults.Split.every_byte()],
    "at random bytes": [faults.Split(*random.Random(7).sample(range(1, 9000), 200))],
    "coalesced": [faults.Coalesce(7)],
}


@pytest.fixture(params=SHAPES.values(), ids=SHAPES.keys())
def shape(request: pytest.FixtureRequest) -> list[faults.Fault]:
    return list(request.param)


def test_the_openai_sdk_reads_a_chat_stream_exactly(
    provider: FakeProvider, chat: openai.OpenAI, shape: list[faults.Fault]
) -> None:
    provider.script("chat-exact", full(), faults=shape)
    thinking = content = arguments = name = ""
    reason = usage = None
    with chat.chat.completions.create(
        model="chat-exact", messages=PROMPT, stream=True, stream_options={"include_usage": True}
    ) as stream:
        for chunk in stream:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                thinking += getattr(choice.delta, "reasoning_content", None) or ""
                content += choice.delta.content or ""
                reason = choice.finish_reason or reason
                for call in choice.delta.tool_calls or []:
                    name += call.function.name or ""
                    arguments += call.function.arguments or ""
    assert (thinking, content, name, arguments) == (THINKING, TEXT, "get_weather", ARGUMENTS)
    assert reason == "tool_calls"
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (120, 45, 165)
    assert usage.completion_tokens_details.reasoning_tokens == 10
    assert usage.prompt_tokens_details.cached_tokens == 20


def test_usage_is_sent_in_a_chat_stream_only_to_those_who_ask_for_it(provider: FakeProvider, chat: openai.OpenAI) -> None:
    provider.script("chat-usage", full())
    with chat.chat.completions.create(model="chat-usage", messages=PROMPT, stream=True) as stream:
        assert [chunk.usage for chunk in stream if chunk.usage] == []


def test_choices_of_a_chat_stream_stay_apart(provider: FakeProvider, chat: openai.OpenAI) -> None:
    pieces = [Piece("content", text, choice=choice) for text, choice in [("a", 0), ("x", 1), ("b", 0), ("y", 1)]]
    provider.script("chat-choices", Answer(pieces))
    texts = {0: "", 1: ""}
    reasons: dict[int, str] = {}
    with chat.chat.completions.create(model="chat-choices", messages=PROMPT, stream=True, n=2) as stream:
        for choice in (choice for chunk in stream for choice in chunk.choices):
            texts[choice.index] += choice.delta.content or ""
            if choice.finish_reason:
                reasons[choice.index] = choice.finish_reason
    assert texts == {0: "ab", 1: "xy"}
    assert reasons == {0: "stop", 1: "stop"}


def test_two_calls_of_a_chat_stream_may_grow_in_turn(provider: FakeProvider, chat: openai.OpenAI) -> None:
    pieces = [
        Piece("tool", index=0, id="c0", name="f"),
        Piece("tool", index=1, id="c1", name="g"),
        Piece("tool", '{"a"', index=0),
        Piece("tool", '{"b"', index=1),
        Piece("tool", ":1}", index=0),
        Piece("tool", ":2}", index=1),
    ]
    provider.script("chat-calls", Answer(pieces, "tool_calls"))
    with chat.chat.completions.stream(model="chat-calls", messages=PROMPT) as stream:
        calls = stream.get_final_completion().choices[0].message.tool_calls
    assert [(c.id, c.function.name, c.function.arguments) for c in calls] == [("c0", "f", '{"a":1}'), ("c1", "g", '{"b":2}')]


def test_the_openai_sdk_reads_a_responses_stream_exactly(
    provider: FakeProvider, chat: openai.OpenAI, shape: list[faults.Fault]
) -> None:
    provider.script("responses-exact", full(), faults=shape)
    deltas = {"response.reasoning_summary_text.delta": "", "response.output_text.delta": ""}
    deltas["response.function_call_arguments.delta"] = ""
    with chat.responses.stream(model="responses-exact", input="Hi") as stream:
        for event in stream:
            if event.type in deltas:
                deltas[event.type] += event.delta
        final = stream.get_final_response()
    assert list(deltas.values()) == [THINKING, TEXT, ARGUMENTS]
    reasoning, message, call = final.output
    assert reasoning.summary[0].text == THINKING
    assert message.content[0].text == final.output_text == TEXT
    assert (call.call_id, call.name, call.arguments) == ("call_1", "get_weather", ARGUMENTS)
    assert final.status == "completed"
    assert (final.usage.input_tokens, final.usage.output_tokens) == (120, 45)
    assert final.usage.output_tokens_details.reasoning_tokens == 10


def test_a_responses_stream_that_was_cut_by_the_limit_is_incomplete(provider: FakeProvider, chat: openai.OpenAI) -> None:
    provider.script("responses-length", Answer.of("Hello", finish_reason="length"))
    with chat.responses.create(model="responses-length", input="Hi", stream=True) as stream:
        last = list(stream)[-1]
    assert last.type == "response.incomplete"
    assert last.response.incomplete_details.reason == "max_output_tokens"


def test_the_anthropic_sdk_reads_a_stream_exactly(
    provider: FakeProvider, claude: anthropic.Anthropic, shape: list[faults.Fault]
) -> None:
    provider.script("anthropic-exact", full(), faults=shape)
    partial = ""
    with claude.messages.stream(model="anthropic-exact", messages=PROMPT, max_tokens=1000) as stream:
        for event in stream:
            if event.type == "input_json":
                partial += event.partial_json
        message = stream.get_final_message()
    thinking, text, call = message.content
    assert (thinking.thinking, text.text, partial) == (THINKING, TEXT, ARGUMENTS)
    assert thinking.signature
    assert (call.id, call.name, call.input) == ("call_1", "get_weather", json.loads(ARGUMENTS))
    assert message.stop_reason == "tool_use"
    assert (message.usage.input_tokens, message.usage.cache_read_input_tokens, message.usage.output_tokens) == (100, 20, 45)


LITELLM = {"gemini": "gemini/{}", "ollama": "ollama_chat/{}"}


@pytest.mark.parametrize("name", LITELLM)
async def test_litellm_reads_a_stream_exactly(provider: FakeProvider, name: str) -> None:
    import litellm

    # Escapes, because litellm's own line splitting loses text at raw line separators.
    provider.script(f"{name}-exact", full(), raw=False)
    stream = await litellm.acompletion(
        model=LITELLM[name].format(f"{name}-exact"),
        api_base=provider.base(name),
        api_key="k",
        messages=PROMPT,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas) == THINKING
    assert "".join(delta.content or "" for delta in deltas) == TEXT
    functions = [call.function for delta in deltas for call in getattr(delta, "tool_calls", None) or []]
    assert [function.name for function in functions if function.name] == ["get_weather"]
    assert json.loads("".join(function.arguments or "" for function in functions)) == json.loads(ARGUMENTS)
    usage = next(chunk.usage for chunk in reversed(chunks) if getattr(chunk, "usage", None))
    assert (usage.prompt_tokens, usage.completion_tokens) == (120, 45)


PATHS = {
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/{}:streamGenerateContent?alt=sse",
    "ollama": "/api/chat",
}


def strings(value: object) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("name", PATHS)
def test_each_payload_is_one_line_of_json_and_raw_only_if_asked(provider: FakeProvider, name: str, raw: bool) -> None:
    model = f"lines-{name}-{raw}"
    provider.script(model, full(cut=None), raw=raw)
    body = httpx.post(provider.url + PATHS[name].format(model), json={"model": model, "stream": True}).content
    payloads = body.split(b"\n") if name == "ollama" else [line[6:] for line in body.split(b"\n") if line.startswith(b"data: ")]
    found = [text for payload in payloads if payload not in (b"", b"[DONE]") for text in strings(json.loads(payload))]
    assert TEXT in found
    assert ("a\u2028b".encode() in body) is raw
    assert body.isascii() is not raw


@pytest.mark.parametrize("name", PATHS)
def test_a_chunk_carries_one_piece_and_the_last_one_the_end(provider: FakeProvider, name: str) -> None:
    model = f"chunks-{name}"
    script = provider.script(model, Answer.of(["one", "two", "three"], thinking=["hm"]))
    httpx.post(provider.url + PATHS[name].format(model), json={"model": model, "stream": True})
    assert script.chunks == script.wait_for_connection().chunks_sent == 5


def test_half_a_surrogate_pair_is_sent_as_an_escape(provider: FakeProvider) -> None:
    provider.script("surrogates", Answer.of(["\ud83d", "\ude00", "é"]))
    body = httpx.post(f"{provider.base('openai')}/chat/completions", json={"model": "surrogates", "stream": True}).content
    assert rb"\ud83d" in body
    assert rb"\ude00" in body
    assert "é".encode() in body


def test_replies_that_are_no_streams_hold_the_whole_answer(
    provider: FakeProvider, chat: openai.OpenAI, claude: anthropic.Anthropic
) -> None:
    provider.script("reply", full())
    spoken = chat.chat.completions.create(model="reply", messages=PROMPT)
    assert spoken.choices[0].message.content == TEXT
    assert spoken.choices[0].message.tool_calls[0].function.arguments == ARGUMENTS
    assert spoken.usage.total_tokens == 165
    assert chat.responses.create(model="reply", input="Hi").output_text == TEXT
    thinking, text, call = claude.messages.create(model="reply", messages=PROMPT, max_tokens=1000).content
    assert (thinking.thinking, text.text, call.input) == (THINKING, TEXT, json.loads(ARGUMENTS))
    gemini = httpx.post(f"{provider.url}/v1beta/models/reply:generateContent", json={"contents": []}).json()
    assert [part.get("text") for part in gemini["candidates"][0]["content"]["parts"]] == [THINKING, TEXT, None]
    ollama = httpx.post(f"{provider.url}/api/chat", json={"model": "reply", "stream": False}).json()
    assert (ollama["message"]["thinking"], ollama["message"]["content"]) == (THINKING, TEXT)


@pytest.mark.parametrize("name", PATHS)
def test_an_answer_without_a_finish_reason_names_none(provider: FakeProvider, name: str) -> None:
    model = f"endless-{name}"
    provider.script(model, Answer.of("Hello", finish_reason=None))
    body = httpx.post(provider.url + PATHS[name].format(model), json={"model": model, "stream": True}).text
    assert "Hello" in body
    for word in ('"finish_reason":"', "finishReason", "done_reason", '"stop_reason":"', "response.completed"):
        assert word not in body
