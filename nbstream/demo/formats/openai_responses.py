"""OpenAI's Responses API: output items that are added, grow and are done.

Belongs here: the shapes of ``/responses``. Does not belong here: chat completions (`openai_chat`).
"""

from __future__ import annotations

import re
import time
from itertools import groupby

from nbstream.demo.answer import Answer, Piece
from nbstream.demo.formats.shape import Ask, Format, Json, Message, dumps, items, plain, sse, whole


def ask(path: str, body: Json) -> Ask:
    """Read a request; `input` is a text or a list of items."""
    given = body.get("input")
    entries = [{"role": "user", "content": given}] if isinstance(given, str) else items(given)
    return Ask(
        model=str(body.get("model", "")),
        stream=bool(body.get("stream")),
        messages=[
            *([Message("system", plain(body["instructions"]))] if body.get("instructions") else []),
            *(_message(entry) for entry in entries),
        ],
        tools={str(tool.get("name", "")): tool.get("parameters") or {} for tool in items(body.get("tools"))},
        max_tokens=whole(body.get("max_output_tokens")),
    )


def _message(entry: Json) -> Message:
    if entry.get("type") == "function_call_output":
        return Message("tool", plain(entry.get("output")))
    if entry.get("type") in ("function_call", "reasoning"):
        return Message("assistant", "")
    return Message("system" if entry.get("role") == "developer" else str(entry.get("role", "")), plain(entry.get("content")))


class _Writer:
    """Writes the events of one stream, numbered."""

    def __init__(self, raw: bool) -> None:
        self.raw = raw
        self.number = -1

    def event(self, kind: str, **fields: object) -> bytes:
        self.number += 1
        return sse(dumps({"type": kind, "sequence_number": self.number, **fields}, self.raw), kind)


def stream(answer: Answer, ask: Ask, raw: bool) -> list[bytes]:
    """Return the chunks of a stream: each run of pieces of one kind is an output item."""
    writer = _Writer(raw)
    running = _response(answer, ask, "in_progress", [])
    pending = writer.event("response.created", response=running) + writer.event("response.in_progress", response=running)
    chunks: list[bytes] = []
    done: list[Json] = []
    for at, (_, group) in enumerate(groupby(answer.pieces, key=lambda piece: (piece.kind, piece.index))):
        pieces = list(group)
        pending += _added(writer, at, pieces[0])
        for piece in pieces:
            chunks.append(pending + _grown(writer, at, piece))
            pending = b""
        item = _item(at, pieces, "completed")
        done.append(item)
        pending = _finished(writer, at, item)
    if answer.finish_reason is not None:
        final = _response(answer, ask, "", done)
        pending += writer.event(f"response.{final['status']}", response=final)
    return [*chunks, pending]


def _added(writer: _Writer, at: int, first: Piece) -> bytes:
    item = _item(at, [Piece(first.kind, "", first.index, first.id, first.name)], "in_progress")
    part: Json = {}
    if first.kind == "content":
        part = {"part": {"type": "output_text", "text": "", "annotations": []}, "content_index": 0}
    elif first.kind == "thinking":
        part = {"part": {"type": "summary_text", "text": ""}, "summary_index": 0}
    item |= {"content": []} if first.kind == "content" else {"summary": []} if first.kind == "thinking" else {}
    added = writer.event("response.output_item.added", output_index=at, item=item)
    if not part:
        return added
    kind = "response.content_part.added" if first.kind == "content" else "response.reasoning_summary_part.added"
    return added + writer.event(kind, item_id=item["id"], output_index=at, **part)


def _grown(writer: _Writer, at: int, piece: Piece) -> bytes:
    where: Json = {"item_id": f"item_{at}", "output_index": at, "delta": piece.text}
    if piece.kind == "content":
        return writer.event("response.output_text.delta", content_index=0, logprobs=[], **where)
    if piece.kind == "thinking":
        return writer.event("response.reasoning_summary_text.delta", summary_index=0, **where)
    return writer.event("response.function_call_arguments.delta", **where)


def _finished(writer: _Writer, at: int, item: Json) -> bytes:
    where: Json = {"item_id": item["id"], "output_index": at}
    if item["type"] == "message":
        part = item["content"][0]
        closing = writer.event("response.output_text.done", content_index=0, text=part["text"], logprobs=[], **where)
        closing += writer.event("response.content_part.done", content_index=0, part=part, **where)
    elif item["type"] == "reasoning":
        part = item["summary"][0]
        closing = writer.event("response.reasoning_summary_text.done", summary_index=0, text=part["text"], **where)
        closing += writer.event("response.reasoning_summary_part.done", summary_index=0, part=part, **where)
    else:
        fields = {"name": item["name"], "arguments": item["arguments"]}
        closing = writer.event("response.function_call_arguments.done", **fields, **where)
    return closing + writer.event("response.output_item.done", output_index=at, item=item)


def _item(at: int, pieces: list[Piece], status: str) -> Json:
    text = "".join(piece.text for piece in pieces)
    kind = pieces[0].kind
    if kind == "thinking":
        return {"id": f"item_{at}", "type": "reasoning", "summary": [{"type": "summary_text", "text": text}]}
    if kind == "content":
        content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
        return {"id": f"item_{at}", "type": "message", "role": "assistant", "status": status, "content": content}
    call = {"call_id": "".join(p.id for p in pieces), "name": "".join(p.name for p in pieces), "arguments": text}
    return {"id": f"item_{at}", "type": "function_call", "status": status, **call}


def _response(answer: Answer, ask: Ask, status: str, output: list[Json]) -> Json:
    """The response object: `status` ``""`` means as the finish reason says."""
    cause = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(answer.finish_reason or "")
    usage = ask.usage(answer)
    return {
        "id": "resp_demo",
        "object": "response",
        "created_at": int(time.time()),
        "model": ask.model,
        "status": status or ("incomplete" if cause else "completed"),
        "error": None,
        "incomplete_details": {"reason": cause} if cause and not status else None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "output": output,
        "usage": None
        if status
        else {
            "input_tokens": usage.input,
            "input_tokens_details": {"cached_tokens": usage.cached},
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.input + usage.output,
        },
    }


def reply(answer: Answer, ask: Ask) -> Json:
    """Return the reply where no stream was asked for."""
    groups = groupby(answer.pieces, key=lambda piece: (piece.kind, piece.index))
    return _response(answer, ask, "", [_item(at, list(group), "completed") for at, (_, group) in enumerate(groups)])


def error(status: int, message: str, code: str) -> Json:
    """Return the body of an error response."""
    kind = "invalid_request_error" if 400 <= status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


FORMAT = Format(
    name="openai-responses",
    path=re.compile(r"/responses$"),
    content_type="text/event-stream",
    ask=ask,
    stream=stream,
    reply=reply,
    error=error,
    error_event=lambda message, code: sse(dumps({"type": "error", "code": code, "message": message, "param": None}), "error"),
    event=lambda payload: sse(payload, "response.output_text.delta"),
)
