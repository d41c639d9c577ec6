"""The codec: what travels, what is refused, and that nothing is lost on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbstream._codec import check_meta, decode, encode, frame
from nbstream._errors import ProtocolError
from nbstream._events import SAFE_INTEGER, Amend, Append, Close, Delta, End, Event, Note, Open

EVENTS: list[tuple[Event, dict[str, Any]]] = [
    (Open("content"), {"op": "open", "kind": "content"}),
    (Open("", {}), {"op": "open", "kind": "", "meta": {}}),
    (
        Open("tool", {"name": "f", "choice": 1, "ok": False}),
        {"op": "open", "kind": "tool", "meta": {"name": "f", "choice": 1, "ok": False}},
    ),
    (Append(0, ""), {"op": "append", "at": 0, "text": ""}),
    (Append(3, "é😀\u2028\0"), {"op": "append", "at": 3, "text": "é😀\u2028\0"}),
    (Amend(0, {"a": SAFE_INTEGER}), {"op": "amend", "at": 0, "meta": {"a": SAFE_INTEGER}}),
    (Close(-1), {"op": "close", "at": -1}),
    (Note({"a": -SAFE_INTEGER, "": ""}), {"op": "note", "meta": {"a": -SAFE_INTEGER, "": ""}}),
    (End("truncated"), {"op": "end", "status": "truncated"}),
    (End("done", "", {}, 0, 0), {"op": "end", "status": "done", "reason": "", "error": {}, "sections": 0, "digest": 0}),
    (
        End("error", error={"code": "auth", "message": "m", "hint": "h"}, sections=2, digest=2**32 - 1),
        {
            "op": "end",
            "status": "error",
            "error": {"code": "auth", "message": "m", "hint": "h"},
            "sections": 2,
            "digest": 2**32 - 1,
        },
    ),
]

BAD_VALUES: list[Any] = [None, 1.5, float("nan"), SAFE_INTEGER + 1, -SAFE_INTEGER - 1, [], {}, "\ud83d", "\ude00\ud83d"]

BAD_FIELDS: list[Any] = [
    None,
    [],
    "open",
    7,
    {"op": "open"},
    {"op": "open", "kind": None},
    {"op": "open", "kind": 1},
    {"op": "open", "kind": "\ud83d"},
    {"op": "open", "kind": "a", "meta": None},
    {"op": "open", "kind": "a", "meta": []},
    {"op": "open", "kind": "a", "meta": "b"},
    {"op": "append", "at": 0},
    {"op": "append", "text": "a"},
    {"op": "append", "at": None, "text": "a"},
    {"op": "append", "at": True, "text": "a"},
    {"op": "append", "at": "0", "text": "a"},
    {"op": "append", "at": 0.5, "text": "a"},
    {"op": "append", "at": SAFE_INTEGER + 1, "text": "a"},
    {"op": "append", "at": -SAFE_INTEGER - 1, "text": "a"},
    {"op": "append", "at": 0, "text": None},
    {"op": "append", "at": 0, "text": 5},
    {"op": "append", "at": 0, "text": "a\ude00"},
    {"op": "amend", "at": 0},
    {"op": "amend", "meta": {}},
    {"op": "amend", "at": 0, "meta": None},
    {"op": "close"},
    {"op": "close", "at": None},
    {"op": "note"},
    {"op": "note", "meta": []},
    {"op": "end"},
    {"op": "end", "status": None},
    {"op": "end", "status": "finished"},
    {"op": "end", "status": "Done"},
    {"op": "end", "status": "done", "reason": None},
    {"op": "end", "status": "done", "reason": 1},
    {"op": "end", "status": "done", "reason": "\ud83d"},
    {"op": "end", "status": "done", "error": None},
    {"op": "end", "status": "done", "error": "e"},
    {"op": "end", "status": "done", "error": {"code": 1}},
    {"op": "end", "status": "done", "error": {"code": True}},
    {"op": "end", "status": "done", "error": {"code": None}},
    {"op": "end", "status": "done", "error": {"code": "\ud83d"}},
    {"op": "end", "status": "done", "error": {"\ud83d": "a"}},
    {"op": "end", "status": "done", "sections": None},
    {"op": "end", "status": "done", "sections": "2"},
    {"op": "end", "status": "done", "digest": None},
    {"op": "end", "status": "done", "digest": 1.5},
    {"op": "end", "status": "done", "digest": False},
    *({"op": "note", "meta": {"a": value}} for value in BAD_VALUES),
    {"op": "note", "meta": {"\ud83d": 1}},
]


def code(wire: Any) -> str:
    with pytest.raises(ProtocolError) as caught:
        decode(wire)
    return caught.value.code


@pytest.mark.parametrize(("event", "wire"), EVENTS)
def test_an_event_and_its_wire_form_are_each_others_image(event: Event, wire: dict[str, Any]) -> None:
    assert encode(event) == wire
    assert decode(json.loads(json.dumps(wire))) == event


@pytest.mark.parametrize(("event", "wire"), EVENTS)
def test_fields_of_a_newer_kernel_are_ignored(event: Event, wire: dict[str, Any]) -> None:
    assert decode({**wire, "later": None, "t": 1.5}) == event


@pytest.mark.parametrize("wire", BAD_FIELDS)
def test_a_field_that_is_missing_or_of_the_wrong_kind_is_refused(wire: Any) -> None:
    assert code(wire) == "bad-field"


@pytest.mark.parametrize("op", [None, "", "Open", "opened", "reset", 1, True, ["open"], {"open": 1}])
def test_a_seventh_verb_is_refused_before_its_fields_are_read(op: Any) -> None:
    assert code({"op": op, "at": None}) == "unknown-op"
    assert code({"at": 0}) == "unknown-op"


@pytest.mark.parametrize("value", BAD_VALUES)
def test_meta_holds_text_booleans_and_safe_integers_only(value: Any) -> None:
    with pytest.raises(ProtocolError, match=r".") as caught:
        check_meta({"fine": 1, "a": value})
    assert caught.value.code == "bad-field"


def test_meta_of_the_right_kinds_passes() -> None:
    check_meta({})
    check_meta({"text": "😀", "yes": True, "no": False, "zero": 0, "most": SAFE_INTEGER, "least": -SAFE_INTEGER})


def test_decoded_meta_is_a_copy() -> None:
    meta = {"a": 1}
    event = decode({"op": "note", "meta": meta})
    meta["a"] = 2
    assert event == Note({"a": 1})


def test_a_frame_says_which_numbers_it_carries() -> None:
    assert frame("9f2c41d0", 5, 9, [Append(1, "…"), Close(1)]) == {
        "v": 1,
        "run": "9f2c41d0",
        "from": 5,
        "to": 9,
        "events": [{"op": "append", "at": 1, "text": "…"}, {"op": "close", "at": 1}],
    }


def test_deltas_are_equal_whatever_their_raw_chunk() -> None:
    assert Delta("content", "a", raw=object()) == Delta("content", "a", raw=object())
    assert "raw" not in repr(Delta("content", "a", raw=object()))
