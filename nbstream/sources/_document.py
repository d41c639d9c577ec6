"""JSON that arrives in pieces: values that follow one another, one a line or over many, also within one array.

Belongs here: where a value ends. Does not belong here: the values of an answer's own JSON (`nbstream._partial_json`).
"""

from __future__ import annotations

import json
from typing import Any


class Document:
    """The values of one body.

    Attributes:
        held: what is no whole value yet.
        broken: the body ended within a value.
    """

    def __init__(self) -> None:
        self.held = ""
        self.broken = False
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
        found: list[Any] = []
        for line in lines:
            self._lines.append(line)
            # A value ends on a line that is not indented: only there is it worth the while to look.
            if line.rstrip().endswith(("}", "]")) and not line.startswith((" ", "\t")):
                found += self._take()
        if last:
            found += self._take()
            self.broken = bool(self.held.strip(" \t\r\n,]"))
        return found

    def _take(self) -> list[Any]:
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
