"""The front-end's budgets: the bundle is sent with every widget, so every kilobyte counts; a part is sent once a page."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files
from pathlib import Path

import pytest

from nbstream import _parts

BUDGET = 75_000
PARTS = json.loads((Path(__file__).parents[2] / "js" / "parts.json").read_text("utf-8"))


def bundle() -> bytes:
    """Return the bundle of the package under test."""
    found = files("nbstream") / "static" / "widget.js"
    assert found.is_file(), "nbstream/static/widget.js is missing: run `make wheel`, or `npm run build` in js/"
    return found.read_bytes()


def test_the_bundle_keeps_within_its_budget() -> None:
    size = len(gzip.compress(bundle(), 9))
    assert 5_000 < size <= BUDGET


def test_the_kernel_gives_the_parts_that_are_built() -> None:
    assert {name: part["file"] for name, part in PARTS.items()} == _parts.FILES


@pytest.mark.parametrize("name", PARTS)
def test_a_part_keeps_within_its_budget(name: str) -> None:
    found = _parts.part(name)
    assert found is not None, f"{_parts.FILES[name]} is missing: run `make wheel`, or `npm run build` in js/"
    assert 5_000 < len(gzip.compress(found, 9)) <= PARTS[name]["budget"]


def test_the_bundle_names_no_address_that_could_be_loaded() -> None:
    # Only names of XML namespaces and pages that errors or licences refer to, none of which is ever fetched.
    text = bundle().decode()
    assert "unpkg" not in text
    assert "jsdelivr" not in text
    assert "sourceMappingURL" not in text
