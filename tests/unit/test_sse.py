"""Event-streams and what they hold: the framing as the specification has it, and truthful ends for every odd body."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from corpora import rows
from nbstream._errors import BadResponse, NbstreamError, ProviderError, RateLimitError
from nbstream._events import Delta
from nbstream.sources import Source
from nbstream.sources._from_sse import from_sse
from nbstream.sources._sse import Decoder


def cuts(body: bytes) -> Iterator[list[bytes]]:
    """`body` whole, by byte, and in two pieces at every place near its beginning."""
    yield [body]
    yield [body[i : i + 1] for i in range(len(body))]
    for at in range(1, min(len(body), 64)):
        yield [body[:at], body[at:]]


async def drain(x: Any, **keywords: Any) -> tuple[list[Delta], NbstreamError | None]:
    """What a source from `x` yields, and the error that ends it."""
    found: list[Delta] = []
    try:
        async for batch in from_sse(x, **keywords).deltas():
            found += [delta for delta in batch if delta.kind != "phase"]
    except NbstreamError as error:
        return found, error
    return found, None


def text(deltas: list[Delta]) -> str:
    """The content in `deltas`."""
    return "".join(delta.text for delta in deltas if delta.kind == "content")


def chat(content: str, finish: str | None = None) -> bytes:
    """A chunk of OpenAI's chat as an event."""
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


def test_framing_is_the_specification_s_wherever_the_bytes_are_cut() -> None:
    for row in rows("sse_framing"):
        for pieces in cuts(base64.b64decode(row["b64"])):
            decoder = Decoder()
            found = [{"event": e.event, "data": e.data, "id": e.id} for piece in pieces for e in decoder.feed(piece)]
            assert found == row["events"], (row["name"], pieces)


def test_the_time_to_wait_is_a_number_or_nothing() -> None:
    decoder = Decoder()
    decoder.feed("retry: 1s\n\n")
    assert decoder.retry is None
    decoder.feed("retry: 250\nid: 7\n\n")
    assert (decoder.retry, decoder.last_id) == (250, "7")


def test_an_id_counts_when_its_event_is_whole() -> None:
    decoder = Decoder()
    decoder.feed("id: 1\ndata: a\n\nid: 2\ndata: b\n")
    assert decoder.last_id == "1"


BODIES: list[tuple[str, bytes, str, type[NbstreamError] | None]] = [
    ("an HTML page", b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "", BadResponse),
    ("a JSON error in place of events", b'{"error": {"type": "rate_limit_error", "message": "slow down"}}', "", RateLimitError),
    ("an error that nobody framed", chat("Hi") + b'{"error": {"message": "boom"}}\n', "Hi", ProviderError),
    ("an error event of plain text", chat("Hi") + b"event: error\ndata: boom\n\n", "Hi", ProviderError),
    ("an event that is not JSON", chat("a") + b"data: {broken\n\n" + chat("b", "stop"), "ab", BadResponse),
    ("half a UTF-8 character at the end", chat("Hi") + chat("é")[:-22], "Hi", None),
    ("half an event at the end", chat("Hi") + b'data: {"choi', "Hi", None),
    ("an event without its blank line", chat("Hi") + chat("!")[:-2], "Hi!", None),
    ("compressed, and nothing says so", gzip.compress(chat("Hi")), "", BadResponse),
    ("nothing", b"", "", None),
    ("blank lines and comments", b"\n\n: ping\n\n", "", None),
    ("events of an unknown kind", b'data: {"what": 1}\n\n', "", BadResponse),
    ("a detail in place of events", b'{"detail": "Not Found"}', "", ProviderError),
    ("broken JSON", b'{"choices": [', "", BadResponse),
]


