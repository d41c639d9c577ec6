"""From a chunk in OpenAI's shape, as litellm and the OpenAI SDK yield it, to deltas.

Belongs here: which attribute of a chunk means what. Does not belong here: finish reasons, which libraries invent (`_watch`
knows the true ones), sections.

Every attribute may be absent. Asking a pydantic model for one that it lacks takes microseconds, and a chunk lacks most of what
some provider sends: so each part is looked into once, as a mapping (`_fields`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from nbstream._events import Delta


def deltas(chunk: Any) -> list[Delta]:
    """Return what `chunk` adds, every choice of it; each delta carries the chunk as `raw`."""
    found = [d for choice in _fields(chunk).get("choices") or () for d in _choice(_fields(choice), chunk)]
    return found or [Delta(raw=chunk)]


def finished(chunk: Any) -> str:
    """Return the finish reason that the library gives in `chunk`, empty where it gives none; it may be invented."""
    for choice in _field(chunk, "choices") or ():
        if reason := _field(choice, "finish_reason"):
            return str(reason)
    return ""


def usage(chunk: Any) -> dict[str, int]:
    """Return the token counts in `chunk`, and the cost where the provider or the library gives one."""
    counts = _field(chunk, "usage")
    if counts is None:
        return {}
    figures = {
        "input_tokens": getattr(counts, "prompt_tokens", None),
        "output_tokens": getattr(counts, "completion_tokens", None),
        "reasoning_tokens": getattr(getattr(counts, "completion_tokens_details", None), "reasoning_tokens", None),
        "cached_tokens": getattr(getattr(counts, "prompt_tokens_details", None), "cached_tokens", None),
        "cost_nanousd": nanousd(getattr(counts, "cost", None)),
    }
    return {name: int(n) for name, n in figures.items() if isinstance(n, int | float)}


def nanousd(dollars: Any) -> int | None:
    """Return `dollars` in billionths, None where there is no price (0 means that the library knows none)."""
    return round(dollars * 1e9) if isinstance(dollars, int | float) and dollars > 0 else None


def _fields(of: Any) -> Mapping[str, Any]:
    """Return what the model `of` holds, declared fields and others."""
    if of is None:
        return {}
    held: dict[str, Any] = of.__dict__
    extra = getattr(of, "__pydantic_extra__", None)
    return {**held, **extra} if extra else held


def _field(of: Any, name: str) -> Any:
    """Return one field of the model `of`, None where it lacks it."""
    held: dict[str, Any] = getattr(of, "__dict__", {})
    return held[name] if name in held else (getattr(of, "__pydantic_extra__", None) or {}).get(name)


def _choice(choice: Mapping[str, Any], raw: Any) -> Iterator[Delta]:
    delta = _fields(choice.get("delta") or choice.get("message"))
    number = choice.get("index") or 0
    yield from _thinking(delta, number, raw, streamed=choice.get("delta") is not None)
    content = delta.get("content")
    if isinstance(content, str) and content:
        yield Delta("content", content, choice=number, raw=raw)
    for call in delta.get("tool_calls") or ():
        yield _tool(call, getattr(call, "function", None), number, raw)
    if (legacy := delta.get("function_call")) is not None:
        yield _tool(None, legacy, number, raw)


def _thinking(delta: Mapping[str, Any], number: int, raw: Any, *, streamed: bool) -> Iterator[Delta]:
    text = delta.get("reasoning_content") or delta.get("reasoning")
    blocks = [b for b in delta.get("thinking_blocks") or () if isinstance(b, dict)]
    if not text and blocks:
        # A streamed signature comes after its text, which some versions of litellm then repeat.
        new = (b for b in blocks if not (streamed and b.get("signature")))
        text = "".join(b["thinking"] for b in new if isinstance(b.get("thinking"), str))
    if isinstance(text, str) and text:
        yield Delta("thinking", text, choice=number, raw=raw)
    for block in blocks:  # the signature ends its block; sending it back later needs it beside its own text
        if signature := block.get("signature"):
            yield Delta("thinking", choice=number, meta={"signature": str(signature)}, final=True, raw=raw)
        elif block.get("type") == "redacted_thinking":
            yield Delta("thinking", choice=number, meta={"redacted": str(block.get("data") or "")}, final=True, raw=raw)


def _tool(call: Any, function: Any, number: int, raw: Any) -> Delta:
    """One piece of a tool call: index, id, name and arguments may each be None."""
    arguments = getattr(function, "arguments", None)
    if arguments is not None and not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    index = getattr(call, "index", None)
    return Delta(
        "tool",
        arguments or "",
        choice=number,
        index=index if isinstance(index, int) else None,
        id=getattr(call, "id", None),
        name=getattr(function, "name", None),
        raw=raw,
    )
