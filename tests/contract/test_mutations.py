"""The vectors of the wire catch faults: 20 listed ones in each fold, of which one may survive (`scripts/mutations.py`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutations import PYTHON, ROOT, SLIPS, Mutation, StaleMutation, listed, survivors, try_out

needs_node = pytest.mark.skipif(not (ROOT / "js" / "node_modules").is_dir(), reason="`npm ci` has not run in js/")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("language", ["python", pytest.param("typescript", marks=needs_node)])
def test_at_most_one_of_twenty_faults_survives(language: str) -> None:
    assert len(listed(language)) == 20
    assert len(survivors(language)) <= SLIPS


def test_a_change_that_breaks_nothing_survives() -> None:
    harmless = Mutation("nothing", "nbstream/_transcript.py", "the run has ended", "the run is over")
    assert try_out(PYTHON, harmless) == ""


@pytest.mark.parametrize("old", ["", "self", "no such text"])
def test_a_mutation_that_does_not_fit_the_source_is_stale(tmp_path: Path, old: str) -> None:
    (tmp_path / "fold.py").write_text("self.self")
    with pytest.raises(StaleMutation, match="not once"):
        Mutation("something", "fold.py", old, "new").apply(tmp_path)


def test_a_mutation_that_is_no_program_is_not_counted_as_caught() -> None:
    with pytest.raises((StaleMutation, SyntaxError)):
        try_out(PYTHON, Mutation("the syntax", "nbstream/_transcript.py", "def snapshot(self)", "def snapshot(self"))
    with pytest.raises(StaleMutation, match="does not run"):
        try_out(PYTHON, Mutation("the import", "nbstream/_transcript.py", "PARTS: Final = 512", "PARTS: Final = nowhere"))
