"""OpenAI's chat completions, with `reasoning_content` as DeepSeek, vLLM and others have it.

Belongs here: the shapes of ``/chat/completions``. Does not belong here: the Responses API (`openai_responses`).
"""

from __future__ import annotations

import re
import time

from nbstream.demo.answer import Answer, Piece, Usage
from nbstream.demo.formats.shape import Ask, Format, Json, Message, dumps, items, plain, sse, whole


def ask(path: str, body: Json) -> Ask:
    """Read a request. An Azure-like path names the model where the body does not."""
    deployment = re.search(r"/deployments/([^/?]+)", path)
    options = body.get("stream_options")
    functions = [tool["function"] for tool in items(body.get("tools")) if isinstance(tool.get("function"), dict)]
    return Ask(
        model=str(body.get("model") or (deployment[1] if deployment else "")),
        stream=bool(body.get("stream")),
        messages=[
            Message("system" if m.get("role") == "developer" else str(m.get("role", "")), plain(m.get("content")))
            for m in items(body.get("messages"))
        ],
        tools={str(f.get("name", "")): f.get("parameters") or {} for f in functions},
        max_tokens=whole(body.get("max_completion_tokens", body.get("max_tokens"))),
        include_usage=isinstance(options, dict) and bool(options.get("include_usage")),
    )


def stream(answer: Answer, ask: Ask, raw: bool) -> list[bytes]:
    """Return the chunks of a stream."""
    head = {"id": "chatcmpl-demo", "object": "chat.completion.chunk", "created": int(time.time()), "model": ask.model}

    def chunk(choice: int, delta: Json, finish_reason: str | None = None) -> bytes:
        choices = [{"index": choice, "delta": delta, "logprobs": None, "finish_reason": finish_reason}]
        return sse(dumps({**head, "choices": choices}, raw))

    chunks: list[bytes] = []
    seen: set[int] = set()
    for piece in answer.pieces:
        opening = b"" if piece.choice in seen else chunk(piece.choice, {"role": "assistant", "content": ""})
        seen.add(piece.choice)
        chunks.append(opening + chunk(piece.choice, _delta(piece)))
    ending = b""
    if answer.finish_reason is not None:
        ending = b"".join(chunk(choice, {}, answer.finish_reason) for choice in sorted(seen or {0}))
    if ask.include_usage:
        ending += sse(dumps({**head, "choices": [], "usage": _usage(ask.usage(answer))}))
    return [*chunks, ending + sse(b"[DONE]")]


def _delta(piece: Piece) -> Json:
    if piece.kind == "thinking":
        return {"reasoning_content": piece.text}
    if piece.kind == "content":
        return {"content": piece.text}
    call: Json = {"index": piece.index}
    if piece.id:
        call |= {"id": piece.id, "type": "function"}
    call["function"] = ({"name": piece.name} if piece.name else {}) | {"arguments": piece.text}
    return {"tool_calls": [call]}


def _usage(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def reply(answer: Answer, ask: Ask) -> Json:
    """Return the reply where no stream was asked for."""
    message: Json = {"role": "assistant", "content": answer.text("content")}
    if thinking := answer.text("thinking"):
        message["reasoning_content"] = thinking
    if calls := answer.calls():
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}} for call in calls
        ]
    return {
        "id": "chatcmpl-demo",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": ask.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}],
        "usage": _usage(ask.usage(answer)),
    }


def error(status: int, message: str, code: str) -> Json:
    """Return the body of an error response, or of an error event."""
    kind = "invalid_request_error" if 400 <= status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


FORMAT = Format(
    name="openai-chat",
    path=re.compile(r"/chat/completions$"),
    content_type="text/event-stream",
    ask=ask,
    stream=stream,
    reply=reply,
    error=error,
    error_event=lambda message, code: sse(dumps(error(500, message, code))),
    event=sse,
)
