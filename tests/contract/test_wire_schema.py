"""The protocol says the same in its docstring, in Python and in TypeScript: fields, codes, statuses, versions, messages."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from conformance import load
from nbstream import _events
from nbstream._codec import decode, frame
from nbstream._events import Event
from nbstream._transcript import Transcript

ROOT = Path(__file__).resolve().parents[2]
DOC = _events.__doc__ or ""
VERBS = {"open": "Open", "append": "Append", "amend": "Amend", "close": "Close", "note": "Note", "end": "End"}


def script(name: str) -> str:
    return (ROOT / "js" / "src" / name).read_text("utf-8")


def program(name: str) -> str:
    return (ROOT / "nbstream" / name).read_text("utf-8")


def union(text: str, name: str) -> set[str]:
    """The words of a TypeScript union of texts."""
    found = re.search(rf"export type {name} =([^\n]*(?:\n +\|[^\n]*)*)", text)
    assert found, name
    return set(re.findall(r"'([^']+)'", found[1]))


@pytest.mark.parametrize(("verb", "name"), VERBS.items())
def test_a_verb_has_the_same_fields_everywhere(verb: str, name: str) -> None:
    row = re.search(rf"^\| `{verb}` +\|([^|]*)\|", DOC, re.MULTILINE)
    interface = re.search(rf"export interface {name} {{(.*?)\n}}", script("events.ts"), re.DOTALL)
    assert row
    assert interface
    drawn = [field.strip() for field in row[1].split(",")]
    fields = [field for field in dataclasses.fields(getattr(_events, name)) if field.name != "op"]
    assert [field.name + "?" * (field.default is None) for field in fields] == drawn
    assert re.findall(r"readonly (\w+\??):", interface[1]) == ["op", *drawn]
    assert f"readonly op: '{verb}'" in interface[1]


def test_there_are_six_verbs_everywhere() -> None:
    assert re.findall(r"^\| `(\w+)` ", DOC, re.MULTILINE) == list(VERBS)
    assert re.findall(r"^    case '(\w+)':", script("events.ts"), re.MULTILINE) == list(VERBS)
    alias = re.search(r"export type Event = (.*)", script("events.ts"))
    assert alias
    assert alias[1].split(" | ") == list(VERBS.values())


def test_the_codes_are_the_same_everywhere() -> None:
    listed = re.search(r"Errors, in the order in which they are checked: (.*?)\(the\s+fold\)", DOC, re.DOTALL)
    assert listed
    codes = re.findall(r"`([\w-]+)`", listed[1])
    declared = re.search(r"export type Code = (.*)", script("errors.ts"))
    assert declared
    assert re.findall(r"'([\w-]+)'", declared[1]) == codes
    used = {step["code"] for case in load("fold.json") for step in case["steps"] if "code" in step}
    used |= {case["code"] for case in load("codec.json") if "code" in case}
    assert used == set(codes), "each code has a case"


def test_the_statuses_of_an_end_are_the_same_everywhere() -> None:
    row = re.search(r"^\| `end` .*\| ([^|;]*);", DOC, re.MULTILINE)
    assert row
    assert tuple(row[1].split(", ")) == _events.STATUSES
    assert union(script("events.ts"), "EndStatus") == set(_events.STATUSES)


def test_the_version_is_the_same_everywhere() -> None:
    assert f"export const VERSION = {_events.VERSION}\n" in script("events.ts")


def test_each_side_knows_the_messages_that_the_other_sends() -> None:
    comm, view = script("comm.ts"), program("_view.py")
    said = set(re.findall(r"say\(\{ type: '(\w+)'", comm + script("requests.ts")))
    heard = set(re.findall(r"^ {6}case '(\w+)':", comm, re.MULTILINE))
    cases = re.findall(r'case \{\s*"type": ("\w+"(?: \| "\w+")*)', view)
    answered = {name for case in cases for name in re.findall(r"\w+", case)}
    sent = {
        name
        for module in ("_view.py", "_saved_form.py", "_outbox.py", "_inspector.py", "_parts.py")
        for name in re.findall(r'(?:return |aside\(|send\(|message = |answer = )\{"type": "(\w+)"', program(module))
    }
    known = {"hello", "bye", "stop", "resync", "check", "ack", "mismatch", "want", "chunks", "approval", "part"}
    assert said == answered == known | {"arrivals", "attempt", "again"}
    assert (
        sent
        == heard
        == {"frame", "snapshot", "welcome", "current", "static", "output", "chunks", "arrivals", "part", "attempt"}
    )


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *(leaf for item in value.values() for leaf in leaves(item))]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in load("fold.json")])
def test_nothing_but_text_booleans_and_integers_travels(case: dict[str, Any]) -> None:
    transcript, taken = Transcript(), list[Event]()
    transcript.subscribe(lambda _, event: taken.append(event))
    for step in case["steps"]:
        if "code" not in step:
            transcript.apply(decode(step["event"]))
    message = frame("r", 1, len(taken), taken)
    for wire in (message, transcript.snapshot()):
        assert {type(leaf) for leaf in leaves(wire)} <= {str, bool, int}
        assert json.loads(json.dumps(wire, ensure_ascii=False).encode()) == wire
    assert [decode(wire) for wire in message["events"]] == taken
