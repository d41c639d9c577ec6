"""Recorded streams through the real clients of OpenAI and Anthropic: their objects are read exactly."""

from __future__ import annotations

from collections import Counter
from typing import Any

from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from nbstream._errors import BadResponse, NbstreamError, RateLimitError
from nbstream._sections import Sectioner
from nbstream._transcript import Transcript
from nbstream.sources._objects import source_of
from provider import FakeProvider, Recording
from wire import independent
from wire.test_litellm_recordings import responses
from wire.test_recordings import agree, said

ENDS = {"openai-error.1.chunks.txt": RateLimitError, "parallel-tool-call-wrapper.1.chunks.txt": BadResponse}
"""Recordings that end in an error; at the second the client itself fails, at its first event, which is no JSON."""

CHAT = {"messages": [{"role": "user", "content": "?"}], "stream": True}


def named(event: bytes) -> bytes:
    """The event with its name, which these clients want."""
    values = independent.values(event.decode())
    return event if event.startswith(b"event") or not values else b"event: " + values[0]["type"].encode() + b"\n" + event


async def test_every_recording_is_exact_by_the_clients_too(provider: FakeProvider) -> None:
    openai = AsyncOpenAI(base_url=provider.base("openai"), api_key="sk-x", max_retries=0)
    anthropic = AsyncAnthropic(base_url=provider.base("anthropic"), api_key="sk-x", max_retries=0)
    ask: dict[str, Any] = {
        "openai_chat": lambda model: openai.chat.completions.create(model=model, **CHAT),
        "openai_responses": lambda model: openai.responses.create(model=model, input="?", stream=True),
        "anthropic": lambda model: anthropic.messages.create(model=model, max_tokens=9, **CHAT),
    }
    exact, total = Counter[str](), Counter[str]()
    for row, title, name, events in responses(*ask):
        model = f"sdk-{title}"
        chat = name == "openai_chat"
        body = [*events, b"data: [DONE]\n\n"] if chat else [named(event) for event in events]
        provider.script(model, Recording(body))
        transcript, error = await shown(await ask[name](model))
        kind = ENDS.get(row["name"])
        assert type(error) is (kind or type(None)), (row["name"], error)
        if kind is BadResponse:
            continue
        total[row["name"]] += 1
        exact[row["name"]] += agree(said(transcript), independent.read(b"".join(events).decode()))
    await openai.close()
    await anthropic.close()
    assert total == exact
    assert len(total) > 45


async def shown(stream: Any) -> tuple[Transcript, NbstreamError | None]:
    """What is made of a client's stream."""
    transcript, sectioner, error = Transcript(), Sectioner(), None
    try:
        async for batch in source_of(stream).deltas():
            for event in [e for delta in batch for e in sectioner.feed(delta)]:
                transcript.apply(event)
    except NbstreamError as raised:
        error = raised
    for event in sectioner.finish():
        transcript.apply(event)
    return transcript, error
