"""Text as html that loads nothing and links nowhere: as it is, or with its inline Markdown (emphasis, code, escapes).

Belongs here: what happens within one paragraph, and text without Markdown. Does not belong here: blocks (`_markdown_html`).

The rules are CommonMark's (https://spec.commonmark.org/0.31.2/#inlines) with these differences, all on the side of plain text:
the address of a link stands behind its text, an image is a sentence, raw html and entities are shown as written, formulas are
shown as their source, a run of more than three stars is text. Every rule costs time linear in the length of the text: each
repetition is bounded or ends where the next attempt would begin, and at most `OPENERS` delimiters wait for their partner.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from html import escape as _escape
from typing import Final

OPENERS: Final = 16

_BLANK_LINE = re.compile(r"^([ \t]*)\n", re.MULTILINE)
_TOKEN = re.compile(
    r"""(?x)
    (?P<math> \\\( (?: [^\\\n] | \\[^()\n] ){1,1000} \\\)
            | \\\[ (?: [^\\] | \\[^\[\]] ){1,4000} \\\]
            | \$\$ [^$]{1,4000} \$\$
            | \$ (?![\s$\d]) [^$\n`]{1,500} (?<!\s) \$ (?!\d) | \$ \d [^$\n`\ ]{0,100} \$ (?!\d) )
    | \\ (?P<escaped> [!-/:-@\[-`{-~] )
    | (?P<ticks> `+ )
    | (?P<run> \*+ | _+ )
    | (?P<image> ! )? \[ (?P<label> [^\[\]]{0,1000} ) \]
      \( (?P<url> (?: [^\s()] | \( [^\s()]{0,200} \) ){0,2000} ) (?: [\ \n]{1,3} "(?P<title> [^"]{0,500} )" )? \)
    """
)


def escape(text: str) -> str:
    """Return `text` as html text."""
    return _escape(text, quote=False)


def preformatted(text: str) -> str:
    """Return `text` as it is, in a `pre`; the newlines of blank lines are references."""
    lines = _BLANK_LINE.sub(r"\1&#10;", escape(text))
    return f"<pre><code>{lines}</code></pre>"


def paragraphs(text: str) -> str:
    """Return the lines of `text` as paragraphs, without any Markdown."""
    lines = (line.strip(" \t") for line in text.split("\n"))
    return "\n".join(f"<p>{escape(line)}</p>" for line in lines if line)


def inline(text: str) -> str:
    """Return the inline Markdown `text`, in which `reveal` left no control characters, as html."""
    pieces: list[str | _Run] = []
    waiting: list[_Run] = []
    ticks: dict[int, list[int]] | None = None
    at = 0
    while token := _TOKEN.search(text, at):
        pieces.append(escape(text[at : token.start()]))
        at = token.end()
        match token.lastgroup:
            case "math":
                pieces.append(f"<code>{escape(token[0])}</code>")
            case "escaped":
                # A lone delimiter of a formula is shown as written, like all of an unfinished formula.
                pieces.append(token[0] if token["escaped"] in "()[]" else escape(token["escaped"]))
            case "run":
                _delimit(_Run(text, token), waiting, pieces)
            case "ticks":
                ticks = _tick_runs(text) if ticks is None else ticks
                end = _partner(ticks, len(token[0]), at)
                pieces.append(token[0] if end is None else f"<code>{escape(_code(text[at:end]))}</code>")
                at = at if end is None else end + len(token[0])
            case _:
                pieces.append(_link(token))
    pieces.append(escape(text[at:]))
    return "".join(map(str, pieces))


def _link(token: re.Match[str]) -> str:
    label, url = token["label"], escape(token["url"])
    title = f", {escape(token['title'])}" if token["title"] else ""
    if token["image"]:
        return f"[image not loaded: {escape(label)}; {url}{title}]" if label else f"[image not loaded: {url}{title}]"
    return url if label == token["url"] else f"{inline(label)} ({url}{title})"


def _tick_runs(text: str) -> dict[int, list[int]]:
    """Where the runs of backticks begin, by their length: looking for each partner anew would be quadratic."""
    runs: dict[int, list[int]] = {}
    for run in re.finditer("`+", text):
        runs.setdefault(len(run[0]), []).append(run.start())
    return runs


def _partner(runs: dict[int, list[int]], length: int, at: int) -> int | None:
    starts = runs.get(length, [])
    index = bisect_left(starts, at)
    return starts[index] if index < len(starts) else None


def _code(text: str) -> str:
    text = text.replace("\n", " ")
    return text[1:-1] if text[0] == text[-1] == " " and text.strip(" ") else text


class _Run:
    """A run of stars or underscores; its string is what is left of it, then the tags that it opens."""

    __slots__ = ("char", "closes", "count", "length", "opens", "tags")

    def __init__(self, text: str, token: re.Match[str]) -> None:
        self.char = token[0][0]
        self.length = self.count = len(token[0])
        self.tags = ""
        before, after = text[max(0, token.start() - 1) : token.start()], text[token.end() : token.end() + 1]
        left = not _blank(after) and (not _punctuation(after) or _blank(before) or _punctuation(before))
        right = not _blank(before) and (not _punctuation(before) or _blank(after) or _punctuation(after))
        if self.char == "_":
            self.opens, self.closes = left and (not right or _punctuation(before)), right and (not left or _punctuation(after))
        else:
            self.opens, self.closes = left, right

    def __str__(self) -> str:
        return self.char * self.count + self.tags

    def partner(self, waiting: list[_Run]) -> int | None:
        """The index of the opener that this run closes."""
        for index in range(len(waiting) - 1, -1, -1):
            other = waiting[index]
            both = (other.closes or self.opens) and (other.length + self.length) % 3 == 0
            if other.char == self.char and not (both and (other.length % 3 or self.length % 3)):
                return index
        return None


def _delimit(run: _Run, waiting: list[_Run], pieces: list[str | _Run]) -> None:
    """Close what `run` closes, then let what is left of it open."""
    if run.count > 3:
        pieces.append(str(run))
        return
    while run.closes and run.count and (index := run.partner(waiting)) is not None:
        opener = waiting[index]
        size = 2 if min(opener.count, run.count) >= 2 else 1
        tag = "strong" if size == 2 else "em"
        opener.tags = f"<{tag}>{opener.tags}"
        pieces.append(f"</{tag}>")
        opener.count -= size
        run.count -= size
        # Those above cross this pair: they stay text.
        del waiting[index + (1 if opener.count else 0) :]
    pieces.append(run)
    if run.opens and run.count:
        waiting.append(run)
        del waiting[:-OPENERS]


def _blank(char: str) -> bool:
    return not char or char.isspace()


def _punctuation(char: str) -> bool:
    return bool(char) and not char.isalnum() and not char.isspace()
