"""Control and invisible characters: each is shown, and ordinary writing is left alone."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import VECTORS, load
from corpora import rows, texts
from nbstream._visible import Revealer, reveal

STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x1b[2J\x7f", "a␀b␛[2J␡"),
        ("a\x9b31m", "a[U+009B]31m"),
        ("a\r\nb\rc\u2028d\u2029e\x85f\n", "a\nb\nc\nd\ne\nf\n"),
        ("user\u202e \u2066x", "user[U+202E] [U+2066]x"),
        ("pass\u200bword", "pass[U+200B]word"),
        ("a\U000e0069\U000e0067\U000e006eb", "a[3 hidden characters]b"),
        ("a\ufe00\ufe01\ufe0fb", "a[3 hidden characters]b"),
        ("a\ufdd0\uffffb", "a\ufffd\ufffdb"),
        ("tab\tand\nline", "tab\tand\nline"),
    ],
)
def test_what_hides_or_steers_is_shown(text: str, shown: str) -> None:
    assert reveal(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧 ❤️‍🔥 👍🏽 🇦🇺",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England, spelt with tags
        "שלום world \u200fمرحبا",
        "نمی\u200cخواهم क्\u200dष",
        "e\u0301 Å 漢\U000e0100字",
    ],
)
def test_ordinary_writing_is_left_alone(text: str) -> None:
    assert reveal(text) == text


def test_each_case_of_the_collection_is_marked() -> None:
    for row in rows("unicode_smuggling"):
        if row["must"] == "visible-marker":
            assert re.search(r"\[U\+[0-9A-F]{4,}\]|hidden characters\]|[␀-␡]", reveal(row["text"])), row["id"]
        if "no warning" in row["must"]:
            assert reveal(row["text"]) == row["text"]


@pytest.mark.parametrize("name", ["unicode_smuggling", "trojan_source", "naughty_strings"])
def test_nothing_that_steers_is_left(name: str) -> None:
    assert not [text for text in texts(name) if STEERING.search(reveal(text))]


@given(st.lists(st.text(alphabet=st.sampled_from("ab\r\n\u2028\x1b"), max_size=4)))
def test_a_line_end_may_be_cut(pieces: list[str]) -> None:
    revealer = Revealer()
    assert "".join([*map(revealer.feed, pieces), revealer.flush()]) == reveal("".join(pieces))


def test_a_flag_may_be_cut() -> None:
    flag = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
    for at in range(len(flag) + 1):
        revealer = Revealer()
        assert revealer.feed(f"a{flag[:at]}") + revealer.feed(f"{flag[at:]}b") + revealer.flush() == f"a{flag}b"


@pytest.mark.parametrize("case", load("visible.json"), ids=lambda case: case["name"])
def test_it_shows_what_the_front_end_shows(case: dict[str, str]) -> None:
    assert reveal(case["text"]) == case["shown"]


def test_every_character_is_shown_as_the_front_end_shows_it() -> None:
    text = "".join(f"{chr(point)}x" for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF)
    digest = hashlib.sha256(reveal(text).encode()).hexdigest()
    assert digest == (VECTORS / "visible.sha256").read_text("utf-8").strip()
