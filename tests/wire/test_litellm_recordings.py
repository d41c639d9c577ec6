"""`nb.stream` on recorded streams: what litellm loses of them is read from the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from corpora import rows
from nbstream._sections import Sectioner
from nbstream._transcript import Transcript
from nbstream.sources._wire import Wire
from nbstream.sources.formats import recognise
from provider import FakeProvider, Recording
from wire import independent
from wire.routes import run, source
from wire.test_recordings import agree, framed, said

ROUTES = {"openai_chat": "openai", "anthropic": "anthropic", "gemini": "gemini"}
BEGINS = b'"type":"message_start"'


def responses(*formats: str) -> Iterator[tuple[dict[str, Any], str, str, list[bytes]]]:
    """Each response that the recordings in `formats` hold: its row, a name for it, its format, the events of the stream.

    One of Anthropic's may hold several.
    """
    for row in rows("provider_streams"):
        name = next(name for event in independent.values(row["text"]) if (name := recognise(event)))
        if name in formats and '"text_completion"' not in row["text"]:
            for number, events in enumerate(_streams(row)):
                yield row, f"{row['id']}-{number}", name, events


def _streams(row: dict[str, Any]) -> list[list[bytes]]:
    found: list[list[bytes]] = [[]]
    for event in framed(row).split(b"\n\n"):
        if BEGINS in event and found[-1]:
            found.append([])
        if event.strip():
            found[-1].append(event + b"\n\n")
    return found


async def test_every_recording_is_exact_by_litellm_too(provider: FakeProvider) -> None:
    exact, total = Counter[str](), Counter[str]()
    for row, title, name, events in responses(*ROUTES):
        model = f"recorded-{title}"
        provider.script(model, Recording([*events, *([b"data: [DONE]\n\n"] if name == "openai_chat" else [])]))
        outcome = await run(source(provider, ROUTES[name], model))
        transcript, sectioner = Transcript(), Sectioner()
        for made in [e for d in outcome.deltas for e in sectioner.feed(d)] + sectioner.finish():
            transcript.apply(made)
        assert (outcome.error, bool(sectioner.finish_reasons)) == (None, True), row["name"]
        total[row["name"]] += 1
        exact[row["name"]] += agree(said(transcript), independent.read(b"".join(events).decode()))
    assert total == exact
    assert len(total) > 40


async def test_citations_and_refusals_come_through(provider: FakeProvider) -> None:
    chunk = b'data: {"choices":[{"index":0,"delta":{"refusal":"No."}}],"citations":["http://a.example/"]}\n\n'
    end = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    provider.script("refused", Recording([chunk, end]))
    outcome = await run(source(provider, "openai", "refused"))
    assert outcome.error is None
    assert [(d.kind, d.text) for d in outcome.deltas if d.kind not in ("", "phase")] == [
        ("content", "No."),
        ("source", "http://a.example/"),
    ]
    assert outcome.finish_reasons == {0: "stop"}


def test_what_a_call_lets_litellm_rewrite_is_read_from_its_chunks() -> None:
    event = {"choices": [{"index": 0, "delta": {"content": "x"}}]}
    for keywords, live in (({}, True), ({"response_format": {"type": "json_object"}}, False)):
        wire = Wire(keywords)
        wire.see(event)
        assert (wire.live, bool(wire.take())) == (live, live)
