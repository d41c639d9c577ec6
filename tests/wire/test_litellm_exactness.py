"""What the litellm source yields is what the provider sent, whatever the text and however it is cut."""

from __future__ import annotations

import json

import pytest

from provider import Answer, Call, FakeProvider, Piece, Recording, Usage, faults
from wire.routes import ROUTES, run, scripted, source

SEPARATORS = "line\u2028paragraph\u2029next\u0085nul\x00crlf\r\nvt\x0bfs\x1crs\x1eend "
TEXT = (
    "  The sky 🌍 is blue; family 👩‍👩‍👧‍👦, flags 🇩🇪🏴󠁧󠁢󠁥󠁮󠁧󠁿, e\u0301 and Z\u0351\u036b, שלום עולם, 日本語, \ufeffmark. "
    + SEPARATORS
    + 'data: {"not": "an event"}\n\n: no comment\n[DONE]\\u2028 "quoted" </b> `code`\n\n  '
)
ARGUMENTS = json.dumps({"city": "Zürich\u2028\u2029\u0085 👩‍👩‍👧", "n": [1, 2.5, None]}, ensure_ascii=False)


def answer(route: str, cut: int | None) -> Answer:
    arguments = [ARGUMENTS[i : i + (cut or 999)] for i in range(0, len(ARGUMENTS), cut or 999)]
    return Answer.of(TEXT, thinking=TEXT[::-1], calls=[Call("call_1", "get_weather", arguments)], cut=cut)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("cut", [1, None])
async def test_the_text_is_exact_at_every_split_point(provider: FakeProvider, route: str, cut: int | None) -> None:
    model = f"exact-{route}-{cut}"
    provider.script(scripted(route, model), answer(route, cut))
    outcome = await run(source(provider, route, model))
    assert outcome.error is None
    assert outcome.text("content") == TEXT
    if route != "openrouter":  # its thinking is called `reasoning`: see below
        assert outcome.text("thinking") == TEXT[::-1]
    if ROUTES[route] in ("gemini", "ollama"):  # these formats send arguments as an object
        assert json.loads(outcome.text("tool")) == json.loads(ARGUMENTS)
    else:
        assert outcome.text("tool") == ARGUMENTS
    assert outcome.finish_reasons == {0: "tool_calls"}


@pytest.mark.parametrize("route", ["openai", "anthropic", "gemini", "groq", "ollama_chat"])
@pytest.mark.parametrize(
    "fault",
    [faults.Split.every_byte(), faults.Coalesce(5), faults.KeepAlive(), faults.Bom(), faults.EmptyData(1)],
    ids=lambda fault: type(fault).__name__,
)
async def test_the_text_is_exact_however_the_bytes_are_cut(provider: FakeProvider, route: str, fault: faults.Fault) -> None:
    model = f"bytes-{route}-{type(fault).__name__}"
    provider.script(scripted(route, model), Answer.of(TEXT, cut=60), faults=[fault])
    outcome = await run(source(provider, route, model))
    assert outcome.error is None
    assert outcome.text("content") == TEXT
    assert outcome.finish_reasons == {0: "stop"}


@pytest.mark.parametrize("route", ["openai", "anthropic", "gemini", "mistral", "ollama_chat"])
async def test_an_answer_may_repeat_itself(provider: FakeProvider, route: str) -> None:
    provider.script(f"again-{route}", Answer.of(["0000 "] * 250))
    outcome = await run(source(provider, route, f"again-{route}"))
    assert (outcome.error, outcome.text("content")) == (None, "0000 " * 250)


@pytest.mark.parametrize("route", ["openai", "groq"])
async def test_an_emoji_split_into_two_surrogates_arrives_whole(provider: FakeProvider, route: str) -> None:
    provider.script(f"surrogate-{route}", Answer.of(["a\ud83d", "\ude00b"]))
    outcome = await run(source(provider, route, f"surrogate-{route}"))
    assert outcome.text("content") == "a😀b"


@pytest.mark.parametrize("route", ["openai", "groq", "hosted_vllm"])
async def test_several_choices_stay_apart(provider: FakeProvider, route: str) -> None:
    pieces = [Piece("content", f"{n}{choice} ", choice=choice) for n in range(5) for choice in (1, 0)]
    provider.script(f"choices-{route}", Answer(pieces=tuple(pieces), finish_reason="length"))
    outcome = await run(source(provider, route, f"choices-{route}", n=2))
    assert outcome.text("content", 0) == "00 10 20 30 40 "
    assert outcome.text("content", 1) == "01 11 21 31 41 "
    assert outcome.finish_reasons == {0: "length", 1: "length"}


@pytest.mark.parametrize("route", ROUTES)
async def test_finish_reason_and_usage_are_those_of_the_provider(provider: FakeProvider, route: str) -> None:
    given = Answer.of("Hello", finish_reason="length", usage=Usage(11, 7))
    script = provider.script(scripted(route, f"usage-{route}"), given)
    outcome = await run(source(provider, route, f"usage-{route}"))
    assert outcome.finish_reasons == {0: "length"}
    estimated = any((d.note or {}).get("estimated") for d in outcome.deltas)
    if ROUTES[route] == "openai" and "stream_options" not in script.requests[0].json:
        assert estimated  # litellm does not ask for usage on this route
    else:
        assert (outcome.usage["input_tokens"], outcome.usage["output_tokens"]) == (11, 7)
        assert not estimated


@pytest.mark.parametrize("route", ROUTES)
async def test_a_clean_end_without_a_finish_reason_yields_none(provider: FakeProvider, route: str) -> None:
    provider.script(scripted(route, f"noend-{route}"), Answer.of("Hello world", cut=4), faults=[faults.NoEnd()])
    outcome = await run(source(provider, route, f"noend-{route}"))
    assert (outcome.error, outcome.text("content")) == (None, "Hello world")
    assert outcome.finish_reasons == {}


async def test_openrouters_reasoning_is_thinking(provider: FakeProvider) -> None:
    deltas = [{"reasoning": "Hm\u2028"}, {"reasoning": " so."}, {"content": "Yes"}]
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    chunks = [{**head, "choices": [{"index": 0, "delta": d, "finish_reason": None}]} for d in deltas]
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    body = [b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n" for chunk in chunks]
    provider.script("reasoning-1", Recording([*body, b"data: [DONE]\n\n"]))
    outcome = await run(source(provider, "openrouter", "reasoning-1"))
    assert (outcome.text("thinking"), outcome.text("content")) == ("Hm\u2028 so.", "Yes")
    assert outcome.finish_reasons == {0: "stop"}


async def test_every_chunk_is_kept_raw_and_the_phases_come_first(provider: FakeProvider) -> None:
    provider.script("raw-1", Answer.of("Hello world", cut=4))
    outcome = await run(source(provider, "openai", "raw-1"))
    phases = [d.text for d in outcome.deltas if d.kind == "phase"]
    assert phases in (["loading", "waiting"], ["waiting"])
    assert [d.kind for d in outcome.deltas].index("content") >= len(phases)
    assert all(d.raw is not None for d in outcome.deltas if d.kind == "content")
