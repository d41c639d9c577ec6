"""Anthropic's messages: content blocks that open, grow and stop.

Belongs here: the shapes of ``/messages``. Does not belong here: what other clouds wrap around them.
"""

from __future__ import annotations

import re

from nbstream.demo.answer import Answer, Piece
from nbstream.demo.formats.shape import Ask, Format, Json, Message, dumps, items, parsed, plain, sse, whole

SIGNATURE = "c2lnbmVkIGJ5IHRoZSBkZW1v"
"""The signature that closes each thinking block: opaque base64, as the real one."""

_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


def ask(path: str, body: Json) -> Ask:
    """Read a request."""
    return Ask(
        model=str(body.get("model", "")),
        stream=bool(body.get("stream")),
        messages=[
            *([Message("system", plain(body["system"]))] if body.get("system") else []),
            *(message for entry in items(body.get("messages")) for message in _messages(entry)),
        ],
        tools={str(tool.get("name", "")): tool.get("input_schema") or {} for tool in items(body.get("tools"))},
        max_tokens=whole(body.get("max_tokens")),
    )


def _messages(entry: Json) -> list[Message]:
    """A tool's result is a block of a user's message here; it becomes a message of its own."""
    content = entry.get("content")
    blocks = items(content)
    found = [Message("tool", plain(block.get("content"))) for block in blocks if block.get("type") == "tool_result"]
    text = content if isinstance(content, str) else plain([block for block in blocks if block.get("type") == "text"])
    if text or not found:
        found.append(Message(str(entry.get("role", "")), text))
    return found


def _event(value: Json, raw: bool = True) -> bytes:
    return sse(dumps(value, raw), str(value["type"]))


def stream(answer: Answer, ask: Ask, raw: bool) -> list[bytes]:
    """Return the chunks of a stream. Blocks follow one another, so the pieces of two calls cannot be mixed here."""
    chunks: list[bytes] = []
    opened: tuple[str, int] | None = None
    at = -1
    for piece in answer.pieces:
        before = b"" if chunks else _start(ask, answer)
        block = (piece.kind, piece.index)
        if block != opened:
            before += _stop(at, opened)
            at, opened = at + 1, block
            before += _event({"type": "content_block_start", "index": at, "content_block": _block(piece)}, raw)
        delta = _event({"type": "content_block_delta", "index": at, "delta": _delta(piece)}, raw)
        # An empty delta says nothing that the block's start did not say.
        chunks.append(before + (delta if piece.text else b"") or delta)
    ending = (b"" if chunks else _start(ask, answer)) + _stop(at, opened)
    if answer.finish_reason is not None:
        ending += _event({"type": "message_delta", "delta": _reason(answer), "usage": _usage(answer, ask)})
    return [*chunks, ending + _event({"type": "message_stop"})]


def _start(ask: Ask, answer: Answer) -> bytes:
    usage = {**_usage(answer, ask), "output_tokens": 1}
    message = {"id": "msg_demo", "type": "message", "role": "assistant", "model": ask.model, "content": []}
    return _event({"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None, "usage": usage}})


def _block(piece: Piece) -> Json:
    if piece.kind == "thinking":
        return {"type": "thinking", "thinking": "", "signature": ""}
    if piece.kind == "content":
        return {"type": "text", "text": ""}
    return {"type": "tool_use", "id": piece.id, "name": piece.name, "input": {}}


def _delta(piece: Piece) -> Json:
    if piece.kind == "thinking":
        return {"type": "thinking_delta", "thinking": piece.text}
    if piece.kind == "content":
        return {"type": "text_delta", "text": piece.text}
    return {"type": "input_json_delta", "partial_json": piece.text}


def _stop(at: int, opened: tuple[str, int] | None) -> bytes:
    if opened is None:
        return b""
    signed = b""
    if opened[0] == "thinking":
        delta = {"type": "signature_delta", "signature": SIGNATURE}
        signed = _event({"type": "content_block_delta", "index": at, "delta": delta})
    return signed + _event({"type": "content_block_stop", "index": at})


def _reason(answer: Answer) -> Json:
    return {"stop_reason": _REASONS.get(answer.finish_reason or "", answer.finish_reason), "stop_sequence": None}


def _usage(answer: Answer, ask: Ask) -> Json:
    usage = ask.usage(answer)
    # Anthropic counts cached tokens beside the input, OpenAI within it.
    return {
        "input_tokens": usage.input - usage.cached,
        "output_tokens": usage.output,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached,
    }


def reply(answer: Answer, ask: Ask) -> Json:
    """Return the reply where no stream was asked for."""
    content: list[Json] = []
    if thinking := answer.text("thinking"):
        content.append({"type": "thinking", "thinking": thinking, "signature": SIGNATURE})
    if text := answer.text("content"):
        content.append({"type": "text", "text": text})
    content += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": parsed(str(call.arguments))} for call in answer.calls()
    ]
    head = {"id": "msg_demo", "type": "message", "role": "assistant", "model": ask.model}
    return {**head, "content": content, **_reason(answer), "usage": _usage(answer, ask)}


_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def error(status: int, message: str, code: str) -> Json:
    """Return the body of an error response, or of an error event."""
    return {"type": "error", "error": {"type": _KINDS.get(status, "api_error"), "message": message}}


FORMAT = Format(
    name="anthropic",
    path=re.compile(r"/messages$"),
    content_type="text/event-stream",
    ask=ask,
    stream=stream,
    reply=reply,
    error=error,
    error_event=lambda message, code: _event(error(529 if code == "overloaded_error" else 500, message, code)),
    event=lambda payload: sse(payload, "content_block_delta"),
)
