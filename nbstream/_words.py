"""What a run is called in words: its sections, how it ended, its figures.

Belongs here: the sentences that the saved form and the terminal share. Does not belong here: layout (`_static`, `_terminal`).
The live view has its own words, which say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nbstream._errors import clip
from nbstream._events import End, MetaValue
from nbstream._transcript import Section, Transcript
from nbstream._usage import Metrics

STREAMING: Final = "streaming when saved"

_KINDS: Final = {
    "thinking": "Thinking",
    "content": "Answer",
    "tool": "Tool call",
    "result": "Result",
    "source": "Source",
    "error": "Error",
}
_DONE: Final = {
    "length": "Done: the answer was cut at the provider's length limit",
    "content_filter": "Done: the answer was cut by the provider's content filter",
}
_STOPPED: Final = {
    "user": "Stopped by you",
    "condition": "Stopped by your condition",
    "interrupt": "Stopped by an interrupt",
    "shutdown": "Stopped because Python ended",
}


def heading(section: Section) -> str:
    """Return the name of a section: "Thinking", "Answer", "Tool call get_weather", "Answer of choice 1"."""
    words = _KINDS.get(section.kind) or section.kind[:1].upper() + section.kind[1:] or "Section"
    name = " ".join(str(section.meta.get("name", "")).split())
    choice = section.meta.get("choice")
    return words + (f" {name}" if name else "") + (f" of choice {choice}" if choice else "")


def title(meta: Mapping[str, MetaValue]) -> str:
    """Return what the stream is called: its title and its model, or one of them, else "Stream"."""
    names = (" ".join(str(meta.get(name, "")).split()) for name in ("title", "model"))
    return " · ".join(dict.fromkeys(filter(None, names))) or "Stream"


def status(transcript: Transcript) -> str:
    """Return how the run ended, in words on one line; `STREAMING` while it has not."""
    end = transcript.end
    if end is None:
        return STREAMING
    match end.status:
        case "stopped":
            return _stopped(transcript, end.reason or "")
        case "truncated":
            return "Cut off: the provider ended without a finish reason"
        case "error":
            return clip(f"Error: {' '.join((end.error or {}).get('message', 'unknown').split())}")
        case _:
            return _DONE.get(end.reason or "", "Done")


def hint(end: End | None) -> str:
    """Return what to do after an error; "" where there is nothing to say."""
    return "" if end is None or end.error is None else end.error.get("hint", "")


def figures(meta: Mapping[str, MetaValue]) -> str:
    """Return the figures that are known: "TTFT 0.48 s · ~126 tok/s · 1,204 in · ~132 out · $0.0222 · 10.1 s"."""
    metrics = Metrics.of(meta)
    about = _about(meta)
    cost = meta.get("cost_nanousd")
    parts = [
        "" if metrics.ttft is None else f"TTFT {seconds(metrics.ttft)}",
        "" if metrics.tokens_per_s is None else f"{about}{metrics.tokens_per_s:,.0f} tok/s",
        f"{meta['input_tokens']:,} in" if "input_tokens" in meta else "",
        f"{about}{meta['output_tokens']:,} out" if "output_tokens" in meta else "",
        "" if cost is None else f"{about}{dollars(int(cost))}",
        "" if metrics.duration is None else seconds(metrics.duration),
    ]
    return " · ".join(filter(None, parts))


def seconds(value: float) -> str:
    """Return a duration in words: "0.41 s", "10.1 s"."""
    return f"{value:.2f} s" if value < 1 else f"{value:.1f} s"


def duration(section: Section) -> str:
    """Return how long a section took, "" where that is not known."""
    value = section.meta.get("duration_us")
    return "" if value is None else seconds(int(value) / 1_000_000)


def _stopped(transcript: Transcript, reason: str) -> str:
    tokens = transcript.meta.get("output_tokens")
    amount = f"{_about(transcript.meta)}{tokens:,} token{'' if tokens == 1 else 's'}" if tokens else ""
    match reason:
        case "max_tokens":
            return f"Stopped at {amount} (your limit)" if amount else "Stopped at your limit of tokens"
        case "max_duration":
            took = Metrics.of(transcript.meta).duration
            return "Stopped at your time limit" if took is None else f"Stopped at {seconds(took)} (your limit)"
        case _:
            who = _STOPPED.get(reason, "Stopped")
            some = amount or any(section.length for section in tuple(transcript.sections))
            return f"{who} after {amount}" if amount else who if some else f"{who} before the first token"


def _about(meta: Mapping[str, MetaValue]) -> str:
    return "~" if meta.get("estimated") else ""


def dollars(nanodollars: int) -> str:
    """Return a price in words: "$0.0222", "$0.0000041"."""
    price = nanodollars / 1e9
    return f"${price:.4f}" if price >= 0.001 or not nanodollars else f"${price:.9f}".rstrip("0")
