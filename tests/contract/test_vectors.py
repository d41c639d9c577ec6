"""The named cases of the wire, read by both languages (`tests/vectors/README.md`)."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import VECTORS, check_codec, check_digest, check_fold, load


def cases(name: str) -> list[Any]:
    return [pytest.param(case, id=case.get("name", "")) for case in load(name)]


@pytest.mark.parametrize("case", cases("fold.json"))
def test_the_steps_of_a_case_give_its_state(case: dict[str, Any]) -> None:
    check_fold(case)


@pytest.mark.parametrize("case", cases("codec.json"))
def test_a_wire_form_is_decoded_or_refused(case: dict[str, Any]) -> None:
    check_codec(case)


@pytest.mark.parametrize("case", cases("digest.json"))
def test_sections_have_their_digest(case: dict[str, Any]) -> None:
    check_digest(case)


def test_no_two_cases_share_a_name() -> None:
    for path in VECTORS.glob("*.json"):
        names = [case["name"] for case in load(path.name) if "name" in case]
        assert len(names) == len(set(names)), path.name
