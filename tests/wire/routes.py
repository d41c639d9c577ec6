"""What the tests of the litellm source share: its routes, and a run of one without a kernel."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbstream._errors import NbstreamError
from nbstream._events import Delta
from nbstream._sections import Sectioner
from nbstream._transcript import Transcript
from nbstream.sources._litellm import LiteLLMSource
from provider import FakeProvider

ROUTES: Mapping[str, str] = {
    "openai": "openai",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "groq": "openai",
    "mistral": "openai",
    "deepseek": "openai",
    "openrouter": "openai",
    "hosted_vllm": "openai",
    "xai": "openai",
    "together_ai": "openai",
    "fireworks_ai": "openai",
    "cerebras": "openai",
    "sambanova": "openai",
    "perplexity": "openai",
    "nvidia_nim": "openai",
    "deepinfra": "openai",
    "ollama_chat": "ollama",
}
"""litellm's name of a route, and the provider's format that it speaks."""

KEY = "sk-test-0123456789abcdef"


@dataclass
class Outcome:
    """What a run of a source gave."""

    deltas: list[Delta] = field(default_factory=list)
    error: NbstreamError | None = None

    def text(self, kind: str, choice: int = 0) -> str:
        """The text of one kind, as the transcript holds it in the end."""
        sectioner, transcript = Sectioner(), Transcript()
        for delta in self.deltas:
            for event in sectioner.feed(delta):
                transcript.apply(event)
        for event in sectioner.finish():
            transcript.apply(event)
        return "".join(s.text for s in transcript.sections if s.kind == kind and s.meta.get("choice", 0) == choice)

    @property
    def finish_reasons(self) -> dict[int, str]:
        """The finish reasons by choice."""
        return {d.choice: d.finish_reason for d in self.deltas if d.finish_reason}

    @property
    def usage(self) -> dict[str, int]:
        """The last token counts."""
        return dict(next((d.usage for d in reversed(self.deltas) if d.usage), {}))


def scripted(route: str, model: str) -> str:
    """The name under which `model` is asked for by `route`."""
    return f"accounts/fireworks/models/{model}" if route == "fireworks_ai" else model


def source(provider: FakeProvider, route: str, model: str, **keywords: Any) -> LiteLLMSource:
    """A source for `model` of `provider` by a route of litellm."""
    given = {"api_base": provider.base(ROUTES[route]), "api_key": KEY, **keywords}
    return LiteLLMSource(f"{route}/{model}", [{"role": "user", "content": "Hello"}], **given)


async def run(pulled: LiteLLMSource) -> Outcome:
    """Pull a source to its end."""
    outcome = Outcome()
    try:
        async with asyncio.timeout(60):
            async for batch in pulled.deltas():
                outcome.deltas += batch
    except NbstreamError as error:
        outcome.error = error
    return outcome
