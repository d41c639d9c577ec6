"""An island under a strict reader: what every static html must be, whatever text is in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from nbstream._static import TAGS

KEY = "9f2c41d0"
_ROOT = re.compile(r"nbs-island nbs-[0-9a-z]+ nbs-r\d+ mathjax_ignore tex2jax_ignore")


class Island(HTMLParser):
    """Reads an island and fails at the first thing that it must not hold.

    Attributes:
        text: all text, in order.
        tags: the tags that were opened, in order.
        depth: of the deepest element.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.depth = 0
        self._open: list[str] = []
        self._text: list[str] = []
        # A blank line would end the html for a reader of Markdown, and model text would become Markdown of its own.
        assert not re.search(r"^[ \t]*$", html, re.MULTILINE), "a blank line"
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"
        self.text = "".join(self._text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, f"<{tag}> is not on the list"
        if self.tags:
            assert self._open, "a second root"
            assert attrs == [], f"<{tag}> has attributes"
        else:
            (name, value), *more = attrs
            assert (tag, name, more) == ("div", "class", [])
            assert _ROOT.fullmatch(value or "")
        self.tags.append(tag)
        self._open.append(tag)
        self.depth = max(self.depth, len(self._open))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        assert self._open, "text outside the root"
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]", data)
        self._text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")

    def handle_pi(self, data: str) -> None:
        raise AssertionError("a processing instruction")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError("a declaration")


def words(text: str) -> str:
    """The letters and digits of `text` alone: what must come in the same order however it is laid out."""
    return re.sub(r"[\W_]", "", text)


def in_order(part: str, whole: str) -> bool:
    """Whether the characters of `part` stand in `whole` in their order."""
    rest = iter(whole)
    return all(char in rest for char in part)
