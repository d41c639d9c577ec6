"""The cleaner of a provider's bytes: framing, repairs and faults, cut at every byte."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

import pytest

from corpora import rows
from nbstream.sources._lines import Framing, Lines, framing

TEXT = "é👩‍👩‍👧 a\u2028b\u2029c\u0085d\x00e\r\nf \u0301 \ufeff end"


def clean(pieces: Iterable[bytes], how: Framing = "sse") -> tuple[bytes, list[Any], str]:
    """What the cleaner passes on, the events that it saw, its fault."""
    seen: list[Any] = []
    lines = Lines(how, seen.append)
    out = b"".join([lines.feed(piece) for piece in pieces])
    fault = lines.fault
    return out + lines.finish(), seen, fault


def event(value: Any, end: bytes = b"\n") -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + end + end


def values(out: bytes) -> list[Any]:
    """The events of a clean body as a reader by `str.splitlines` sees them, which is how libraries read."""
    lines = [line for line in out.decode().splitlines() if line.startswith("data: ") and line != "data: [DONE]"]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def bodies(end: bytes) -> bytes:
    events = [event({"n": n, "text": TEXT[n:]}, end) for n in range(4)]
    return b"\xef\xbb\xbf: hello" + end + (b": ping" + end).join(events) + b"data: [DONE]" + end + end


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_cut_at_any_byte_changes_nothing(end: bytes) -> None:
    body = bodies(end)
    whole, _, fault = clean([body])
    assert not fault
    assert [v["text"] for v in values(whole)] == [TEXT[n:] for n in range(4)]
    assert whole.endswith(b"data: [DONE]\n\n")
    for at in range(len(body) + 1):
        assert clean([body[:at], body[at:]])[0] == whole
    assert clean([body[i : i + 1] for i in range(len(body))])[0] == whole


def test_a_cut_at_any_two_bytes_of_a_mark_a_comment_and_a_crlf_changes_nothing() -> None:
    body = b"\xef\xbb\xbf: c\r\n\r\ndata: {}\r\n\r\n"
    whole = clean([body])[0]
    assert whole == b"data: {}\n\n"
    for a in range(len(body) + 1):
        for b in range(a, len(body) + 1):
            assert clean([body[:a], body[a:b], body[b:]])[0] == whole


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_complete_line_is_passed_on_at_once(end: bytes) -> None:
    lines = Lines("sse", lambda _: None)
    assert lines.feed(b'data: {"a":1}') == b""
    assert lines.feed(end) == b'data: {"a":1}\n\n'
    assert lines.feed(end) == b""


def test_line_separators_become_escapes_and_nothing_else_is_rewritten() -> None:
    body = '{"a": "x\u2028y\u2029z\u0085", "b":  1.0e5}'
    out, _, _ = clean([f"data:{body}\n\n".encode()])
    assert out == b'data: {"a": "x\\u2028y\\u2029z\\u0085", "b":  1.0e5}\n\n'


def test_only_a_first_byte_order_mark_is_dropped() -> None:
    out, _, _ = clean([b"\xef\xbb\xbf" + event({"a": "\ufeff"})])
    assert values(out) == [{"a": "\ufeff"}]


def test_comments_ids_retries_and_events_without_data_are_dropped() -> None:
    out, _, fault = clean([b": c\n\nid: 1\nretry: 5\ndata:\n\nevent: ping\ndata: \n\ndata: {}\n\n:\n"])
    assert (out, fault) == (b"data: {}\n\n", "")


def test_an_event_keeps_its_name() -> None:
    out, _, _ = clean([b'event: error\ndata: {"a":1}\n\ndata: {}\n\n'])
    assert out == b'event: error\ndata: {"a":1}\n\ndata: {}\n\n'


def test_data_lines_of_one_event_are_joined() -> None:
    out, seen, fault = clean([b'data: {"a":\ndata: [1,\ndata: 2]}\n\n'])
    assert (out, seen, fault) == (b'data: {"a": [1, 2]}\n\n', [{"a": [1, 2]}], "")


def test_a_byte_that_is_no_utf_8_becomes_a_replacement_character() -> None:
    out, _, fault = clean([b'data: {"a": "x\xffy"}\n\n', event({"b": 2})])
    assert (values(out), fault) == ([{"a": "x\ufffdy"}, {"b": 2}], "")


def test_raw_control_characters_in_strings_are_escaped() -> None:
    out, _, fault = clean([b'data: {"a": "x\x00\x0b\x1cy\tz"}\n\n'])
    assert (values(out), fault) == ([{"a": "x\x00\x0b\x1cy\tz"}], "")


def test_an_object_with_several_choices_becomes_one_for_each() -> None:
    chunk = {"id": "c", "choices": [{"index": 0, "d": ""}, {"index": 1, "d": TEXT}], "usage": {"n": 1}}
    out, seen, _ = clean([event(chunk)])
    assert values(out) == [{"id": "c", "choices": chunk["choices"][:1]}, {**chunk, "choices": chunk["choices"][1:]}]
    assert seen == [chunk]


@pytest.mark.parametrize(
    "bad",
    [b'data: {"a": \n\n', b"data: {]}\n\n", b"data: hello\n\n", b"data: <html>\n\n", b"data: " + b"[" * 100_000 + b"\n\n"],
)
def test_an_event_that_is_not_json_is_a_fault_after_everything_before_it(bad: bytes) -> None:
    out, seen, fault = clean([event({"a": 1}) + bad + event({"b": 2})])
    assert (values(out), seen) == ([{"a": 1}], [{"a": 1}])
    assert "not JSON" in fault
    assert len(fault) < 500


@pytest.mark.parametrize("at", range(1, len(event({"b": 2})) - 2))
def test_half_an_event_at_the_end_is_a_cut_and_no_fault(at: int) -> None:
    out, _, fault = clean([event({"a": 1}) + event({"b": 2})[:at]])
    assert (values(out), fault) == ([{"a": 1}], "")


def test_a_whole_event_without_its_line_end_is_passed_on_at_the_end() -> None:
    assert values(clean([event({"a": 1}), b'data: {"b": 2}'])[0]) == [{"a": 1}, {"b": 2}]


def test_an_error_without_framing_is_taken_as_an_event() -> None:
    out, seen, _ = clean([event({"a": 1}) + b'{"error": {"message": "no"}}\n'])
    assert seen[-1] == {"error": {"message": "no"}}
    assert len(values(out)) == 2


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_ndjson_is_cleaned_at_every_cut_too(end: bytes) -> None:
    body = b"".join(json.dumps({"n": n, "t": TEXT}, ensure_ascii=False).encode() + end + end for n in range(2))
    whole, seen, fault = clean([body], "ndjson")
    assert [json.loads(line)["t"] for line in whole.decode().splitlines()] == [TEXT, TEXT]
    assert ([v["n"] for v in seen], fault) == ([0, 1], "")
    for at in range(len(body)):
        assert clean([body[:at], body[at:]], "ndjson")[0] == whole


def test_a_bad_line_of_ndjson_is_a_fault() -> None:
    out, _, fault = clean([b'{"a":1}\n{"a":\n{"b":2}\n'], "ndjson")
    assert out == b'{"a":1}\n'
    assert "not JSON" in fault


@pytest.mark.parametrize(
    ("first", "what"), [(b"data: {}\n\n", "sse"), (b": c\n", "sse"), (b"\n{}\n", "ndjson"), (b"\xef\xbb\xbf{}\n", "ndjson")]
)
def test_a_body_without_a_telling_type_is_known_by_its_first_line(first: bytes, what: str) -> None:
    lines = Lines("guess", lambda _: None)
    lines.feed(first)
    assert lines.framing == what


def test_a_body_that_is_no_stream_passes_untouched() -> None:
    page = "<html>\n<p>ä\u2028</p>\n".encode()
    assert clean([page[:9], page[9:]], "guess")[0] == page
    assert clean([page[:9], page[9:]], "none")[0] == page


def test_the_framing_follows_the_content_type() -> None:
    types = ("text/event-stream; charset=utf-8", "application/x-ndjson", "application/json", "text/html", "text/plain", "")
    assert [framing(t) for t in types] == ["sse", "ndjson", "none", "none", "guess", "guess"]


def test_framing_of_the_corpus_is_read_as_the_standard_says() -> None:
    for row in rows("sse_framing"):
        body = base64.b64decode(row["b64"])
        wanted = [e["data"] for e in row["events"] if e["data"].strip() and _is_json(e["data"])]
        if len(wanted) != len([e for e in row["events"] if e["data"].strip()]):
            continue  # data that is not JSON: no provider's, and a fault here
        out, seen, fault = clean([body[i : i + 1] for i in range(len(body))])
        assert not fault, row["name"]
        assert seen == [json.loads(data) for data in wanted], row["name"]
        assert len(values(out)) == len(wanted), row["name"]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def test_a_done_mark_in_a_text_is_not_the_end() -> None:
    out, _, _ = clean([event({"a": "say [DONE] now"}) + b"data: [DONE]\n\n"])
    assert out == b'data: {"a": "say \\u005bDONE] now"}\n\ndata: [DONE]\n\n'
