"""Every kind of source that nbstream takes, one row each: adding a source means adding a row.

Belongs here: how each kind is made by a person with a real client against the test provider, and what it can tell. Does not
belong here: what must hold for all of them (`contract/test_sources`).
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import nbstream as nb
from provider import FakeProvider

ASK: list[Any] = [{"role": "user", "content": "Go on"}]
KEY = "sk-test-0123456789abcdef"


class Site:
    """A provider and the clients of a person who uses it."""

    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        self.trust = ssl.create_default_context(cafile=str(provider.ca_file) if provider.ca_file else None)

    def base(self, wire: str) -> str:
        return self.provider.base(wire)

    @cached_property
    def openai(self) -> Any:
        import httpx
        import openai

        client = httpx.Client(verify=self.trust, limits=httpx.Limits(max_keepalive_connections=0))
        return openai.OpenAI(base_url=self.base("openai"), api_key=KEY, max_retries=0, http_client=client)

    def aopenai(self) -> Any:
        import httpx
        import openai

        client = httpx.AsyncClient(verify=self.trust, limits=httpx.Limits(max_keepalive_connections=0))
        return openai.AsyncOpenAI(base_url=self.base("openai"), api_key=KEY, max_retries=0, http_client=client)

    @cached_property
    def anthropic(self) -> Any:
        import anthropic

        http = _http(anthropic)
        client = http.Client(verify=self.trust, limits=http.Limits(max_keepalive_connections=0))
        return anthropic.Anthropic(base_url=self.base("anthropic"), api_key=KEY, max_retries=0, http_client=client)

    def aanthropic(self) -> Any:
        import anthropic

        http = _http(anthropic)
        client = http.AsyncClient(verify=self.trust, limits=http.Limits(max_keepalive_connections=0))
        return anthropic.AsyncAnthropic(base_url=self.base("anthropic"), api_key=KEY, max_retries=0, http_client=client)

    def completion(self, route: str, model: str, **more: Any) -> Any:
        import litellm

        return litellm.completion(
            f"{route}/{model}", messages=ASK, stream=True, api_base=self.base(_wire(route)), api_key=KEY, **more
        )

    async def acompletion(self, route: str, model: str) -> Any:
        import litellm

        return await litellm.acompletion(
            f"{route}/{model}", messages=ASK, stream=True, api_base=self.base(_wire(route)), api_key=KEY
        )


def _http(client: Any) -> Any:
    """The HTTP package that a client is built on."""
    return __import__(client.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])


def _wire(route: str) -> str:
    return {"anthropic": "anthropic", "gemini": "gemini", "ollama_chat": "ollama"}.get(route, "openai")


@dataclass(frozen=True)
class Kind:
    """One kind of source.

    Attributes:
        name: what a person would call it.
        make: makes the object; a coroutine function is awaited on a loop that runs, where the object is then handed over.
        thinking, tools, finish: whether the kind can tell these; a stream of texts has lost them.
        exact: False where the library beneath loses line separators (U+2028, U+2029, U+0085).
        invents: the library beneath says `stop` although the provider sent no finish reason.
        keeps: False where the library beneath drops what it has received when the connection breaks.
        tls: whether the client can be told whom to trust without the environment.
        starts: it makes the handle itself.
    """

    name: str
    make: Callable[[Site, str], Any]
    thinking: bool = True
    tools: bool = True
    finish: bool = True
    exact: bool = True
    invents: bool = False
    keeps: bool = True
    tls: bool = True
    starts: bool = False

    def start(self, site: Site, model: str, **limits: Any) -> nb.Stream:
        """Make the object for `model` and display it."""
        if asyncio.iscoroutinefunction(self.make):
            return _caller().call(self._astart(site, model, **limits))
        made = self.make(site, model)
        return made(**limits) if self.starts else nb.display_stream(made, display=False, wait=False, **limits)

    async def _astart(self, site: Site, model: str, **limits: Any) -> nb.Stream:
        made: Awaitable[Any] = self.make(site, model)
        return nb.display_stream(await made, display=False, wait=False, **limits)


class _Caller:
    """A thread whose event loop runs, as a notebook's does."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="caller", daemon=True).start()

    def call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)


_callers: list[_Caller] = []


def _caller() -> _Caller:
    if not _callers:
        _callers.append(_Caller())
    return _callers[0]


def _texts(chunks: Any) -> Iterator[str]:
    for chunk in chunks:
        if chunk.choices and chunk.choices[0].delta.content:
            yield chunk.choices[0].delta.content


def _generator(site: Site, model: str) -> Iterator[str]:
    yield from _texts(site.openai.chat.completions.create(model=model, messages=ASK, stream=True))


async def _async_generator(site: Site, model: str) -> AsyncIterator[str]:
    async for chunk in await site.aopenai().chat.completions.create(model=model, messages=ASK, stream=True):
        if chunk.choices and chunk.choices[0].delta.content:
            yield chunk.choices[0].delta.content


async def _blocking_async_generator(site: Site, model: str) -> AsyncIterator[str]:
    """As in many a tutorial: an async function that drives a sync client, and so blocks its loop."""
    for text in _texts(site.openai.chat.completions.create(model=model, messages=ASK, stream=True)):
        yield text


