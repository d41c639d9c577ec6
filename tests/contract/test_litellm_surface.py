"""What we lean on inside litellm and the OpenAI SDK without a promise of theirs: a release that moves it fails here first."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from typing import Any

import pytest

from nbstream.sources import _client
from nbstream.sources._call import Call
from provider import Answer, FakeProvider
from wire.routes import KEY, ROUTES, scripted


def call(provider: FakeProvider, route: str, model: str) -> Call:
    keywords = {"api_base": provider.base(ROUTES[route]), "api_key": KEY}
    return Call(f"{route}/{model}", [{"role": "user", "content": "Hello"}], keywords)


@pytest.mark.parametrize("route", ROUTES)
async def test_a_route_sends_its_request_through_our_client(provider: FakeProvider, route: str) -> None:
    script = provider.script(scripted(route, f"surface-{route}"), Answer.of("Hello"))
    under_test = call(provider, route, f"surface-{route}")
    await under_test.prepare()
    async for _ in under_test.batches():
        pass
    await under_test.close()
    assert (under_test.watch.requests, len(script.requests)) == (1, 1)
    assert under_test.watch.streamed
    assert under_test.watch.whole
    assert under_test.watch.usage == (b"include_usage" in script.requests[0].body or ROUTES[route] != "openai")


async def test_the_wrapper_can_be_let_repeat_itself_and_closed(provider: FakeProvider) -> None:
    import litellm

    provider.script("surface-wrapper", Answer.of("Hello"))
    wrapper: Any = await litellm.acompletion(
        model="openai/surface-wrapper",
        messages=[{"role": "user", "content": "Hello"}],
        api_base=provider.base("openai"),
        api_key=KEY,
        stream=True,
    )
    assert callable(wrapper.raise_on_model_repetition)
    assert inspect.iscoroutinefunction(wrapper.aclose)
    assert wrapper.received_finish_reason is None
    async for _ in wrapper:
        pass
    assert wrapper.received_finish_reason == "stop"
    await asyncio.sleep(0)


def test_the_handler_makes_its_client_by_the_method_that_we_replace() -> None:
    from litellm.llms.custom_httpx import http_handler

    assert "self.create_client(" in inspect.getsource(http_handler.AsyncHTTPHandler.__init__)
    assert "self.create_client(" in inspect.getsource(http_handler.AsyncHTTPHandler.post)
    assert isinstance(http_handler.AsyncHTTPHandler.client, property)
    assert callable(http_handler.get_ssl_configuration)


async def test_our_client_is_both_kinds_and_opens_nothing_by_itself() -> None:
    import litellm
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler
    from openai.resources.chat import AsyncChat

    from nbstream.sources._watch import Watch

    made, name = _client.make(litellm, Watch(), "openai/x", {"api_key": KEY, "api_base": "http://127.0.0.1:9/v1"})
    assert name == "openai"
    assert isinstance(made, AsyncHTTPHandler)
    assert isinstance(made.chat, AsyncChat)
    assert made.api_key == KEY
    assert made._base_url._uri_reference.host == "127.0.0.1"
    assert (made.sdk.max_retries, made.client.timeout.read) == (0, None)
    assert made.client._transport is made.our_transport
    await made.our_transport.aclose()


@pytest.mark.parametrize("provider_name", _client.OWN_CLIENT)
def test_a_route_that_wants_its_own_client_gets_none_of_ours(provider_name: str) -> None:
    import litellm

    from nbstream.sources._watch import Watch

    made, name = _client.make(litellm, Watch(), f"{provider_name}/x", {"api_key": KEY, "api_base": "http://127.0.0.1:9"})
    assert (made, name) == (None, provider_name)


def test_litellm_is_imported_off_the_loop_without_the_network_and_without_a_word() -> None:
    code = """
import asyncio, os, socket, sys, threading
os.environ.pop("LITELLM_LOCAL_MODEL_COST_MAP", None)
def refuse(*a, **k): raise AssertionError("a name was looked up")
socket.getaddrinfo = refuse
from nbstream.sources._litellm import LiteLLMSource
assert not {"litellm", "openai", "httpx"} & set(sys.modules)
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name in ("litellm", "openai", "httpx"):
            assert threading.current_thread() is not threading.main_thread(), name
sys.meta_path.insert(0, Finder())
async def main():
    deltas = LiteLLMSource("openai/x", [], api_key="k", api_base="http://127.0.0.1:9/v1").deltas()
    assert [d.text for d in await anext(deltas)] == ["loading"]
    assert [d.text for d in await anext(deltas)] == ["waiting"]
    await deltas.aclose()
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
