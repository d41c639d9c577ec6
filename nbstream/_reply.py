"""The answer in litellm's form: the complete response, and its price.

Belongs here: turning a run into these. Does not belong here: what a user reads of it piece by piece (`_projections`), litellm's
objects (`sources._response`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from nbstream._projections import Usage, message_of, usage
from nbstream._run import Run
from nbstream._transcript import Section
from nbstream.sources._response import model_response, price


def response(run: Run, request: Sequence[Mapping[str, Any]]) -> Any:
    """Return the answer so far as a `litellm.ModelResponse`, every choice of it; of several steps the last one."""
    transcript = run.transcript
    sections = tuple(transcript.sections)
    last = max((int(s.meta.get("step", 1)) for s in sections), default=1)
    sections = tuple(s for s in sections if s.meta.get("step", 1) == last)
    count = 1 + max((int(s.meta.get("choice", 0)) for s in sections), default=0)
    reasons = run.finish_reasons
    choices = [
        {"index": i, "finish_reason": reasons.get(i) or "stop", "message": _message(of(sections, i))} for i in range(count)
    ]
    counts = usage(transcript, request)
    given, taken = counts.input_tokens or 0, counts.output_tokens or 0
    figures: dict[str, Any] = {"prompt_tokens": given, "completion_tokens": taken, "total_tokens": given + taken}
    if counts.reasoning_tokens is not None:
        figures["completion_tokens_details"] = {"reasoning_tokens": counts.reasoning_tokens}
    if counts.cached_tokens is not None:
        figures["prompt_tokens_details"] = {"cached_tokens": counts.cached_tokens}
    meta = transcript.meta
    raw = next((chunk.raw for chunk in reversed(run.chunks.kept()) if _named(chunk.raw)), None)
    return model_response(
        {
            "id": _named(raw) or f"nbstream-{run.id}",
            "created": int(time.time()),
            "model": str(meta.get("served_model") or meta.get("model") or ""),
            "object": "chat.completion",
            "choices": choices,
            "usage": figures,
        }
    )


def cost(run: Run, request: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the price in US dollars: the provider's or litellm's figure, else, for a run that has ended, an estimate."""
    meta = run.transcript.meta
    known = meta.get("cost_nanousd")
    if known is not None:
        return int(known) / 1e9
    if run.transcript.end is None:
        return None
    counts: Usage = usage(run.transcript, request)
    return price(str(meta.get("model") or ""), counts.input_tokens or 0, counts.output_tokens or 0)


def of(sections: Sequence[Section], choice: int) -> list[Section]:
    """Return the sections of one choice."""
    return [s for s in sections if s.meta.get("choice", 0) == choice]


def _message(sections: Sequence[Section]) -> dict[str, Any]:
    thinking = "".join(s.text for s in sections if s.kind == "thinking")
    return message_of(sections) | ({"reasoning_content": thinking} if thinking else {})


def _named(raw: Any) -> str:
    found = raw.get("id") if isinstance(raw, Mapping) else getattr(raw, "id", None)
    return found if isinstance(found, str) else ""
