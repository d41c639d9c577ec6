"""The streamed text: Markdown as models write it, cut into tokens, with words in it that a page can be searched for.

Belongs here: the text alone. It is the same for the same number of tokens, on every machine.

About every eighth token is a marker (`mk000042`), placed where every renderer keeps it in one piece: prose, lists, tables,
code. When marker n is in the page, everything before it is.
"""

from __future__ import annotations

import random
import re
from typing import Final

EVERY: Final = 8
"""At least so many tokens lie between two markers."""

_VOCABULARY: Final[list[str]] = re.findall(
    r"\w+",
    "a kernel sends each piece of an answer to the page that shows it while the rest is still being written and nobody waits "
    "for more than a moment because the text grows by small steps which are merged into frames when they come fast",
)
_TOKEN: Final = re.compile(r"\s*[A-Za-z]{1,6}|\s*\d{1,3}|\s*[^A-Za-z0-9\s]+|\s+")
_DRESS: Final = ("{}",) * 22 + ("**{}**", "`{}()`", "*{}*", "[{}](https://example.org/)")


class _Writer:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._since = 0
        self.tokens: list[str] = []
        self.markers: list[int] = []

    def write(self, text: str) -> None:
        pieces = _TOKEN.findall(text)
        self.tokens += pieces
        self._since += len(pieces)

    def mark(self) -> None:
        if self._since >= EVERY - 1:
            self.markers.append(len(self.tokens))
            self.tokens.append(f" mk{len(self.markers):06d}")
            self._since = 0

    def words(self, count: int) -> None:
        for _ in range(count):
            self.write(" " + self._random.choice(_DRESS).format(self._random.choice(_VOCABULARY)))
            self.mark()
        self.write(".")

    def between(self, least: int, most: int) -> int:
        return self._random.randint(least, most)

    def name(self) -> str:
        return self._random.choice(_VOCABULARY)


def _heading(w: _Writer) -> None:
    w.write("\n\n##")
    w.words(4)
    w.write("\n\n")


def _paragraph(w: _Writer) -> None:
    for _ in range(w.between(2, 4)):
        w.words(w.between(9, 18))
    w.write("\n\n")


def _list(w: _Writer) -> None:
    for number in range(w.between(3, 6)):
        w.write(f"\n{number + 1}." if w.between(0, 1) else "\n- ")
        w.words(w.between(5, 12))
    w.write("\n\n")


def _code(w: _Writer) -> None:
    w.write("\n\n```python\n")
    for number in range(w.between(4, 9)):
        w.write(f"def {w.name()}_{number}({w.name()}, n={number}):  #")
        w.mark()
        w.write(f"\n    return [{w.name()}(k) for k in range(n)]  #")
        w.mark()
        w.write("\n")
    w.write("```\n\n")


def _table(w: _Writer) -> None:
    w.write("\n\n| name | value | note |\n| --- | ---: | :-- |\n")
    for _ in range(w.between(4, 8)):
        w.write(f"| {w.name()} | {w.between(1, 999)} |")
        w.mark()
        w.write(f" {w.name()} |\n")
    w.write("\n")


def _quote(w: _Writer) -> None:
    w.write("\n\n>")
    w.words(w.between(10, 20))
    w.write("\n\n")


_BLOCKS: Final = (_heading, _paragraph, _list, _paragraph, _code, _paragraph, _table, _paragraph, _quote)


def _prose(w: _Writer) -> None:
    if w.between(0, 5) == 0:
        _heading(w)
    _paragraph(w)


def _code_line(w: _Writer) -> None:
    w.write(f"    {w.name()} = [{w.name()}(k, {w.between(1, 999)}) for k in range({w.name()})]  # {w.name()} {w.name()}\n")


def _item(w: _Writer) -> None:
    w.write("- ")
    w.words(w.between(5, 14))
    w.write("\n")


def _row(w: _Writer) -> None:
    w.write(f"| {w.name()} | {w.between(1, 999)} |")
    w.words(2)
    w.write(f" | {w.name()} {w.name()} |\n")


KINDS: Final = {
    "prose": ("", _prose),
    "one fence": ("```python\n", _code_line),
    "one list": ("", _item),
    "one table": ("| name | value | note | more |\n| --- | ---: | :-- | --- |\n", _row),
}
"""Texts of one kind of block, for the cost of each: how it begins and what it goes on with."""


def make_kind(kind: str, count: int) -> list[str]:
    """Return `count` tokens of a text of one kind."""
    begin, more = KINDS[kind]
    writer = _Writer(count)
    writer.write(begin)
    while len(writer.tokens) < count:
        more(writer)
    return writer.tokens[:count]


def make(count: int) -> tuple[list[str], list[int]]:
    """Return `count` tokens, and the indices of the markers among them; the last token is one."""
    writer, number = _Writer(count), 0
    while len(writer.tokens) < count:
        _BLOCKS[number % len(_BLOCKS)](writer)
        number += 1
    markers = [at for at in writer.markers if at < count - 1]
    tokens = [*writer.tokens[: count - 1], f" mk{len(markers) + 1:06d}"]
    return tokens, [*markers, count - 1]
