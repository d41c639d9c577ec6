"""Recorded streams of many providers, whole and cut anywhere, against the opinion of an independent reader."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest

from corpora import rows
from nbstream._errors import BadResponse, NbstreamError, RateLimitError
from nbstream._sections import Sectioner
from nbstream._transcript import Transcript
from nbstream.sources._from_sse import from_sse
from nbstream.sources.formats import FORMATS, recognise
from wire import independent
from wire.independent import Said, lists

CUTS = 50
ENDS = {"openai-error.1.chunks.txt": RateLimitError, "parallel-tool-call-wrapper.1.chunks.txt": BadResponse}
"""Recordings that end in an error; the others have a finish reason."""


def framed(row: dict[str, Any]) -> bytes:
    """The bytes of a recording as an event-stream."""
    if row["format"] != "json-per-line":
        return row["text"].encode()
    return b"".join(b"data: " + line.encode() + b"\n\n" for line in row["text"].split("\n") if line.strip())


def cut(body: bytes, seed: str) -> list[bytes]:
    """`body` in pieces, cut at random bytes."""
    at = sorted(random.Random(seed).sample(range(1, len(body)), CUTS))
    return [body[i:j] for i, j in zip([0, *at], [*at, len(body)], strict=True)]


async def shown(pieces: list[bytes]) -> tuple[Transcript, str, NbstreamError | None]:
    """What `from_sse` makes of `pieces`: the transcript, the finish reason, the error."""
    transcript, sectioner, error = Transcript(), Sectioner(), None
    try:
        async for batch in from_sse(iter(pieces)).deltas():
            for delta in batch:
                for event in sectioner.feed(delta):
                    transcript.apply(event)
    except NbstreamError as raised:
        error = raised
    for event in sectioner.finish():
        transcript.apply(event)
    return transcript, sectioner.finish_reasons.get(0, ""), error


def said(transcript: Transcript) -> Said:
    """The transcript as the independent reader puts it."""
    texts = {kind: "".join(s.text for s in transcript.sections if s.kind == kind) for kind in ("content", "thinking")}
    calls = [[s.meta.get("name"), s.text] for s in transcript.sections if s.kind == "tool"]
    return Said(texts["content"], texts["thinking"], calls)


def agree(ours: Said, theirs: Said) -> bool:
    """Whether two readings are the same; arguments that were sent as a value are compared as one."""
    values = [
        [name, json.loads(text) if not isinstance(other, str) else text] for (name, text), (_, other) in _pairs(ours, theirs)
    ]
    expected = [[name, arguments if isinstance(arguments, str) else lists(arguments)] for name, arguments in theirs.tools]
    return (ours.text, ours.thinking, values) == (theirs.text, theirs.thinking, expected)


def _pairs(ours: Said, theirs: Said) -> list[tuple[Any, Any]]:
    return list(zip(ours.tools, theirs.tools, strict=False)) if len(ours.tools) == len(theirs.tools) else []


HANDS: dict[str, Said] = {
    "fallback_credit_response.txt": Said("Hello there!"),
    "refusal_response.txt": Said(),
    "alibaba-tool-call.chunks.txt": Said(tools=[["weather", '{"location": "San Francisco"}']]),
    "amazon-bedrock-json-other-tool.1.chunks.txt": Said(tools=[["get-weather", '{"location":"San Francisco"}']]),
    "amazon-bedrock-tool-no-args.chunks.txt": Said("I'll update the issue list for you.", "", [["updateIssueList", ""]]),
    "anthropic-message-delta-input-tokens.chunks.txt": Said("pong"),
    "mistral-reasoning.chunks.txt": Said("2 + 2 = 4", "The user is asking for 2+2. This is basic arithmetic. 2+2=4."),
    "mistral-text.chunks.txt": Said("Hello, world! This is a test response."),
    "mistral-incremental-tool-call.chunks.txt": Said(tools=[["webSearchTool", '{"query": "current Berlin weather"}']]),
    "moonshotai-stream.chunks.txt": Said("Hello!", "Thinking aloud. "),
    "google-tool-call.chunks.txt": Said(tools=[["weather", {"location": "San Francisco"}]]),
    "tool-call-step2.chunks.txt": Said(
        "The weather in San Francisco right now is sunny with a temperature of 27 degrees Celsius."
    ),
    "openai-custom-tool.1.chunks.txt": Said(tools=[["write_sql", "SELECT * FROM users WHERE age > 25"]]),
    "cohere-empty-tool-call.chunks.txt": Said(
        "", "I will use the currentTime tool to find the current time.", [["currentTime", ""]]
    ),
}
"""What these recordings say, read by a person."""


@pytest.mark.parametrize("name", HANDS)
def test_the_independent_reader_reads_what_a_person_reads(name: str) -> None:
    row = next(row for row in rows("provider_streams") if row["name"] == name)
    assert independent.read(row["text"]) == HANDS[name]


async def test_every_recording_whole_and_cut_anywhere_is_read_exactly() -> None:
    exact, total = Counter[str](), Counter[str]()
    for row in rows("provider_streams"):
        expected, body = independent.read(row["text"]), framed(row)
        for pieces in ([body], cut(body, row["id"])):
            transcript, reason, error = await shown(pieces)
            total[row["name"]] += 1
            exact[row["name"]] += agree(said(transcript), expected)
            kind = ENDS.get(row["name"])
            assert (type(error) is kind) if kind else (error is None and reason), (row["name"], error)
    assert total == exact
    assert len(total) > 70


ODD: list[Any] = [None, True, 7, -1.5, 1e400, "x", "", [], [None], ["x"], {}, {"a": None}, [[]], 10**30, "\ud800"]


def bent(value: Any, rng: random.Random) -> Any:
    """A copy of `value` in which one part, at random, is something else or is gone."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        name = rng.choice(list(value))
        if rng.random() < 0.1:
            return {k: v for k, v in value.items() if k != name}
        return {**value, name: bent(value[name], rng)}
    if isinstance(value, list) and value and rng.random() < 0.85:
        at = rng.randrange(len(value))
        return [*value[:at], bent(value[at], rng), *value[at + 1 :]]
    return rng.choice(ODD)


async def test_a_recording_with_odd_values_breaks_no_reader() -> None:
    """Every event may be bent: what comes is deltas that make a legal transcript, or one of our errors."""
    for row in rows("provider_streams"):
        rng = random.Random(row["id"])
        events = independent.values(row["text"])
        name = next(name for event in events if (name := recognise(event)))
        transcript, sectioner, reader = Transcript(), Sectioner(), FORMATS[name]()
        for event in events[:400]:
            for _ in range(4):
                odd = bent(event, rng)
                try:
                    deltas = reader.feed(odd if isinstance(odd, dict) else {"type": odd})
                except NbstreamError:
                    continue
                for delta in deltas:
                    for made in sectioner.feed(delta):
                        transcript.apply(made)
            if "error" not in str(event.get("type")) and "failed" not in str(event.get("type")):
                reader.feed(event)
