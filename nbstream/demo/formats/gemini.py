"""Gemini's generateContent and streamGenerateContent (with ``alt=sse``).

Belongs here: their shapes. Does not belong here: the Interactions API, which is another format.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from nbstream.demo.answer import Answer, Call
from nbstream.demo.formats.shape import Ask, Format, Json, Message, dumps, items, parsed, sse, whole

_PATH = re.compile(r"/(?P<model>[^/]+):(?P<verb>streamGenerateContent|generateContent)$")
_REASONS = {"length": "MAX_TOKENS", "content_filter": "SAFETY", "tool_calls": "STOP"}


def ask(path: str, body: Json) -> Ask:
    """Read a request; the path names the model and says whether to stream."""
    found = _PATH.search(path.partition("?")[0])
    config = body.get("generationConfig")
    declared = [
        function
        for tool in items(body.get("tools"))
        for function in items(tool.get("functionDeclarations", tool.get("function_declarations")))
    ]
    return Ask(
        model=unquote(found["model"]) if found else "",
        stream=found is not None and found["verb"] == "streamGenerateContent",
        messages=[message for content in items(body.get("contents")) for message in _messages(content)],
        tools={str(f.get("name", "")): f.get("parameters") or f.get("parametersJsonSchema") or {} for f in declared},
        max_tokens=whole(config.get("maxOutputTokens", config.get("max_output_tokens"))) if isinstance(config, dict) else None,
    )


def _messages(content: Json) -> list[Message]:
    """A tool's result is a part of a user's content here; it becomes a message of its own."""
    parts = items(content.get("parts"))
    results = [part.get("functionResponse", part.get("function_response")) for part in parts]
    found = [Message("tool", _result(result)) for result in results if isinstance(result, dict)]
    text = "".join(str(part["text"]) for part in parts if "text" in part)
    if text or not found:
        found.append(Message("assistant" if content.get("role") == "model" else "user", text))
    return found


def _result(result: Json) -> str:
    response = result.get("response")
    if isinstance(response, dict) and len(response) == 1:  # {"content": "…"}, {"result": …}: the wrapping is the client's
        response = next(iter(response.values()))
    return response if isinstance(response, str) else dumps({"value": response})[9:-1].decode()


def stream(answer: Answer, ask: Ask, raw: bool) -> list[bytes]:
    """Return the chunks of a stream."""
    calls = iter(answer.calls())
    parts: list[Json] = []
    for at, piece in enumerate(answer.pieces):
        if piece.kind != "tool":
            parts.append(_text(piece.kind, piece.text))
        # A call is sent whole, so its last piece stands for all of them.
        elif not any(later.kind == "tool" and later.index == piece.index for later in answer.pieces[at + 1 :]):
            parts.append(_call(next(calls)))
    chunks = [sse(dumps({**_head(ask), "candidates": [_candidate([part])]}, raw)) for part in parts]
    last: Json = {**_candidate([{"text": ""}]), **_reason(answer)}
    return [*chunks, sse(dumps({**_head(ask), "candidates": [last], "usageMetadata": _usage(answer, ask)}))]


def reply(answer: Answer, ask: Ask) -> Json:
    """Return the reply where no stream was asked for."""
    parts = [_text(kind, text) for kind in ("thinking", "content") if (text := answer.text(kind))]
    parts += [_call(call) for call in answer.calls()]
    candidate = {**_candidate(parts), **_reason(answer)}
    return {**_head(ask), "candidates": [candidate], "usageMetadata": _usage(answer, ask)}


def _head(ask: Ask) -> Json:
    return {"responseId": "demo", "modelVersion": ask.model}


def _candidate(parts: list[Json]) -> Json:
    return {"content": {"role": "model", "parts": parts}, "index": 0}


def _text(kind: str, text: str) -> Json:
    return {"text": text, "thought": True} if kind == "thinking" else {"text": text}


def _call(call: Call) -> Json:
    return {"functionCall": {"id": call.id, "name": call.name, "args": parsed(str(call.arguments))}}


def _reason(answer: Answer) -> Json:
    return {} if answer.finish_reason is None else {"finishReason": _REASONS.get(answer.finish_reason, "STOP")}


def _usage(answer: Answer, ask: Ask) -> Json:
    usage = ask.usage(answer)
    return {
        "promptTokenCount": usage.input,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": usage.input + usage.output,
        **({"thoughtsTokenCount": usage.reasoning} if usage.reasoning else {}),
        **({"cachedContentTokenCount": usage.cached} if usage.cached else {}),
    }


_STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}


def error(status: int, message: str, code: str) -> Json:
    """Return the body of an error response, or of an error event."""
    return {"error": {"code": status, "message": message, "status": _STATUSES.get(status, "INTERNAL")}}


FORMAT = Format(
    name="gemini",
    path=_PATH,
    content_type="text/event-stream",
    ask=ask,
    stream=stream,
    reply=reply,
    error=error,
    error_event=lambda message, code: sse(dumps(error(503, message, code))),
    event=sse,
)