async def _half_blocking_async_generator(site: Site, model: str) -> AsyncIterator[str]:
    """The same with a courtesy to the loop now and then, so that it needs one and blocks it in between."""
    for text in _texts(site.openai.chat.completions.create(model=model, messages=ASK, stream=True)):
        await asyncio.sleep(0)
        yield text


def _text_stream(site: Site, model: str) -> Any:
    return site.anthropic.messages.stream(model=model, messages=ASK, max_tokens=9).__enter__().text_stream


async def _atext_stream(site: Site, model: str) -> Any:
    return (await site.aanthropic().messages.stream(model=model, messages=ASK, max_tokens=9).__aenter__()).text_stream


async def _aopenai(site: Site, model: str) -> Any:
    return await site.aopenai().chat.completions.create(model=model, messages=ASK, stream=True)


async def _aopenai_helper(site: Site, model: str) -> Any:
    return site.aopenai().chat.completions.stream(model=model, messages=ASK)


async def _aresponses(site: Site, model: str) -> Any:
    return await site.aopenai().responses.create(model=model, input="Go on", stream=True)


async def _aanthropic(site: Site, model: str) -> Any:
    return await site.aanthropic().messages.create(model=model, messages=ASK, max_tokens=9, stream=True)


async def _aanthropic_helper(site: Site, model: str) -> Any:
    return site.aanthropic().messages.stream(model=model, messages=ASK, max_tokens=9)


def _acompletion(route: str) -> Callable[[Site, str], Any]:
    async def make(site: Site, model: str) -> Any:
        return await site.acompletion(route, model)

    return make


def _stream(route: str) -> Callable[[Site, str], Any]:
    def make(site: Site, model: str) -> Any:
        base = site.base(_wire(route))
        return lambda **limits: nb.stream(
            "Go on", model=f"{route}/{model}", api_base=base, api_key=KEY, display=False, wait=False, **limits
        )

    return make


_TEXT = {"thinking": False, "tools": False, "finish": False}
_LOSSY = {"exact": False, "tls": False}

KINDS = [
    Kind("openai create(stream=True)", lambda s, m: s.openai.chat.completions.create(model=m, messages=ASK, stream=True)),
    Kind("openai chat.completions.stream", lambda s, m: s.openai.chat.completions.stream(model=m, messages=ASK)),
    Kind("openai responses", lambda s, m: s.openai.responses.create(model=m, input="Go on", stream=True)),
    Kind("openai async", _aopenai),
    Kind("openai async chat.completions.stream", _aopenai_helper),
    Kind("openai async responses", _aresponses),
    Kind("openai async coroutine", lambda s, m: s.aopenai().chat.completions.create(model=m, messages=ASK, stream=True)),
    Kind("anthropic create(stream=True)", lambda s, m: s.anthropic.messages.create(**_ant(m), stream=True)),
    Kind("anthropic messages.stream", lambda s, m: s.anthropic.messages.stream(**_ant(m))),
    Kind("anthropic text_stream", _text_stream, thinking=False, tools=False),
    Kind("anthropic async", _aanthropic),
    Kind("anthropic async messages.stream", _aanthropic_helper),
    Kind("anthropic async text_stream", _atext_stream, thinking=False, tools=False),
    Kind("litellm completion, openai", lambda s, m: s.completion("openai", m), tls=False),
    Kind("litellm completion, anthropic", lambda s, m: s.completion("anthropic", m), **_LOSSY),
    Kind("litellm completion, groq", lambda s, m: s.completion("groq", m), **_LOSSY),
    Kind("litellm completion, gemini", lambda s, m: s.completion("gemini", m), invents=True, **_LOSSY),
    Kind("litellm completion, ollama", lambda s, m: s.completion("ollama_chat", m), **_LOSSY),
    Kind("litellm acompletion, openai", _acompletion("openai"), tls=False, keeps=False),
    Kind("litellm acompletion, anthropic", _acompletion("anthropic"), keeps=False, **_LOSSY),
    Kind("a function", lambda s, m: lambda: s.openai.chat.completions.create(model=m, messages=ASK, stream=True)),
    Kind("a generator of texts", _generator, **_TEXT),
    Kind("an async generator of texts", _async_generator, **_TEXT),
    Kind("an async def that drives a sync client", _blocking_async_generator, **_TEXT),
    Kind("the same that also awaits", _half_blocking_async_generator, **_TEXT),
    Kind("nb.stream, openai", _stream("openai"), starts=True),
    Kind("nb.stream, anthropic", _stream("anthropic"), starts=True),
    Kind("nb.stream, gemini", _stream("gemini"), starts=True),
    Kind("nb.stream, ollama", _stream("ollama_chat"), starts=True),
]


def _ant(model: str) -> dict[str, Any]:
    return {"model": model, "messages": ASK, "max_tokens": 9}


def warm(site: Site) -> None:
    """Import what the first use of each library imports: it is not what is measured."""
    for kind in KINDS:
        if kind.name.startswith(("litellm", "nb.stream")):
            with suppress(Exception):
                kind.start(site, "no-such-model").wait(30)
