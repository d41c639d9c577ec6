"""Whatever goes wrong with a provider ends in one of our errors: named, masked, with the partial text kept."""

from __future__ import annotations

import asyncio
import json
import socket
import traceback
from typing import Any

import pytest

from nbstream._errors import (
    AuthError,
    BadResponse,
    ConnectionFailed,
    NbstreamError,
    RateLimitError,
    RequestError,
    ServerError,
)
from nbstream.sources._litellm import LiteLLMSource
from provider import Answer, FakeProvider, faults
from wire.routes import KEY, Outcome, run, source

WIRES = ["openai", "anthropic", "gemini", "groq", "ollama_chat"]
_CHAT = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
_CHAT_PIECE = {**_CHAT, "choices": [{"index": 0, "delta": {"content": "?"}}]}
_ANTHROPIC_PIECE = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "?"}}
_GEMINI_PIECE = {"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": "?"}]}}]}
_OLLAMA_PIECE = {"model": "m", "created_at": "2025-01-01T00:00:00Z", "message": {"role": "assistant", "content": "?"}}
PIECE = {
    "openai": f"data: {json.dumps(_CHAT_PIECE)}\n\n",
    "groq": f"data: {json.dumps(_CHAT_PIECE)}\n\n",
    "anthropic": f"event: content_block_delta\ndata: {json.dumps(_ANTHROPIC_PIECE)}\n\n",
    "gemini": f"data: {json.dumps(_GEMINI_PIECE)}\n\n",
    "ollama_chat": f"{json.dumps({**_OLLAMA_PIECE, 'done': False})}\n",
}
"""An event that adds a question mark to the answer."""

TEN = Answer.of([f"{n} " for n in range(10)])


async def broken(provider: FakeProvider, route: str, name: str, *given: faults.Fault, answer: Answer = TEN) -> Outcome:
    model = f"{name}-{route}"
    script = provider.script(model, answer, faults=given)
    outcome = await run(source(provider, route, model))
    assert len([r for r in script.requests if b'"messages"' in r.body or b'"contents"' in r.body]) == 1, "a library retried"
    return outcome


def check(error: NbstreamError | None, kind: type[NbstreamError]) -> NbstreamError:
    """The error is of our tree, says what to do, holds no key and drags no provider's exception along."""
    assert type(error) is kind, repr(error)
    assert error.hint
    assert 0 < len(str(error)) <= 500
    assert error.__cause__ is None
    assert error.__context__ is None
    assert KEY not in "".join(traceback.format_exception(error)) + error.hint
    return error


@pytest.mark.parametrize("route", WIRES)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RequestError),
        (401, AuthError),
        (403, AuthError),
        (404, RequestError),
        (422, RequestError),
        (429, RateLimitError),
        (500, ServerError),
        (503, ServerError),
        (529, ServerError),
    ],
)
async def test_a_refusal_is_told_by_its_status(
    provider: FakeProvider, route: str, status: int, kind: type[NbstreamError]
) -> None:
    fault = faults.Status(status, retry_after=7, echo_key=status == 401, message="Nothing <b>today</b>")
    outcome = await broken(provider, route, f"status-{status}", fault)
    error = check(outcome.error, kind)
    assert getattr(error, "status", None) == status
    assert f"answered {status}" in str(error)
    if status != 401:
        assert "Nothing <b>today</b>" in str(error)
    if status == 429:
        assert getattr(error, "retry_after", None) == 7


@pytest.mark.parametrize("route", WIRES)
async def test_an_unknown_model_is_told_with_a_hint_on_names(provider: FakeProvider, route: str) -> None:
    outcome = await run(source(provider, route, "no-such-model"))
    assert "provider/model" in check(outcome.error, RequestError).hint


async def test_a_name_without_a_provider_is_told_before_any_request(provider: FakeProvider) -> None:
    outcome = await run(LiteLLMSource("mystery-9000", [{"role": "user", "content": "Hello"}], api_key=KEY))
    assert "provider/model" in check(outcome.error, RequestError).hint


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "GROQ_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("route", "variable"), [("openai", "OPENAI_API_KEY"), ("anthropic", "ANTHROPIC_API_KEY"), ("gemini", "GEMINI_API_KEY")]
)
async def test_a_missing_key_names_the_variable_to_set(
    provider: FakeProvider, no_keys: None, route: str, variable: str
) -> None:
    provider.script(f"nokey-{route}", TEN, faults=[faults.Status(401)])
    outcome = await run(source(provider, route, f"nokey-{route}", api_key=None))
    assert variable in check(outcome.error, AuthError).hint


