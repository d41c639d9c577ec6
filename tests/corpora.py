"""Collections of hostile and real text that lie beside the repository where it is developed.

Belongs here: reading them. Does not belong here: what must hold for them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "shared" / "corpora"


@cache
def rows(name: str) -> tuple[dict[str, Any], ...]:
    """The rows of the collection `name`; the test that asks is skipped where there is none."""
    path = FOLDER / f"{name}.jsonl"
    if not path.is_file():
        pytest.skip(f"the collection {name} is not beside this checkout")
    return tuple(map(json.loads, path.read_text("utf-8").splitlines()))


def texts(name: str) -> list[str]:
    """The texts of the collection `name`, a lone surrogate replaced, as the sectioner does it."""
    return [row["text"].encode("utf-16", "surrogatepass").decode("utf-16", "replace") for row in rows(name)]
