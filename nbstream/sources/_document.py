"""JSON that arrives in pieces: values that follow one another, one a line or over many, also within one array.

Belongs here: where a value ends. Does not belong here: the values of an answer's own JSON (`nbstream._partial_json`).
"""

from __future__ import annotations

import json
from typing import Any


class Document:
    """The values of one body.

    Where the first line is a value, every line is one, and a broken one hurts no other.

    Attributes:
        held: what is no whole value yet.
        broken: the body ended within a value, and there was none before it.
        bad: the first line among values that is none, empty while there is none.
    """

    def __init__(self) -> None:
        self.held = ""
        self.broken = False
        self.bad = ""
        self._by_line: bool | None = None
        self._lines: list[str] = []
        self._tail: list[str] = []
        self._array = False
        self._decoder = json.JSONDecoder(strict=False)

    def feed(self, text: str, *, last: bool = False) -> list[Any]:
        """Return the values that `text` completes."""
        lines = text.split("\n")
        if len(lines) > 1:
            lines[0] = "".join((*self._tail, lines[0]))
            self._tail = []
        self._tail.append(lines.pop())
        found = [value for line in lines for value in self._take(line)]
        if last:
            found += self._last("".join(self._tail))
        return found

    def _take(self, line: str) -> list[Any]:
        if self._by_line is not False and line.strip():
            value = value_of(line)
            if self._by_line is None:
                self._by_line = value is not None
            if self._by_line:
                self.bad = self.bad or (line if value is None else "")
                return [] if value is None else [value]
        self._lines.append(line)
        # A value ends on a line that is not indented: only there is it worth the while to look.
        ends = line.rstrip().endswith(("}", "]")) and not line.startswith((" ", "\t"))
        return self._values() if ends else []

    def _last(self, line: str) -> list[Any]:
        """The values of a last line that has no end, which may be the whole body, or the half of a line."""
        if self._by_line is not False and (value := value_of(line)) is not None:
            return [value]
        if self._by_line:
            return []
        self._lines.append(line)
        found = self._values()
        self.broken = bool(self.held.strip(" \t\r\n,]"))
        return found

    def _values(self) -> list[Any]:
        found: list[Any] = []
        at = 0
        self.held, self._lines = "\n".join((self.held, *self._lines)), []
        while True:
            start = at + len(self.held[at:]) - len(self.held[at:].lstrip(" \t\r\n,]" if self._array else " \t\r\n"))
            if self.held.startswith("[", start) and not self._array:
                self._array, at = True, start + 1
                continue
            try:
                value, at = self._decoder.raw_decode(self.held, start)
            except (ValueError, RecursionError):
                break
            found.append(value)
        self.held = self.held[at:]
        return found


def value_of(text: str) -> Any:
    """The JSON value in `text`, None where there is none."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
