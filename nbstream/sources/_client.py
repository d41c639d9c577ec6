"""The client that is handed to litellm, so that every route of it goes through our transport.

Belongs here: what of litellm's inner surface we lean on (`tests/contract/test_litellm_surface.py` holds each of it). Does not
belong here: requests and chunks (`_litellm`), bytes (`_transport`).

litellm's routes take one of two kinds of client: its own `AsyncHTTPHandler`, or an `openai.AsyncOpenAI`. Which one a route
takes is written in a long chain of conditions inside litellm. The client made here is both: a handler that also has those
attributes of the SDK's client that litellm reads, made when first asked for. A route that takes neither ignores it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from typing import Any, Final

import httpx

from nbstream.sources._transport import Transport
from nbstream.sources._watch import Watch

HANDLER_MODULE: Final = "litellm.llms.custom_httpx.http_handler"
OWN_CLIENT: Final = ("azure", "azure_text", "aiohttp_openai", "sagemaker", "sagemaker_chat")
"""Providers whose route breaks on any client but its own kind; Azure's uses the OpenAI SDK, which reads streams exactly."""


class _Client:
    """Both kinds of client in one, above `transport`; mixed into litellm's handler by `make`."""

    organization: str | None = None  # litellm sets it before it asks for `chat`
    max_retries: int = 0
    client: Any

    def __init__(self, transport: Transport, api_key: str | None, base_url: str | None) -> None:
        self.our_transport = transport
        self._key = api_key
        self._base = base_url
        super().__init__()
        self.client = self.client  # makes litellm leave the closing to us, also when the handler is collected

    def create_client(self, *_: Any, **__: Any) -> httpx.AsyncClient:
        """Make the HTTP client; litellm calls this again to retry behind our back, and meets the same transport."""
        return httpx.AsyncClient(
            transport=self.our_transport,
            timeout=None,  # noqa: S113 - time limits are the run's own
            follow_redirects=True,
            trust_env=False,
        )

    @cached_property
    def sdk(self) -> Any:
        """The OpenAI SDK's client; raises its error about missing credentials where there is no key."""
        return import_module("openai").AsyncOpenAI(
            api_key=self._key,
            base_url=self._base,
            organization=self.organization,
            http_client=self.create_client(),
            max_retries=0,
            timeout=None,
        )

    @property
    def api_key(self) -> str:
        """The key, as the SDK resolved it."""
        return str(self.sdk.api_key)

    @property
    def _base_url(self) -> Any:
        return self.sdk._base_url

    @property
    def chat(self) -> Any:
        """The SDK's chat completions."""
        return self.sdk.chat

    @property
    def completions(self) -> Any:
        """The SDK's text completions."""
        return self.sdk.completions


def make(litellm: Any, watch: Watch, model: str, provider: Mapping[str, Any]) -> tuple[Any, str]:
    """Return a client for a call of `model` with the keywords `provider`, and the name of its provider.

    The client is None where the route takes only a client of its own. Call it on a thread: reading certificates takes a while.

    Raises:
        Exception: litellm's own, for a model whose provider it does not know.
    """
    module = import_module(HANDLER_MODULE)
    given = provider.get("api_base") or provider.get("base_url")
    _, name, key, base = litellm.get_llm_provider(
        model=model, custom_llm_provider=provider.get("custom_llm_provider"), api_base=given, api_key=provider.get("api_key")
    )
    if name in OWN_CLIENT:
        return None, name
    transport = Transport(
        watch,
        module.get_ssl_configuration(provider.get("ssl_verify")),
        os.environ.get("SSL_CERTIFICATE", litellm.ssl_certificate),
    )
    # The order in which litellm's OpenAI route looks for them; the SDK ends it with OPENAI_API_KEY and its default address.
    key = provider.get("api_key") or key or litellm.api_key or litellm.openai_key
    base = given or base or litellm.api_base or os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE")
    return type("Client", (_Client, module.AsyncHTTPHandler), {})(transport, key, base), name
