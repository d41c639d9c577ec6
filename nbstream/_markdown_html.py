"""Markdown as html for a saved notebook: blocks from a short list of tags, without one attribute.

Belongs here: headings, paragraphs, lists, quotes, fences and tables. Does not belong here: what happens within a paragraph
(`_inline_html`), sections and figures (`_static`).

The rules are those of CommonMark and GFM tables, with these differences, all of which keep the text in its order and its
numbers right: every heading is an `h4`, so that the notebook's outline stays the notebook's; a hard break begins a paragraph
and a rule is three stars, because the list of tags holds neither `br` nor `hr`; a list that does not count from 1 is written
with its numbers as text, because `start` is an attribute; a quote has no lazy lines; beyond `DEPTH` levels of nesting the
source is shown. Each level reads its lines once, so time is linear in the length for any input.

The html holds no blank line: a reader of Markdown takes up to one as html, and what follows as Markdown of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from nbstream._inline_html import inline, preformatted

DEPTH: Final = 8

_MARKER = re.compile(r" {0,3}(?:([-*+])|(\d{1,9})([.)]))(?=[ \t]|$)")
_FENCE = re.compile(r"( {0,3})(`{3,}(?=[^`]*$)|~{3,})")
_DASHES = re.compile(r":?-+:?")

Lines: TypeAlias = "list[str]"
Rule: TypeAlias = "Callable[[Lines, int, int], tuple[int, list[str]]]"
"""Takes lines, an index and a depth; returns the index after what it took (the same: nothing) and the html of its blocks."""


def render(text: str) -> str:
    """Return the Markdown `text`, in which `reveal` left no control characters, as html with a line for each block."""
    return "\n".join(_blocks(text.split("\n"), 0))


def open_fence(text: str) -> str:
    """Return the line that closes the fence which `text` leaves open, "" where it leaves none."""
    closing = ""
    for line in text.split("\n"):
        if closing:
            closing = "" if _closes(line, closing) else closing
        elif fence := _FENCE.match(line):
            closing = fence[2]
    return closing


def _blocks(lines: Lines, depth: int) -> list[str]:
    if depth > DEPTH:
        source = "\n".join(lines).strip("\n")
        return [preformatted(source)] if source else []
    out: list[str] = []
    at = 0
    while at < len(lines):
        if not lines[at].strip(" \t"):
            at += 1
            continue
        for rule in _RULES:
            end, html = rule(lines, at, depth)
            if end > at:
                out += html
                at = end
                break
    return out


def _fence(lines: Lines, at: int, depth: int) -> tuple[int, list[str]]:
    fence = _FENCE.match(lines[at])
    if fence is None:
        return at, []
    end = next((n for n in range(at + 1, len(lines)) if _closes(lines[n], fence[2])), len(lines))
    inner = [_outdent(line, len(fence[1])) for line in lines[at + 1 : end]]
    return end + 1, [preformatted("\n".join(inner))]


def _closes(line: str, fence: str) -> bool:
    mark = line.strip(" \t")
    return mark.startswith(fence) and not mark.strip(fence[0]) and _indent(line) < 4


def _indented(lines: Lines, at: int, depth: int) -> tuple[int, list[str]]:
    end = last = at
    while end < len(lines) and (_indent(lines[end]) >= 4 or not lines[end].strip(" \t")):
        end += 1
        last = end if lines[end - 1].strip(" \t") else last
    if last == at:
        return at, []
    return last, [preformatted("\n".join(_outdent(line, 4) for line in lines[at:last]))]


def _heading(lines: Lines, at: int, depth: int) -> tuple[int, list[str]]:
    line = lines[at].strip(" \t")
    rest = line.lstrip("#")
    if not 1 <= len(line) - len(rest) <= 6 or (rest and rest[0] not in " \t"):
        return at, []
    bare = rest.rstrip("#")
    text = (bare if not bare or bare[-1] in " \t" else rest).strip(" \t")
    return at + 1, [f"<h4>{inline(text)}</h4>"] if text else []


def _rule(lines: Lines, at: int, depth: int) -> tuple[int, list[str]]:
    return (at + 1, ["<p>* * *</p>"]) if _is_rule(lines[at]) else (at, [])


def _is_rule(line: str) -> bool:
    line = line.strip(" \t")
    return line[:1] in ("-", "*", "_") and not line.strip(f"{line[0]} \t") and line.count(line[0]) >= 3


def _quote(lines: Lines, at: int, depth: int) -> tuple[int, list[str]]:
    inner = []
    while at < len(lines) and _indent(lines[at]) < 4 and (line := lines[at].lstrip(" \t")).startswith(">"):
        inner.append(line[2:] if line[1:2] in (" ", "\t") else line[1:])
        at += 1
    return at, _wrapped("blockquote", _blocks(inner, depth + 1)) if inner else []


def _list(lines: Lines, at: int, depth: int) -> tuple[int, list[str]]:
    first = _MARKER.match(lines[at])
    if first is None:
        return at, []
    kind = first[1] or first[3]
    numbers: list[int] = []
    items: list[list[str]] = []
    while at < len(lines) and (marker := _MARKER.match(lines[at])) and (marker[1] or marker[3]) == kind:
        if marker[1] and items and _is_rule(lines[at]):
            break
        at, inner = _item(lines, at, marker.end())
        numbers.append(int(marker[2] or 0))
        items.append(_blocks(inner, depth + 1))
    count = range(1, len(items) + 1)
    if first[1] or (numbers[0] == 1 and (numbers == list(count) or set(numbers) == {1})):
        return at, _wrapped("ul" if first[1] else "ol", [_li(item) for item in items])
    return at, [html for number, item in zip(numbers, items, strict=True) for html in _numbered(f"{number}{kind}", item)]


def _item(lines: Lines, at: int, offset: int) -> tuple[int, list[str]]:
    """The lines of the list item that begins at `at`, whose marker ends in column `offset`."""
    rest = lines[at][offset:]
    space = _indent(rest)
    width = offset + (space if 1 <= space <= 4 and rest.strip(" \t") else 1)
    inner = [_outdent(rest, width - offset)]
    end = at + 1
    while end < len(lines):
        line = lines[end]
        blank = not line.strip(" \t")
        lazy = inner[-1].strip(" \t") and not _interrupts(line) and not _MARKER.match(line)
        if not blank and _indent(line) < width and not lazy:
            break
        inner.append("" if blank else _outdent(line, width))
        end += 1
    return end, inner


def _li(item: list[str]) -> str:
    if item and item[0].startswith("<p>") and not any(html.startswith("<p>") for html in item[1:]):
        item = [item[0][3:-4], *item[1:]]
    return f"<li>{chr(10).join(item)}</li>"


def _numbered(number: str, item: list[str]) -> list[str]:
    if item and item[0].startswith("<p>"):
        return [f"<p>{number} {item[0][3:]}", *item[1:]]
    return [f"<p>{number}</p>", *item]


def _table(lines: Lines, at: int, depth: int) -> tuple[int, list[str]]:
    if not _is_table(lines, at):
        return at, []
    html = ["<table>", f"<thead>{_row(lines[at], 'th')}</thead>", "<tbody>"]
    at += 2
    while at < len(lines) and lines[at].strip(" \t") and not _interrupts(lines[at]):
        html.append(_row(lines[at], "td"))
        at += 1
    return at, ["\n".join([*html, "</tbody>", "</table>"])]


def _is_table(lines: Lines, at: int) -> bool:
    if at + 1 >= len(lines) or "|" not in lines[at] or "-" not in lines[at + 1] or lines[at + 1].strip("|:- \t"):
        return False
    dashes = _cells(lines[at + 1])
    return all(_DASHES.fullmatch(cell) for cell in dashes) and len(dashes) == len(_cells(lines[at]))


def _row(line: str, tag: str) -> str:
    # Neither filled up nor cut to the number of columns: one is quadratic, the other loses text.
    return "<tr>" + "".join(f"<{tag}>{inline(cell)}</{tag}>" for cell in _cells(line)) + "</tr>"


def _cells(line: str) -> list[str]:
    line = line.strip(" \t").removeprefix("|")
    cells = re.split(r"(?<!\\)\|", line)
    if len(cells) > 1 and not cells[-1].strip(" \t"):
        cells.pop()
    return [cell.replace("\\|", "|").strip(" \t") for cell in cells]


def _paragraph(lines: Lines, at: int, depth: int) -> tuple[int, list[str]]:
    taken: list[str] = []
    html: list[str] = []
    while at < len(lines) and (line := lines[at].strip(" \t")):
        if taken and set(line) in ({"="}, {"-"}) and _indent(lines[at]) < 4:
            return at + 1, [*html, f"<h4>{inline(chr(10).join(taken))}</h4>"]
        if (taken or html) and (_interrupts(lines[at]) or _is_table(lines, at)):
            break
        broken = lines[at].endswith("  ") or len(line) - len(line.rstrip("\\")) == 1
        taken.append(line.removesuffix("\\") if broken else line)
        if broken and at + 1 < len(lines) and lines[at + 1].strip(" \t"):
            html += _p(taken)
            taken = []
        at += 1
    return at, html + _p(taken)


def _p(lines: Lines) -> list[str]:
    text = "\n".join(lines)
    return [f"<p>{inline(text)}</p>"] if text else []


def _interrupts(line: str) -> bool:
    """Whether `line` ends the paragraph before it."""
    if _indent(line) >= 4:
        return False
    if (marker := _MARKER.match(line)) and line[marker.end() :].strip(" \t"):
        return bool(marker[1]) or marker[2] == "1"
    start = line.lstrip(" ")
    if start.startswith("#"):
        return bool(_heading([line], 0, 0)[1])
    return start.startswith(">") or _FENCE.match(line) is not None or _is_rule(line)


def _wrapped(tag: str, html: list[str]) -> list[str]:
    return ["\n".join([f"<{tag}>", *html, f"</{tag}>"])]


def _indent(line: str) -> int:
    """The width of the white space that `line` begins with, in columns; a tab goes to the next multiple of four."""
    lead = line[: len(line) - len(line.lstrip(" \t"))]
    return len(lead.expandtabs(4))


def _outdent(line: str, width: int) -> str:
    """`line` without up to `width` columns of the white space that it begins with."""
    text = line.lstrip(" \t")
    return " " * max(0, len(line[: len(line) - len(text)].expandtabs(4)) - width) + text


_RULES: Final[tuple[Rule, ...]] = (_indented, _fence, _heading, _rule, _quote, _list, _table, _paragraph)
