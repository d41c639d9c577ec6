"""Raw chunks: what each says of itself, whatever its type, and the pages that a view asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest

import nbstream as nb
from nbstream import _inspector
from nbstream._chunk_fields import fields_of
from nbstream._chunk_log import CHUNK_LIMIT, ChunkLog
from nbstream._events import Delta
from nbstream._inspector import arrivals

OPENAI = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1_700_000_000,
    "model": "gpt-5",
    "choices": [{"index": 1, "delta": {"content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3},
}


def test_the_fields_of_a_chat_chunk_are_read_from_json_and_from_the_clients_object() -> None:
    from openai.types.chat import ChatCompletionChunk

    usage = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
    event = {**OPENAI, "usage": usage}
    for raw in (event, ChatCompletionChunk.model_validate(event)):
        said = fields_of(raw)
        assert (said.id, said.model, said.created, said.index) == ("chatcmpl-1", "gpt-5", 1_700_000_000, 1)
        assert (said.delta, said.finish_reason) == ({"content": "Hi"}, "stop")
        assert said.usage == usage


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            {"type": "message_start", "message": {"id": "msg_1", "model": "claude", "usage": {"input_tokens": 2}}},
            {"id": "msg_1", "model": "claude", "usage": {"input_tokens": 2}},
        ),
        (
            {"type": "content_block_delta", "index": 2, "delta": {"type": "text_delta", "text": "x"}},
            {"index": 2, "delta": {"type": "text_delta", "text": "x"}},
        ),
        ({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"finish_reason": "end_turn"}),
        (
            {
                "candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP", "index": 0}],
                "responseId": "r",
                "modelVersion": "gemini",
                "usageMetadata": {"totalTokenCount": 1},
            },
            {
                "id": "r",
                "model": "gemini",
                "index": 0,
                "finish_reason": "STOP",
                "delta": {"parts": [{"text": "x"}]},
                "usage": {"totalTokenCount": 1},
            },
        ),
        ({"type": "response.created", "response": {"id": "resp_1", "model": "gpt-5"}}, {"id": "resp_1", "model": "gpt-5"}),
        ({"type": "response.output_text.delta", "output_index": 1, "delta": "x"}, {"index": 1, "delta": "x"}),
        ({"id": "c", "choices": [], "usage": {"total_tokens": 1}}, {"id": "c", "delta": None, "usage": {"total_tokens": 1}}),
        ({"odd": None}, {"id": None, "delta": {"odd": None}}),
        ({"id": 3, "model": None, "created": True, "choices": "x", "usage": []}, {"id": None, "created": None, "usage": None}),
    ],
)
def test_other_formats_say_what_they_have(event: dict[str, Any], said: dict[str, Any]) -> None:
    fields = fields_of(event)
    assert {name: getattr(fields, name) for name in said} == said


class Rude:
    """An object whose own conversion fails."""

    def model_dump(self, **_: object) -> Any:
        raise RuntimeError("no")

    def __repr__(self) -> str:
        return "<Rude>"


@pytest.mark.parametrize(("raw", "delta"), [(None, None), ("text", "text"), (3, 3), (Rude(), "<Rude>"), (object, repr(object))])
def test_a_chunk_of_no_known_shape_is_shown_as_it_is(raw: object, delta: object) -> None:
    assert fields_of(raw).delta == delta


def test_every_field_of_a_real_stream_can_be_read() -> None:
    s = nb.stream("Why is the sky blue?", display=False, wait=True)
    chunks = s.chunks
    assert len({chunk.id for chunk in chunks}) == 1
    assert all(chunk.id and chunk.model and chunk.created and chunk.raw is not None for chunk in chunks)
    said = [chunk.delta.get("content") or "" for chunk in chunks if chunk.delta]
    assert "".join(said) == s.content
    assert [chunk.finish_reason for chunk in chunks if chunk.finish_reason] == ["stop"]
    assert {chunk.index for chunk in chunks if chunk.delta} == {0}
    assert [chunk.usage["completion_tokens"] for chunk in chunks if chunk.usage][-1] == s.usage.output_tokens
    assert [chunk.t for chunk in chunks] == sorted(chunk.t for chunk in chunks)


def log(count: int, text: str = "x") -> ChunkLog:
    """A log of `count` chunks, of which the last has a finish reason."""
    chunks = ChunkLog()
    for number in range(count):
        choice = {"index": 0, "delta": {"content": text}}
        last = "stop" if number == count - 1 else None
        chunks.add(number / 10, [Delta("content", text, raw={**OPENAI, "choices": [choice]}, finish_reason=last)])
    return chunks


def page(chunks: ChunkLog, first: Any = 0, count: Any = 50) -> Any:
    """The answer to a view."""
    return _inspector.page(chunks, "r", {"type": "chunks", "from": first, "count": count})


def test_pages_give_every_chunk_once() -> None:
    chunks = log(130)
    rows: list[Any] = []
    while len(rows) < 130:
        answer = page(chunks, len(rows))
        assert (answer["type"], answer["run"], answer["from"], answer["total"]) == ("chunks", "r", len(rows), 130)
        rows += answer["rows"]
    assert [row["n"] for row in rows] == list(range(130))
    seventh = {"n": 7, "t_us": 700_000, "kind": "content", "length": 1, "id": "chatcmpl-1", "model": "gpt-5", "index": 0}
    assert rows[7] == seventh | {"created": 1_700_000_000, "delta": '{"content":"x"}', "usage": '{"prompt_tokens":3}'}
    assert page(chunks, 130)["rows"] == []
    json.dumps(rows, allow_nan=False)


def test_a_page_is_bounded_in_rows_and_in_characters() -> None:
    assert len(page(log(500), count=10_000)["rows"]) == _inspector.PAGE
    large = page(log(400, "y" * 50_000), count=200)["rows"]
    assert 0 < len(large) < 200
    assert all(len(row["delta"]) <= _inspector.CELL for row in large)
    assert sum(len(json.dumps(row)) for row in large) < 2 * _inspector.PAGE_CHARACTERS


def test_chunks_that_were_dropped_are_left_out_of_a_page() -> None:
    answer = page(log(CHUNK_LIMIT + 100), 0, 2)
    assert [row["n"] for row in answer["rows"]] == [100, 101]
    assert answer["total"] == CHUNK_LIMIT + 100


@pytest.mark.parametrize(("first", "count"), [(-1, 5), ("0", 5), (0, None), (True, 5), (0, 1.5)])
def test_a_view_that_asks_nonsense_gets_no_page(first: Any, count: Any) -> None:
    assert page(log(3), first, count) is None


def test_half_a_character_and_what_is_no_json_can_be_sent() -> None:
    chunks = ChunkLog()
    chunks.add(0.0, [Delta("content", "\ud83d", raw={"delta": {"text": "\ud83d", "blob": b"\xff"}})])
    (row,) = page(chunks)["rows"]
    json.dumps(row).encode()
    row["delta"].encode()


def test_the_timeline_gets_every_text_once_page_by_page() -> None:
    s = nb.display_stream(nb.fake("word " * 1500, thinking="hm " * 20, rate=None, ttft=0), display=False, wait=True)
    log, first, kinds, times = s._run.log, 0, "", list[int]()
    while True:
        page = arrivals(log, "r", {"from": first})
        assert page is not None
        assert (page["type"], page["run"], page["from"]) == ("arrivals", "r", first)
        assert len(page["kinds"]) == len(page["t_us"])
        if page["next"] == first:
            break
        first, kinds, times = page["next"], kinds + page["kinds"], times + page["t_us"]
    appends = [event for event in log.since(0) if event.type == "append"]
    assert kinds == "".join("t" if event.kind == "thinking" else "a" for event in appends)
    assert times == sorted(times)
    assert len(times) == len(appends) > 1500


@pytest.mark.parametrize("wrong", [{}, {"from": -1}, {"from": "0"}, {"from": True}, {"from": None}])
def test_a_question_for_arrivals_that_makes_no_sense_has_no_answer(wrong: dict[str, object]) -> None:
    s = nb.display_stream(nb.fake("x", rate=None, ttft=0), display=False, wait=True)
    assert arrivals(s._run.log, "r", wrong) is None
    assert arrivals(s._run.log, "r", {"from": 10**9}) is not None