@pytest.mark.parametrize(("body", "content", "kind"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES])
async def test_an_odd_body_ends_truthfully_with_what_came_before(
    body: bytes, content: str, kind: type[NbstreamError] | None
) -> None:
    for pieces in ([body], [body[i : i + 7] for i in range(0, len(body), 7)]):
        deltas, error = await drain(iter(pieces))
        assert text(deltas) == content
        assert type(error) is (type(None) if kind is None else kind)
        assert not any(delta.finish_reason or (delta.final and not delta.kind) for delta in deltas) or kind


async def test_five_megabytes_in_one_event_are_one_piece_of_text() -> None:
    body = chat("x" * 5_000_000, "stop")
    deltas, error = await drain(body[i : i + 16_384] for i in range(0, len(body), 16_384))
    assert error is None
    assert len(text(deltas)) == 5_000_000


ARRAY = (
    b'{"candidates":[{"content":{"parts":[{"text":"He"}]}}]}',
    b'{"candidates":[{"content":{"parts":[{"text":"llo"}]},"finishReason":"STOP"}]}',
)
SHAPES: list[tuple[str, bytes]] = [
    ("objects of one name", b'data: {"content": "He"}\n\ndata: {"content": "llo"}\n\ndata: [DONE]\n\n'),
    ("JSON texts", b'data: "He"\n\ndata: "llo"\n\ndata: [DONE]\n\n'),
    ("plain texts", b"data: He\n\ndata: llo\n\ndata: [DONE]\n\n"),
    ("a line of JSON each", b'{"message":{"content":"He"},"done":false}\n{"message":{"content":"llo"},"done":true}\n'),
    ("an array", b"[" + ARRAY[0] + b"\n,\r\n" + ARRAY[1] + b"]"),
    ("a whole reply", json.dumps({"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}, indent=1).encode()),
]


@pytest.mark.parametrize("body", [body for _, body in SHAPES], ids=[name for name, _ in SHAPES])
async def test_the_shape_is_recognised_and_the_end_is_an_end(body: bytes) -> None:
    for pieces in ([body], [body[i : i + 1] for i in range(len(body))]):
        deltas, error = await drain(iter(pieces))
        assert error is None
        assert text(deltas) == "Hello"
        assert any(delta.finish_reason or (delta.final and not delta.kind) for delta in deltas)


async def test_done_without_a_finish_reason_is_no_end_where_the_format_has_one() -> None:
    deltas, error = await drain(chat("Hi") + b"data: [DONE]\n\n")
    assert (text(deltas), error) == ("Hi", None)
    assert not any(delta.final or delta.finish_reason for delta in deltas)


async def test_what_holds_the_bytes_may_be_anything(tmp_path: Path) -> None:
    body = chat("Hel") + chat("lo", "stop")
    path = tmp_path / "stream.sse"
    path.write_bytes(body)

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 5):
            yield body[at : at + 5]

    def iter_lines() -> Iterator[str]:
        yield from body.decode().splitlines()

    with path.open("rb") as file:
        for x in (body, body.decode(), path, str(path), file, [body], iter([body.decode()]), pieces(), iter_lines()):
            deltas, error = await drain(x)
            assert (text(deltas), error) == ("Hello", None), x
    decoded = [json.loads(line[6:]) for line in body.decode().splitlines() if line]
    assert text((await drain(decoded))[0]) == "Hello"


async def test_the_user_s_own_iterator_may_raise() -> None:
    def pieces() -> Iterator[bytes]:
        yield chat("Hi")
        raise OSError("the disk is on fire")

    deltas, error = await drain(pieces())
    assert text(deltas) == "Hi"
    assert error is not None
    assert "the disk is on fire" in str(error)


@pytest.mark.parametrize(("x", "kind"), [(3, TypeError), (None, TypeError), ("no/such/file", ValueError)])
def test_what_cannot_be_read_is_refused_at_once(x: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        from_sse(x)


def test_an_unknown_format_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="openai_chat"):
        from_sse(b"", format="openai")


def test_it_is_a_source() -> None:
    assert isinstance(from_sse("http://user:secret@host.example/v1?key=1"), Source)
    assert from_sse("http://user:secret@host.example/v1?key=1").title == "host.example"
