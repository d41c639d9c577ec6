"""A conversation goes on in a new view; `models` says what can be called."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import BaseModel

import nbstream as nb
from provider import Answer, FakeProvider

KEY = "sk-test-0123456789abcdef"


def ask(provider: FakeProvider, model: str, prompt: Any, **arguments: Any) -> nb.Stream:
    """An ended stream of a scripted model, asked over a real socket."""
    given = {"api_base": provider.base("openai"), "api_key": KEY, "display": False, "wait": True, **arguments}
    return nb.stream(prompt, model=f"openai/{model}", **given)


def sent(provider: FakeProvider, number: int = -1) -> dict[str, Any]:
    """The body of a request."""
    body: dict[str, Any] = json.loads(provider.requests[number].body)
    return body


def test_the_next_question_goes_with_all_that_was_said_to_the_same_model(provider: FakeProvider) -> None:
    provider.script("talk", [Answer.of(["Blue"]), Answer.of(["Black"])])
    first = ask(provider, "talk", "And the sky?", system="Be brief", temperature=0.5)
    second = first.ask("At night?")
    assert (first.content, second.content) == ("Blue", "Black")
    assert second is not first
    body = sent(provider)
    assert body["messages"] == [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "And the sky?"},
        {"role": "assistant", "content": "Blue"},
        {"role": "user", "content": "At night?"},
    ]
    assert (body["model"], body["temperature"]) == ("talk", 0.5)
    assert second.messages == [*body["messages"], {"role": "assistant", "content": "Black"}]


def test_what_is_different_is_said_with_the_question(provider: FakeProvider) -> None:
    provider.script("talk2", [Answer.of(["Blue"])])
    provider.script("other", [Answer.of(["Black"])])
    tokens: list[str] = []
    first = ask(provider, "talk2", "Sky?", on_token=tokens.append)
    second = first.ask("Look", model="openai/other", temperature=1, images=["https://example.org/cat.png"], title="Night")
    assert second.content == "Black"
    assert sent(provider)["temperature"] == 1
    assert sent(provider)["messages"][-1]["content"][1]["image_url"]["url"] == "https://example.org/cat.png"
    assert first.messages[-1]["content"] == "Blue"


def test_a_stopped_answer_is_part_of_the_conversation_and_an_empty_one_is_not(provider: FakeProvider) -> None:
    provider.script("stopped", [Answer.of(["One ", "two ", "three"]), Answer.of(["four"])])
    s = ask(provider, "stopped", "Count", stop_when=nb.stop.text("two"))
    assert (s.status, s.ask("Go on", stop_when=()).content) == ("stopped", "four")
    assert sent(provider)["messages"][1]["content"].startswith("One two ")
    failed = ask(provider, "unheard of", "Sky?")
    assert failed.status == "error"
    failed.ask("Why?")
    assert [m["content"] for m in sent(provider)["messages"]] == ["Sky?", "Why?"]


def test_asking_on_has_its_conditions() -> None:
    with pytest.raises(TypeError, match="nbstream did not make this call"):
        nb.display_stream(nb.fake("x", rate=None, ttft=0), display=False, wait=True).ask("More?")
    s = nb.stream("Tell me a story", display=False, wait=False)
    with pytest.raises(RuntimeError, match=r"s\.wait\(\) or s\.stop\(\)"):
        s.ask("More?")
    s.stop()
    s.wait(20)
    called = nb.stream("What is the weather in Oslo?", display=False, wait=True)
    assert called.tool_calls
    with pytest.raises(ValueError, match="give their results first"):
        called.ask("More?")
    result = {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": '{"temperature": 4}'}
    assert called.ask([result]).status == "done"


def test_a_pydantic_model_goes_to_the_provider_as_its_schema(provider: FakeProvider) -> None:
    class Sky(BaseModel):
        colour: str

    provider.script("form", Answer.of(['{"colour"', ': "blue"}']))
    s = ask(provider, "form", "Sky?", response_format=Sky)
    assert s.parsed == Sky(colour="blue")
    form = sent(provider)["response_format"]
    assert (form["type"], form["json_schema"]["name"]) == ("json_schema", "Sky")
    assert form["json_schema"]["schema"]["properties"]["colour"]["type"] == "string"


def test_a_bare_schema_goes_to_the_provider_in_its_envelope(provider: FakeProvider) -> None:
    schema = {"type": "object", "properties": {"colour": {"type": "string"}}}
    provider.script("schema", Answer.of(["{}"]))
    ask(provider, "schema", "Sky?", response_format=schema)
    assert sent(provider)["response_format"]["json_schema"]["schema"] == schema


# -- models -------------------------------------------------------------------------------------------------------------------


class Ollama(BaseHTTPRequestHandler):
    """Answers as Ollama does where its server says so."""

    answer: bytes = b'{"models": [{"name": "llama3.2:3b"}, {"name": "qwen3"}]}'

    def do_GET(self) -> None:
        assert self.path == "/api/tags"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def local() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Ollama) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_models_names_the_keys_that_are_there_and_never_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AWS_ACCESS_KEY_ID", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "  ")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    found = {access.provider: access for access in nb.models()}
    assert found["demo"].models == ("demo",)
    assert found["groq"].keys == ("GROQ_API_KEY",)
    assert not {"openai", "anthropic", "bedrock", "ollama_chat"} & set(found)
    assert KEY not in repr(found)


def test_a_local_ollama_is_asked_on_request(local: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("ollama_chat/llama3.2:3b", "ollama_chat/qwen3")
    assert nb.models(ollama=local)[-1].models == names
    monkeypatch.setenv("OLLAMA_API_BASE", local)
    assert nb.models(ollama=True)[-1].models == names
    assert "ollama_chat" not in {access.provider for access in nb.models()}


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"models": [{}]}', b'{"models": 3}'])
def test_somebody_else_in_its_place_is_no_ollama(local: str, answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ollama, "answer", answer)
    assert "ollama_chat" not in {access.provider for access in nb.models(ollama=local)}


def test_nobody_there_is_no_ollama(local: str) -> None:
    gone = ThreadingHTTPServer(("127.0.0.1", 0), Ollama)
    port = gone.server_port
    gone.server_close()
    assert "ollama_chat" not in {access.provider for access in nb.models(ollama=f"http://127.0.0.1:{port}")}


@pytest.mark.parametrize(("ollama", "error"), [("localhost:11434", ValueError), ("file:///etc", ValueError), (3, TypeError)])
def test_an_address_that_is_none_is_refused(ollama: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="give"):
        nb.models(ollama=ollama)
