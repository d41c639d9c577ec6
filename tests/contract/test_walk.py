"""L1: the same events give the same state or the same error code, in both languages, for every sequence to depth 4."""

from __future__ import annotations

import pytest

from conformance import DEPTH, alphabet, committed, sha, walk


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return list(walk())


def test_every_sequence_gives_the_committed_digest(lines: list[str]) -> None:
    assert sha(lines) == committed(), "compare the lines as tests/vectors/README.md says"


def test_the_walk_misses_no_sequence(lines: list[str]) -> None:
    letters = len(alphabet())
    sequences = {line.split("|")[0] for line in lines}
    assert len(lines) == len(sequences) == sum(letters**depth for depth in range(DEPTH + 1))


def test_the_walk_meets_every_outcome(lines: list[str]) -> None:
    outcomes = {line.split("|")[1] for line in lines}
    assert outcomes == {"ok", "unknown-op", "bad-field", "ended", "no-section", "closed-section"}
