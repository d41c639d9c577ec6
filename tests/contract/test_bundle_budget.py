"""The front-end's budget: its text is sent with every widget, so every kilobyte counts."""

from __future__ import annotations

import gzip
from importlib.resources import files

BUDGET = 75_000


def bundle() -> bytes:
    """Return the bundle of the package under test."""
    found = files("nbstream") / "static" / "widget.js"
    assert found.is_file(), "nbstream/static/widget.js is missing: run `make wheel`, or `npm run build` in js/"
    return found.read_bytes()


def test_the_bundle_keeps_within_its_budget() -> None:
    size = len(gzip.compress(bundle(), 9))
    assert 5_000 < size <= BUDGET


def test_the_bundle_names_no_address_that_could_be_loaded() -> None:
    # Only names of XML namespaces and pages that errors or licences refer to, none of which is ever fetched.
    text = bundle().decode()
    assert "unpkg" not in text
    assert "jsdelivr" not in text
    assert "sourceMappingURL" not in text
