"""Ollama's chat: one JSON object a line.

Belongs here: the shapes of ``/api/chat``. Does not belong here: its OpenAI-compatible paths (`openai_chat`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from nbstream.demo.answer import Answer, Call
from nbstream.demo.formats.shape import Ask, Format, Json, Message, dumps, items, parsed, plain, whole


def ask(path: str, body: Json) -> Ask:
    """Read a request; it is streamed unless it says otherwise."""
    options = body.get("options")
    functions = [tool["function"] for tool in items(body.get("tools")) if isinstance(tool.get("function"), dict)]
    return Ask(
        model=str(body.get("model", "")),
        stream=body.get("stream") is not False,
        messages=[Message(str(m.get("role", "")), plain(m.get("content"))) for m in items(body.get("messages"))],
        tools={str(f.get("name", "")): f.get("parameters") or {} for f in functions},
        max_tokens=whole(options.get("num_predict")) if isinstance(options, dict) else None,
    )


def stream(answer: Answer, ask: Ask, raw: bool) -> list[bytes]:
    """Return the lines of a stream."""

    def line(message: Json) -> bytes:
        return dumps({**_head(ask), "message": {"role": "assistant", "content": "", **message}, "done": False}, raw) + b"\n"

    chunks: list[bytes] = []
    calls = iter(answer.calls())
    for at, piece in enumerate(answer.pieces):
        if piece.kind == "tool":
            # A call is sent whole, so its last piece stands for all of them.
            if not any(later.kind == "tool" and later.index == piece.index for later in answer.pieces[at + 1 :]):
                chunks.append(line({"tool_calls": [_call(next(calls), piece.index)]}))
        else:
            chunks.append(line({piece.kind: piece.text}))
    return [*chunks, dumps(_done(answer, ask, {"role": "assistant", "content": ""})) + b"\n"]


def _head(ask: Ask) -> Json:
    return {"model": ask.model, "created_at": datetime.now(UTC).isoformat().replace("+00:00", "Z")}


def _call(call: Call, index: int) -> Json:
    return {"id": call.id, "function": {"index": index, "name": call.name, "arguments": parsed(str(call.arguments))}}


def _done(answer: Answer, ask: Ask, message: Json) -> Json:
    usage = ask.usage(answer)
    # Ollama ends with "stop" after a tool call too.
    reason = {"tool_calls": "stop"}.get(answer.finish_reason or "", answer.finish_reason)
    return {
        **_head(ask),
        "message": message,
        "done": True,
        **({"done_reason": reason} if reason else {}),
        "total_duration": 1_000_000_000,
        "prompt_eval_count": usage.input,
        "eval_count": usage.output,
        "eval_duration": 900_000_000,
    }


def reply(answer: Answer, ask: Ask) -> Json:
    """Return the reply where no stream was asked for."""
    message: Json = {"role": "assistant", "content": answer.text("content")}
    if thinking := answer.text("thinking"):
        message["thinking"] = thinking
    if calls := answer.calls():
        message["tool_calls"] = [_call(call, index) for index, call in enumerate(calls)]
    return _done(answer, ask, message)


def error(status: int, message: str, code: str) -> Json:
    """Return the body of an error response, or of an error line."""
    return {"error": message}


FORMAT = Format(
    name="ollama",
    path=re.compile(r"/api/chat$"),
    content_type="application/x-ndjson",
    ask=ask,
    stream=stream,
    reply=reply,
    error=error,
    error_event=lambda message, code: dumps(error(500, message, code)) + b"\n",
    event=lambda payload: payload + b"\n",
)
