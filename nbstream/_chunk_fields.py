"""What a provider's chunk says of itself, whatever its type.

Belongs here: reading id, model, created, index, delta, finish reason and usage off a raw chunk: an object of an SDK or the
decoded JSON. Does not belong here: what a chunk means (`sources/`), which chunks are kept (`_record`).

It is for people who look at chunks: what a chunk does not have is None, and nothing here ever raises.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_ENVELOPES: Final = ("response", "message", "interaction")
"""Where formats put what is told once a response, beside the event itself."""

_CHOICES: Final = {"candidates", "choices"}


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one chunk, in the words of OpenAI's chat chunks.

    Attributes:
        id, model, created: of the response; `created` in seconds since 1970.
        index: of the choice, or of the content block in formats that stream blocks.
        delta: what is new; the whole event where the format has no such part.
        finish_reason: as the provider says it.
        usage: token counts as the provider names them.
    """

    id: str | None = None
    model: str | None = None
    created: int | None = None
    index: int | None = None
    delta: Any = None
    finish_reason: str | None = None
    usage: Mapping[str, Any] | None = None


def fields_of(raw: object) -> Fields:
    """Return what `raw` says; of several choices the first that says something."""
    event = plain(raw)
    if not isinstance(event, Mapping):
        return Fields(delta=event)
    places = [event, *(event[name] for name in _ENVELOPES if isinstance(event.get(name), Mapping))]
    choice = _choice(event)
    delta = choice.get("delta", choice.get("content", choice.get("message"))) if choice else event.get("delta")
    if delta is None and not _CHOICES & set(event):
        delta = dict(event)
    inner = delta if isinstance(delta, Mapping) else {}
    return Fields(
        id=_first(str, places, "id", "responseId", "response_id"),
        model=_first(str, places, "model", "modelVersion"),
        created=_first(int, places, "created", "created_at"),
        index=_first(int, [choice, event], "index", "output_index"),
        delta=delta,
        finish_reason=_first(str, [choice, inner, *places], "finish_reason", "finishReason", "stop_reason", "done_reason"),
        usage=_first(dict, places, "usage", "usageMetadata"),
    )


def plain(raw: object) -> Any:
    """Return `raw` as plain Python objects, what was never set left out; its text where it is of no known shape."""
    if raw is None or isinstance(raw, str | int | float):
        return raw
    if isinstance(raw, Mapping):
        return dict(raw)
    for name, arguments in (("model_dump", {"exclude_none": True, "warnings": False}), ("to_dict", {}), ("dict", {})):
        make = getattr(raw, name, None)
        if callable(make):
            try:
                made = make(**arguments)
            except Exception:  # noqa: BLE001, S112  # reason: an SDK's own method, with who knows what signature; the next is tried
                continue
            if isinstance(made, Mapping):
                return dict(made)
    return repr(raw)


def compact(value: object) -> str:
    """Return `value` as one line of JSON; a text as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=repr)


def _choice(event: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in _CHOICES:
        listed = event.get(name)
        if isinstance(listed, Sequence) and listed and isinstance(listed[0], Mapping):
            return listed[0]
    return {}


def _first(kind: type, places: Sequence[Mapping[str, Any]], *names: str) -> Any:
    for place in places:
        for name in names:
            value = place.get(name)
            if isinstance(value, kind) and not isinstance(value, bool) and value != "":
                return value
    return None
