"""The examples of the docs run, and give what they say: `expression  # value`."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from nbstream.demo import service

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("structured.md", "input.md", "sse.md")
FAST = 5_000.0
"""Chunks a second of the demo, whose pace is nothing to these tests."""
NEEDS_A_KEY = "# needs a key"


def blocks(page: str) -> list[str]:
    """The examples of a page that run without a key."""
    found = re.findall(r"^```python\n(.*?)^```$", (DOCS / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [block for block in found if not block.startswith(NEEDS_A_KEY)]


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "CHUNKS_PER_SECOND", FAST)


def check(page: str) -> None:
    """Run the examples of `page`; at least four must say what they give."""
    names: dict[str, Any] = {"__name__": "__main__"}
    checked = 0
    for block in blocks(page):
        lines = block.splitlines()
        for statement in ast.parse(block).body:
            code = ast.unparse(statement)
            said = lines[(statement.end_lineno or 1) - 1].partition("  # ")[2]
            if said and isinstance(statement, ast.Expr):
                assert repr(eval(code, names)) == said, code  # noqa: S307  # reason: the docs are ours
                checked += 1
            else:
                exec(code, names)  # noqa: S102  # reason: the docs are ours
    assert checked >= 4


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_give_what_they_say(page: str) -> None:
    check(page)


def test_seed_3_7_and_3_11_tools_are_executed_and_related_patterns_have_a_page() -> None:
    check("patterns.md")