@pytest.mark.parametrize("route", WIRES)
async def test_a_refused_connection_is_told_with_the_host(route: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    base = f"http://127.0.0.1:{port}" + ("/v1" if route in ("openai", "groq") else "")
    pulled = LiteLLMSource(f"{route}/x", [{"role": "user", "content": "Hello"}], api_base=base, api_key=KEY)
    error = check((await run(pulled)).error, ConnectionFailed)
    assert "127.0.0.1" in str(error)
    assert error.retryable


@pytest.mark.parametrize("route", WIRES)
async def test_a_reset_before_the_answer_is_told_and_not_tried_again(provider: FakeProvider, route: str) -> None:
    outcome = await broken(provider, route, "refuse", faults.Refuse())
    check(outcome.error, ConnectionFailed)


@pytest.mark.parametrize("route", WIRES)
@pytest.mark.parametrize("fault", [faults.Reset(4), faults.Cut(4)], ids=["reset", "cut"])
async def test_a_cut_connection_keeps_what_came_before(provider: FakeProvider, route: str, fault: faults.Fault) -> None:
    outcome = await broken(provider, route, type(fault).__name__, fault)
    check(outcome.error, ConnectionFailed)
    text = outcome.text("content")
    assert "0 1 2 3 ".startswith(text)
    if isinstance(fault, faults.Cut):  # a reset may overtake the bytes before it
        assert text == "0 1 2 3 "
    assert outcome.finish_reasons == {}


@pytest.mark.parametrize("route", WIRES)
async def test_an_event_that_is_no_json_ends_the_run_as_what_it_is(provider: FakeProvider, route: str) -> None:
    outcome = await broken(provider, route, "json", faults.BadJson(4))
    assert "not JSON" in str(check(outcome.error, BadResponse))
    assert outcome.text("content") == "0 1 2 3 "


@pytest.mark.parametrize("route", WIRES)
async def test_a_byte_that_is_no_utf_8_does_not_end_the_run(provider: FakeProvider, route: str) -> None:
    event = PIECE[route].encode().replace(b"?", b"<\xe2\x82>")  # two bytes of the three of a euro sign
    outcome = await broken(provider, route, "utf8", faults.Raw(4, event))
    assert (outcome.error, outcome.text("content")) == (None, "0 1 2 3 <\ufffd>4 5 6 7 8 9 ")
    assert outcome.finish_reasons == {0: "stop"}


@pytest.mark.parametrize("route", WIRES)
async def test_an_error_event_ends_the_run_with_the_providers_words(provider: FakeProvider, route: str) -> None:
    outcome = await broken(provider, route, "event", faults.ErrorEvent(4, message=f"Busy, {KEY}"))
    assert "Busy, [secret]" in str(outcome.error)
    assert isinstance(outcome.error, ServerError) or route == "ollama_chat"  # Ollama gives no code
    assert outcome.text("content") == "0 1 2 3 "


@pytest.mark.parametrize("route", WIRES)
@pytest.mark.parametrize("fault", [faults.Html(), faults.JsonError()], ids=["html", "json"])
async def test_an_answer_that_is_no_stream_is_told(provider: FakeProvider, route: str, fault: faults.Fault) -> None:
    outcome = await broken(provider, route, type(fault).__name__, fault)
    check(outcome.error, BadResponse)


@pytest.mark.parametrize("route", WIRES)
async def test_an_empty_stream_ends_without_a_finish_reason(provider: FakeProvider, route: str) -> None:
    outcome = await broken(provider, route, "empty", faults.NoEnd(), answer=Answer.of(""))
    assert (outcome.error, outcome.text("content"), outcome.finish_reasons) == (None, "", {})


async def test_a_missing_package_is_named(provider: FakeProvider) -> None:
    pulled = LiteLLMSource("vertex_ai/gemini-2.0-flash", [{"role": "user", "content": "Hello"}], vertex_project="p")
    error = (await run(pulled)).error
    assert error is not None
    assert "google" in str(error)
    assert "pip install" in error.hint


async def test_a_client_of_the_users_own_is_used(provider: FakeProvider) -> None:
    from openai import AsyncOpenAI

    script = provider.script("own-client", TEN)
    async with AsyncOpenAI(api_key="sk-own-client-key", base_url=provider.base("openai")) as client:
        outcome = await run(source(provider, "openai", "own-client", client=client))
    assert (outcome.error, outcome.finish_reasons) == (None, {0: "stop"})
    assert outcome.text("content") == "0 1 2 3 4 5 6 7 8 9 "
    assert script.requests[0].headers["authorization"] == "Bearer sk-own-client-key"


async def test_a_callback_registered_with_litellm_hears_of_the_end(provider: FakeProvider) -> None:
    import litellm
    from litellm.integrations.custom_logger import CustomLogger

    heard: asyncio.Queue[str] = asyncio.Queue()

    class Logger(CustomLogger):  # type: ignore[misc]
        async def async_log_success_event(self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any) -> None:
            heard.put_nowait(response_obj.choices[0].message.content)

    provider.script("logged", TEN)
    litellm.callbacks = [Logger()]
    try:
        outcome = await run(source(provider, "openai", "logged"))
        assert outcome.error is None
        assert await asyncio.wait_for(heard.get(), 20) == "0 1 2 3 4 5 6 7 8 9 "
    finally:
        litellm.callbacks = []
