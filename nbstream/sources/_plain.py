"""From a library's object to plain mappings, by shape: no library is imported for it.

Belongs here: pydantic models, dataclasses and plain objects as the JSON they stand for. Does not belong here: what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Final

_DEPTH: Final = 24
_SKIPPED: Final = frozenset({"snapshot", "parsed", "parsed_arguments", "parsed_output"})
"""What the helpers of the SDKs add to each event: all that came so far. Reading it would cost more with every event."""


def mapping(value: Any) -> dict[str, Any] | None:
    """Return the fields of `value` without those that are None, None where it has none."""
    found = _fields(value)
    return None if found is None else _plain_fields(found, 0)


def plain(value: Any, depth: int = 0) -> Any:
    """Return `value` as mappings, lists, texts, numbers and booleans; what has no such form stays out (None)."""
    if isinstance(value, Enum):
        return plain(value.value, depth + 1)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if depth > _DEPTH:
        return None
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    found = _fields(value)
    if found is None:
        return None
    sent = value if isinstance(value, Mapping) else getattr(value, "__pydantic_fields_set__", ())
    nulls = {str(name): None for name in found if found[name] is None and name in sent}  # arguments may hold them
    return {**nulls, **_plain_fields(found, depth)}


def _plain_fields(found: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    return {
        str(name): part
        for name, item in found.items()
        if item is not None and name not in _SKIPPED and (part := plain(item, depth + 1)) is not None
    }


def _fields(value: Any) -> Mapping[Any, Any] | None:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, type) or callable(value):
        return None
    if is_dataclass(value):
        return {f.name: getattr(value, f.name, None) for f in fields(value)}
    held = getattr(value, "__dict__", None)
    if not isinstance(held, dict):
        return None
    extra = getattr(value, "__pydantic_extra__", None)
    public = {name: item for name, item in held.items() if not name.startswith("_")}
    return {**public, **extra} if isinstance(extra, dict) else public
