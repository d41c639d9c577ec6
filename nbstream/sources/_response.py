"""litellm's own objects for an answer: the complete `ModelResponse`, and what an answer would have cost.

Belongs here: making them from plain values. Does not belong here: where the values come from (`nbstream._answered`).

The chunks are not put together again: only the last of a long stream are kept, and libraries invent some of them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from nbstream._errors import MissingPackage
from nbstream.sources._chunks import nanousd


def model_response(fields: Mapping[str, Any]) -> Any:
    """Return a `litellm.ModelResponse` with these fields.

    Raises:
        MissingPackage: litellm is not installed.
    """
    try:
        from litellm import ModelResponse
    except ImportError:
        raise MissingPackage("s.response needs litellm, which is not installed.", hint="pip install litellm") from None
    return ModelResponse(**fields)


def price(model: str, given: int, taken: int) -> float | None:
    """Return what so many tokens in and out cost in US dollars; None where litellm is not loaded or knows no price."""
    litellm = sys.modules.get("litellm")
    if litellm is None or not model:
        return None
    try:
        parts = litellm.cost_per_token(model=model, prompt_tokens=given, completion_tokens=taken)
    except Exception:  # noqa: BLE001  # reason: it raises whatever it likes for a model without a price
        return None
    found = nanousd(sum(parts))
    return None if found is None else found / 1e9
