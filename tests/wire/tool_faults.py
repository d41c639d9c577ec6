"""Tool calls as providers should not send them, by wire format: what goes over the wire, and what was meant.

Belongs here: events by hand, because no well-behaved writer makes them. Does not belong here: how they must end
(`test_fault_matrix`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

PLAIN = {"f": '{"a":1}', "g": '{"b":2}'}
HALF = '{"q": "no end'

Step = tuple[int, str, str, str]
"""Index, id, name, a part of the arguments; id and name on the first step of a call."""

OUT_OF_ORDER: Sequence[Step] = (
    *((6, "b", "g", ""), (5, "a", "f", "")),
    *((6, "", "", '{"b":'), (5, "", "", '{"a":1}'), (6, "", "", "2}")),
)
DUPLICATE: Sequence[Step] = ((5, "a", "f", ""), (5, "", "", '{"a":1}'), (5, "b", "g", ""), (5, "", "", '{"b":2}'))
NO_JSON: Sequence[Step] = ((5, "a", "f", ""), (5, "", "", HALF))


def events(wire: str, steps: Sequence[Step]) -> bytes:
    """Return the bytes of `steps` in the format `wire`."""
    return {
        "openai chat": _chat,
        "openai responses": _responses,
        "anthropic": _anthropic,
        "gemini": _gemini,
        "ollama": _ollama,
    }[wire](steps)


def _chat(steps: Sequence[Step]) -> bytes:
    found = b""
    for index, call, name, text in steps:
        head = {"id": call, "type": "function"} if call else {}
        part = {"index": index, **head, "function": {**({"name": name} if name else {}), "arguments": text}}
        delta = {"index": 0, "delta": {"tool_calls": [part]}, "finish_reason": None}
        found += _sse({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [delta]})
    return found


def _responses(steps: Sequence[Step]) -> bytes:
    found = b""
    last: dict[int, str] = {}
    for index, call, name, text in steps:
        if call:
            last[index] = f"fc_{call}"
            item = {"id": last[index], "type": "function_call", "call_id": call, "name": name, "arguments": ""}
            found += _typed("response.output_item.added", output_index=index, item=item)
        if text:
            found += _typed("response.function_call_arguments.delta", output_index=index, item_id=last[index], delta=text)
    return found


def _anthropic(steps: Sequence[Step]) -> bytes:
    found = b""
    for index, call, name, text in steps:
        if call:
            block = {"type": "tool_use", "id": call, "name": name, "input": {}}
            found += _typed("content_block_start", index=index, content_block=block)
        if text:
            found += _typed("content_block_delta", index=index, delta={"type": "input_json_delta", "partial_json": text})
    return found + b"".join(_typed("content_block_stop", index=index) for index in sorted({step[0] for step in steps}))


def _gemini(steps: Sequence[Step]) -> bytes:
    parts = [{"functionCall": {"name": name, "args": args}} for _, _, name, args in _whole(steps)]
    return _sse({"candidates": [{"index": 0, "content": {"role": "model", "parts": parts}}]})


def _ollama(steps: Sequence[Step]) -> bytes:
    calls = [{"function": {"index": index, "name": name, "arguments": args}} for index, _, name, args in _whole(steps)]
    message = {"role": "assistant", "content": "", "tool_calls": calls}
    return json.dumps({"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": False}).encode() + b"\n"


def _whole(steps: Sequence[Step]) -> list[tuple[int, str, str, Any]]:
    """Calls as formats without deltas have them: the arguments are a value; text that is no JSON stays text."""
    calls: list[list[Any]] = []
    for index, call, name, text in steps:
        if call:
            calls.append([index, call, name, ""])
        next(found for found in reversed(calls) if found[0] == index)[3] += text
    return [(index, call, name, _value(text)) for index, call, name, text in calls]


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _typed(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\n".encode() + _sse({"type": kind, **fields})


def _sse(event: Any) -> bytes:
    return b"data: " + json.dumps(event).encode() + b"\n\n"
