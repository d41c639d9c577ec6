"""The ready-made conditions of `stop_when`: true when the text so far fulfils them, however it is cut."""

from __future__ import annotations

import itertools
import random
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest

import nbstream as nb
from nbstream import Transcript, stop
from nbstream._events import Append, Close, Open

Condition = Callable[[Transcript], object]


def is_closed(text: str) -> bool:
    """Whether a fenced code block of `text` is complete; line by line over the whole, as CommonMark puts it."""
    fence = ""
    for line in text.split("\n"):
        found = re.fullmatch(r"[ \t>]*(`{3,}|~{3,})([^\n]*)", line)
        if not found:
            continue
        if fence:
            if found[1].startswith(fence) and not found[2].strip():
                return True
        elif "`" not in found[2] or found[1][0] == "~":
            fence = found[1]
    return False


CASES: list[tuple[Condition, Callable[[str], bool], str]] = [
    (stop.code_block, is_closed, "Text\n```py\nx = '```'\n````\nmore\n"),
    (stop.code_block, is_closed, "````md\n```\nx\n```\n````  \nend"),
    (stop.code_block, is_closed, "no ``` here\n~~~\n```\n~~\n~~~x\n ~~~\r\nend"),
    (stop.code_block, is_closed, "> ```a`b\n> ```\nx\n> ```js\n> ```"),
    (stop.code_block, is_closed, "``` " + "x" * 500 + "\n```\nq\n```\n"),
    (stop.code_block, is_closed, "``` " + "x" * 300 + "`\n```\nq\n```" + " " * 300 + "x\n```" + " " * 300 + "\n"),
    (stop.text("END"), lambda text: "END" in text, "EN EEND of it"),
    (stop.text("aab", "x"), lambda text: "aab" in text or "x" in text, "aaaabx"),
    (stop.regex(r"\d{3,}"), lambda text: bool(re.search(r"\d{3,}", text)), "12 345 6"),
    (stop.regex(r"^Answer: .*\n", reach=50), lambda text: bool(re.search("^Answer: .*\n", text)), "Answer: 42\nAnswer: 43\n"),
    (stop.regex(r"(?m)^b$"), lambda text: bool(re.search("(?m)^b$", text)), "ab\nbb\nb\nc"),
    (stop.regex(r"(?<=a)b\b"), lambda text: bool(re.search(r"(?<=a)b\b", text)), "b bb abb ab"),
    (stop.regex(re.compile("x(?=y)")), lambda text: bool(re.search("x(?=y)", text)), "x xx xy"),
]


def first_true(condition: Condition, pieces: list[str]) -> int | None:
    """How much of the answer has come when the condition is first true; None if it never is."""
    transcript = Transcript()
    transcript.apply(Open("content"))
    for number, piece in enumerate(pieces):
        transcript.apply(Append(0, piece))
        if condition(transcript):
            return len("".join(pieces[: number + 1]))
    return None


@pytest.mark.parametrize(("condition", "naive", "text"), CASES)
def test_a_condition_is_true_at_the_prefix_where_a_search_of_the_whole_is(
    condition: Condition, naive: Callable[[str], bool], text: str
) -> None:
    cuts = [[*text], [text]]
    rng = random.Random(7)
    for _ in range(20):
        places = sorted({0, len(text), *(rng.randrange(len(text)) for _ in range(6))})
        cuts.append([text[a:b] for a, b in itertools.pairwise(places)])
    for pieces in cuts:
        ends = [len("".join(pieces[: n + 1])) for n in range(len(pieces))]
        assert first_true(condition, pieces) == next((end for end in ends if naive(text[:end])), None), pieces


def test_a_long_answer_is_cut_where_a_pattern_can_no_longer_begin() -> None:
    condition = stop.regex(r"\Ax|(?<!\w)END", reach=10)
    pieces = ["y"] * 2_000 + [" ", "E", "N", "D"]
    assert first_true(condition, pieces) == len(pieces)
    assert first_true(condition, ["y"] * 205 + ["x"] * 400) is None


def test_each_run_has_its_own_memory_which_goes_with_it() -> None:
    condition = stop.text("END")
    one, other = Transcript(), Transcript()
    for transcript, text in ((one, "E"), (other, "ND")):
        transcript.apply(Open("content"))
        transcript.apply(Append(0, text))
        assert not condition(transcript)
    one.apply(Append(0, "ND"))
    assert condition(one)
    assert not condition(other)
    del one, other, transcript
    assert not condition._known


def test_only_the_answer_counts_over_all_its_sections() -> None:
    transcript = Transcript()
    condition = stop.text("END")
    transcript.apply(Open("thinking"))
    transcript.apply(Append(0, "END"))
    assert not condition(transcript)
    transcript.apply(Open("tool"))
    transcript.apply(Open("content"))
    transcript.apply(Append(2, "E"))
    transcript.apply(Close(2))
    transcript.apply(Open("content", {"choice": 1}))
    transcript.apply(Append(3, "ND"))
    assert not condition(transcript)
    transcript.apply(Close(0))
    transcript.apply(Open("content"))
    transcript.apply(Append(4, "ND"))
    assert condition(transcript)


def test_a_run_is_stopped_by_a_condition() -> None:
    answer = ["Look:\n``", "`py\nprint()\n``", "`\n", "and more"]
    s = nb.display_stream(nb.fake(answer, rate=None, ttft=0), stop_when=nb.stop.code_block, display=False, wait=True)
    assert (s.status, s.stopped_by, s.content) == ("stopped", "condition", "".join(answer[:3]))


@pytest.mark.parametrize(
    "wrong", [lambda: stop.text(), lambda: stop.text(""), lambda: stop.regex("("), lambda: stop.regex("x", reach=0)]
)
def test_a_condition_that_cannot_be_is_a_value_error(wrong: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"nb\.stop|reach"):
        wrong()


@pytest.mark.parametrize("wrong", [lambda: stop.text(3), lambda: stop.regex(b"x")])  # type: ignore[arg-type]  # reason: what is tested
def test_a_condition_of_the_wrong_type_is_a_type_error(wrong: Callable[[], Any]) -> None:
    with pytest.raises(TypeError, match=r"nb\.stop"):
        wrong()


def test_a_condition_says_what_it_is() -> None:
    assert [repr(c) for c in (stop.code_block, stop.text("END"), stop.regex("a+"))] == [
        *("nb.stop.code_block", "nb.stop.text('END',)", "nb.stop.regex('a+')")
    ]


@pytest.mark.parametrize("condition", [stop.code_block, stop.text("NEVER"), stop.regex("NEVER")])
def test_the_last_tenth_of_a_long_answer_reads_no_more_than_the_first(condition: Condition) -> None:
    transcript = Transcript()
    transcript.apply(Open("content"))

    def characters() -> int:
        """How many a stretch of the answer makes the condition read, what it kept of the text before included."""
        count = 0

        def see(frame: Any, event: str, _argument: object) -> None:
            nonlocal count
            if event == "return" and frame.f_code.co_name == "__call__" and "text" in frame.f_locals:
                count += len(frame.f_locals["text"])

        sys.setprofile(see)
        try:
            for _ in range(500):
                transcript.apply(Append(0, "ten chars\n"))
                assert not condition(transcript)
        finally:
            sys.setprofile(None)
        return count

    transcript.apply(Append(0, "x" * 5_000))
    assert not condition(transcript)
    read = [characters() for _ in range(10)]
    assert 5_000 <= read[-1] <= 1.1 * read[0]
