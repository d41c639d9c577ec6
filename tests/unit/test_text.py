"""Repairs of text as it arrives: every case whole, by character and by UTF-16 unit, as a provider may cut anywhere."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import groupby

import pytest

from chunking import ROUNDS, SEED, Cutter, randomly, units
from nbstream._text import BLANK_LIMIT, REPLACEMENT, Surrogates, ThinkTag


def cutters() -> list[Cutter]:
    rng = random.Random(SEED)
    return [lambda text: [text], list, units, *(randomly(rng) for _ in range(ROUNDS))]


def repaired(pieces: Iterable[str]) -> str:
    repair = Surrogates()
    return "".join([repair.feed(piece) for piece in pieces] + [repair.flush()])


def split(pieces: Iterable[str]) -> list[tuple[str, str]]:
    """The tag's pairs, neighbours of one kind joined."""
    tag = ThinkTag()
    pairs = [pair for piece in pieces for pair in tag.feed(piece)] + tag.flush()
    assert all(text for _, text in pairs), "an empty pair says nothing"
    return [(kind, "".join(text for _, text in group)) for kind, group in groupby(pairs, key=lambda pair: pair[0])]


@pytest.mark.parametrize(
    "text",
    ["", "plain", "a😀b", "😀😀", "👩‍👩‍👧 família", "e\u0301", "\u2028\u2029\u0085\0\r\n", "\U0010ffff\U00010000", "\ufffd"],
)
def test_well_formed_text_passes_whatever_the_cut(text: str) -> None:
    for cut in cutters():
        assert repaired(cut(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\ud83d", "�"),
        ("\udfffx", "�x"),
        ("a\ud83d b", "a� b"),
        ("a\ude00b", "a�b"),
        ("\ud83d\ud83d\ude00", "�😀"),
        ("\ude00\ud83d", "��"),
        ("\ud83d\ude00\ude00", "😀�"),
        ("\ud83d😀", "�😀"),
    ],
)
def test_a_lone_half_becomes_one_replacement_character(text: str, expected: str) -> None:
    for cut in cutters():
        assert repaired(cut(text)) == expected


def test_a_high_half_is_held_and_nothing_else() -> None:
    repair = Surrogates()
    assert repair.feed("ab\ud83d") == "ab"
    assert repair.feed("") == ""
    assert repair.feed("\ude00c") == "😀c"
    assert repair.flush() == ""
    assert repair.feed("\ud83d") == ""
    assert repair.flush() == REPLACEMENT
    assert repair.feed("after") == "after"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("answer", [("content", "answer")]),
        ("<think>why</think>answer", [("thinking", "why"), ("content", "answer")]),
        (" \n<think>why\n</think>\n\nanswer", [("thinking", "why\n"), ("content", "\n\nanswer")]),
        ("<think></think>answer", [("content", "answer")]),
        ("<think>why", [("thinking", "why")]),
        ("<think>", []),
        ("<think>why</thi", [("thinking", "why</thi")]),
        ("<think>a</thinka</think>b", [("thinking", "a</thinka"), ("content", "b")]),
        ("<think>a<</think>b", [("thinking", "a<"), ("content", "b")]),
        ("<think>a</</think>b", [("thinking", "a</"), ("content", "b")]),
        ("<think>a</think>b</think>c<think>d", [("thinking", "a"), ("content", "b</think>c<think>d")]),
        ("<think><think>a</think></think>", [("thinking", "<think>a"), ("content", "</think>")]),
        ("x <think>a</think>", [("content", "x <think>a</think>")]),
        ("<thinking>a</thinking>", [("content", "<thinking>a</thinking>")]),
        ("<Think>a</Think>", [("content", "<Think>a</Think>")]),
        ("<thi", [("content", "<thi")]),
        (" \n ", [("content", " \n ")]),
        ("\n\nanswer", [("content", "\n\nanswer")]),
        ("</think>answer", [("content", "</think>answer")]),
        ("<think>😀</think>😀", [("thinking", "😀"), ("content", "😀")]),
    ],
)
def test_only_a_tag_that_opens_the_answer_is_thinking(text: str, expected: list[tuple[str, str]]) -> None:
    for cut in cutters():
        # Halves are put together after the tag was taken off; here, only for the comparison.
        pairs = [(kind, repaired([piece])) for kind, piece in split(cut(text))]
        assert pairs == expected


@pytest.mark.parametrize("more", [0, 1])
def test_white_space_is_held_up_to_a_limit(more: int) -> None:
    blank = " " * (BLANK_LIMIT + more)
    text = f"{blank}<think>a</think>b"
    expected = [("content", text)] if more else [("thinking", "a"), ("content", "b")]
    for cut in cutters():
        assert split(cut(text)) == expected
    tag = ThinkTag()
    assert tag.feed(blank) == ([("content", blank)] if more else [])


def test_thinking_is_not_held_until_its_end() -> None:
    tag = ThinkTag()
    assert tag.feed("<think>because") == [("thinking", "because")]
    assert tag.feed(" of</th") == [("thinking", " of")]
    assert tag.feed("is") == [("thinking", "</this")]


def test_what_was_held_is_content_when_something_else_comes() -> None:
    tag = ThinkTag()
    assert tag.feed("<th") == []
    assert tag.flush() == [("content", "<th")]
    assert tag.flush() == []
    assert tag.feed("ink>a") == [("content", "ink>a")]


def test_a_flush_before_any_text_leaves_the_answer_to_be_opened() -> None:
    tag = ThinkTag()
    assert tag.flush() == []
    assert tag.feed("<think>a") == [("thinking", "a")]
