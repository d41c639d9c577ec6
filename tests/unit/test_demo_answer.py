"""Answers in no provider's words: pieces, tokens, limits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nbstream.demo.answer import Answer, Call, Piece, Usage, cuts, tokens, words


@given(st.text())
def test_cutting_into_words_loses_nothing(text: str) -> None:
    assert "".join(words(text)) == text
    assert all(words(text))


@given(st.text(), st.integers(1, 9))
def test_cutting_by_size_loses_nothing(text: str, size: int) -> None:
    pieces = list(cuts(text, size))
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= size for piece in pieces)


def test_a_list_of_texts_is_taken_as_its_pieces() -> None:
    assert list(cuts(["a", "", "bcd"], 1)) == ["a", "", "bcd"]


def test_an_answer_thinks_speaks_and_calls_in_this_order() -> None:
    answer = Answer.of("say", thinking="hm", calls=[Call("1", "f", ["{", "}"]), Call("2", "g", "[]")])
    assert [piece.kind for piece in answer.pieces] == ["thinking", "content"] + ["tool"] * 5
    assert answer.calls() == [Call("1", "f", "{}"), Call("2", "g", "[]")]
    assert answer.finish_reason == "tool_calls"
    assert Answer.of("say").finish_reason == "stop"
    assert Answer.of("say", finish_reason=None).finish_reason is None


def test_texts_are_those_of_the_first_choice() -> None:
    answer = Answer([Piece("content", "a"), Piece("content", "x", choice=1), Piece("content", "b")])
    assert answer.text("content") == "ab"


def test_tokens_are_counted_where_no_usage_is_named() -> None:
    assert [tokens("x" * n) for n in (0, 1, 4, 5)] == [0, 1, 1, 2]
    assert Answer.of("x" * 40, thinking="x" * 8).counted("x" * 12) == Usage(input=3, output=12, reasoning=2)
    assert Answer.of("x", usage=Usage(1, 2)).counted("anything") == Usage(1, 2)


def test_a_limit_cuts_the_answer_and_says_so() -> None:
    answer = Answer.of("x" * 40, thinking="y" * 8, cut=3)
    cut = answer.limited(5)
    assert (cut.text("thinking"), cut.text("content"), cut.finish_reason) == ("y" * 8, "x" * 12, "length")
    assert answer.limited(12) is answer
    assert answer.limited(None) is answer
    assert answer.limited(0).pieces == []
