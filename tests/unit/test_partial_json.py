"""JSON that arrives in pieces: what `json.loads` says at the end, and nothing reported before that changes."""

from __future__ import annotations

import base64
import itertools
import json
import random
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora import rows
from nbstream import PartialJSON
from nbstream._partial_json import DEPTH

Outcome = tuple[str, str]

GOOD = [
    *('{"a": 1, "b": [true, null, "x"]}', "[]", "{}", " 12 ", '"x"', "-0.5e+3", "null", "[[[]]]", '{"": {"": 0}}'),
    *(
        '{"a": 1, "a": {"b": 2}, "a": "x"}',
        '{"a": {"b": 1}, "a": {"c": [2]}}',
        "[1]\n\n",
        '"\x7f\u2028é😀"',
        '["\ud83d\ude00"]',
    ),
    *(
        r'"\ud83d\ude00 \ud83d x \ude00 \ud83d\ud83d\ude00 \ud83d\n"',
        r'"\u00e9\"\\\/\b\f\n\r\t"',
        "NaN",
        "[Infinity, -Infinity]",
    ),
    *("1e999", "123456789012345678901234567890", "-0", "0.10", r'"\ud83d\ue000 \udbff\udfff \ud7ff\udc00"'),
]
BAD = [
    *("", "  ", "\ufeff[]", "[", "[1", "[1,", "[1,]", "[,1]", "{", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', "{a:1}"),
    *(
        "]",
        "[}",
        "01",
        "1.",
        ".5",
        "+1",
        "-",
        "1e",
        "0x1",
        "tru",
        "truex",
        "-NaN",
        "[1 2]",
        '["a" "b"]',
        "[1]]",
        "{} {}",
        "1 2",
    ),
    *("nul", "１", '"', '"a', '"\n"', '"\x00"', '"\\x"', '"\\u12"', '"\\u12g4"', "'a'", '{"a" 1}', "{1: 2}", "[1\xa0]"),
    *("[undefined]", "//", "1" * 5000),
]
CASES = GOOD + BAD


def outcome(call: Any, *arguments: Any) -> Outcome:
    """What `call` says of a text: the value as Python writes it, which tells 1 from 1.0 and knows NaN."""
    try:
        return "value", repr(call(*arguments))
    except (ValueError, RecursionError):
        return "refused", ""


def cut(text: str, size: int) -> list[str]:
    """The text in pieces of `size`."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def parsed(pieces: Iterable[str]) -> Any:
    """The value of a text that comes in `pieces`."""
    parser = PartialJSON()
    for piece in pieces:
        parser.feed(piece)
    return parser.close()


def collection() -> Iterator[tuple[str, str]]:
    """Name and text of each case; one whose bytes are no text is refused before it comes to a parser."""
    for row in rows("json_parsing"):
        text = row.get("text")
        if text is None:
            data = base64.b64decode(row["b64"])
            try:
                text = data.decode(json.detect_encoding(data), "surrogatepass")
            except UnicodeDecodeError:
                assert row["expect"] != "accept"
                continue
        yield row["name"], text


def check_prefixes(text: str) -> None:
    """By character, compare what is reported with what has been reported before, and with the whole."""
    parser = PartialJSON()
    reported: list[tuple[tuple[Any, ...], Any, str]] = []
    for letter in text:
        reported += [(path, value, repr(value)) for path, value in parser.feed(letter)]
    assert [repr(value) for _, value, _ in reported] == [then for _, _, then in reported]
    try:
        whole = parser.close()
    except ValueError:
        return
    for path, value in {path: value for path, value, _ in reported}.items():
        assert repr(reach(whole, path, value)) == repr(value)


def reach(whole: Any, path: tuple[Any, ...], aside: Any) -> Any:
    """What is at `path` in `whole`; `aside` where a repeated key has put another value in its way."""
    for part in path:
        try:
            whole = whole[part]
        except (KeyError, IndexError, TypeError):
            return aside
    return whole


@pytest.mark.parametrize("text", CASES)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_it_says_what_json_loads_says_however_the_text_is_cut(text: str, size: int) -> None:
    assert outcome(parsed, cut(text, size)) == outcome(json.loads, text)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 10_000_000])
def test_it_agrees_with_json_loads_on_the_whole_collection(size: int) -> None:
    cases = list(collection())
    assert len(cases) > 150
    assert [name for name, text in cases if outcome(parsed, cut(text, size)) != outcome(json.loads, text)] == []


def test_a_prefix_is_refused_or_accepted_as_json_loads_does() -> None:
    for text in GOOD:
        for end in range(len(text) + 1):
            assert outcome(parsed, [text[:end]]) == outcome(json.loads, text[:end]), text[:end]


def test_no_value_that_was_reported_changes() -> None:
    for text in itertools.chain(CASES, (text for _, text in collection() if len(text) < 10_000)):
        check_prefixes(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_what_json_dumps_writes_is_read_back_at_any_cut(value: Any, rng: random.Random, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=rng.choice([None, 2]))
    places = sorted(rng.choices(range(len(text) + 1), k=8))
    pieces = [text[a:b] for a, b in itertools.pairwise([0, *places, len(text)])]
    assert outcome(parsed, pieces) == outcome(json.loads, text)


def test_every_value_is_reported_once_containers_after_what_is_in_them() -> None:
    assert PartialJSON().feed('{"a": [1, {"b": "x"}], "c": {}} ') == [
        (("a", 0), 1),
        (("a", 1, "b"), "x"),
        (("a", 1), {"b": "x"}),
        (("a",), [1, {"b": "x"}]),
        (("c",), {}),
        ((), {"a": [1, {"b": "x"}], "c": {}}),
    ]


def test_a_repeated_key_is_reported_again() -> None:
    assert PartialJSON().feed('{"a": 1, "a": 2}')[:2] == [(("a",), 1), (("a",), 2)]


@pytest.mark.parametrize(("first", "value"), [("12", 125), ("tru", True), ("-1.", -1.5), ("1", 1e5)])
def test_a_number_or_literal_is_reported_only_when_something_follows(first: str, value: object) -> None:
    rest = json.dumps(value)[len(first) :] if isinstance(value, bool | int) or value == -1.5 else "e5"
    parser = PartialJSON()
    assert parser.feed('{"score": ' + first) == []
    assert parser.value == {}
    assert parser.feed(rest) == []
    assert parser.feed(",") == [(("score",), value)]


def test_an_open_string_can_be_seen_before_it_is_reported() -> None:
    parser = PartialJSON()
    assert parser.feed('{"a": ["x", "Hel') == [(("a", 0), "x")]
    assert parser.value == {"a": ["x", "Hel"]}
    assert parser.feed("lo\\ud83d") == []
    assert parser.value == {"a": ["x", "Hello"]}
    assert parser.feed("\\ude00") == []
    assert parser.value == {"a": ["x", "Hello😀"]}
    assert parser.feed('"]') == [(("a", 1), "Hello😀"), (("a",), ["x", "Hello😀"])]
    assert not parser.complete
    parser.feed("}")
    assert parser.complete


def test_what_came_before_a_fault_stays() -> None:
    parser = PartialJSON()
    assert parser.feed('{"a": 1, "b": 2, oops') == [(("a",), 1), (("b",), 2)]
    assert parser.feed('"c": 3}') == []
    assert parser.value == {"a": 1, "b": 2}
    assert not parser.complete
    with pytest.raises(ValueError, match="A key in double quotes was expected, not 'o', at character 17"):
        parser.close()


def test_lines_are_taken_one_after_the_other_with_nothing_between_too() -> None:
    parser = PartialJSON(lines=True)
    assert parser.feed('{"n": 1}\n{"n": 2}{"n"') == [((0, "n"), 1), ((0,), {"n": 1}), ((1, "n"), 2), ((1,), {"n": 2})]
    assert parser.feed(': "}{"}\n3') == [((2, "n"), "}{"), ((2,), {"n": "}{"})]
    assert not parser.complete
    assert parser.close() == [{"n": 1}, {"n": 2}, {"n": "}{"}, 3]
    assert PartialJSON(lines=True).close() == []


def test_the_end_completes_a_number_that_nothing_followed() -> None:
    parser = PartialJSON(lines=True)
    assert parser.feed("1 2") == [((0,), 1)]
    assert parser.end() == [((1,), 2)]
    assert parser.end() == []
    assert PartialJSON().end() == []


def test_nan_can_be_refused() -> None:
    parser = PartialJSON(nan=False)
    assert parser.feed("[1, NaN, 2]") == [((0,), 1)]
    with pytest.raises(ValueError, match="'NaN' is no value"):
        parser.close()


def test_the_depth_is_bounded() -> None:
    for depth, fits in ((DEPTH, True), (DEPTH + 1, False)):
        parser = PartialJSON()
        parser.feed("[" * depth + "]" * depth)
        assert parser.complete is fits
    flat = PartialJSON(depth=1)
    flat.feed("[[")
    with pytest.raises(ValueError, match="More than 1 open containers"):
        flat.close()


def test_only_text_is_taken_and_only_before_the_end() -> None:
    parser = PartialJSON()
    with pytest.raises(TypeError, match="incremental decoder"):
        parser.feed(b"{}")  # type: ignore[arg-type]  # reason: what is tested
    parser.feed("{}")
    assert parser.close() == parser.close() == {}
    with pytest.raises(ValueError, match="closed"):
        parser.feed("{}")


def steps(parser: PartialJSON, pieces: list[str]) -> int:
    """How many calls, of Python functions and of C's, `parser` makes to read `pieces`."""
    count = 0

    def see(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(see)
    try:
        for piece in pieces:
            parser.feed(piece)
    finally:
        sys.setprofile(None)
    return count


def test_the_last_tenth_of_a_megabyte_takes_no_more_steps_than_the_first() -> None:
    row = {"id": 7, "name": 'Grüße "x"\n', "values": [1.5, True, None, {"note": "something longer, with spaces"}]}
    text = json.dumps([row] * 9_000)
    assert len(text) > 1_000_000
    pieces = cut(text, 4)
    tenth = len(pieces) // 10
    parser = PartialJSON()
    first = steps(parser, pieces[:tenth])
    for piece in pieces[tenth : 9 * tenth]:
        parser.feed(piece)
    last = steps(parser, pieces[9 * tenth : 10 * tenth])
    assert last <= 1.02 * first
