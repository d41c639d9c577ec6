"""What a JSON parser that is fed piece by piece remembers between two characters.

Belongs here: the stack of open containers, the place of the next value, the parts of an open string or number. Does not belong
here: what a character means (`_json_steps`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Change: TypeAlias = tuple[Path, Any]


class Machine:
    """The state between two characters.

    Attributes:
        step: reads some of a piece from a place on, and returns the place behind what it read.
        done: what has been completed: each value with its path, in order.
        stack: the open containers, outermost first, each with its own path. The first is ours: it holds the whole value, or
            those of the lines.
        key: the place in the innermost one that the next value goes to.
        parts: of the open string, number or literal.
        text: whether a string is open that is a value, which can be seen before it is whole.
        is_key: whether the open string is a key.
        escape: what has come of the four hexadecimal digits of an escape.
        high: the first half of a surrogate pair, which waits for its second; 0 for none.
    """

    def __init__(self, step: Step, *, lines: bool, nan: bool, depth: int) -> None:
        self.step = step
        self.lines = lines
        self.nan = nan
        self.depth = depth
        self.done: list[Change] = []
        self.stack: list[tuple[Any, Path]] = [([], ())]
        self.key: Any = 0
        self.parts: list[str] = []
        self.text = False
        self.is_key = False
        self.escape = ""
        self.high = 0

    @property
    def value(self) -> Any:
        """What has come so far, an open string as far as it has come."""
        if self.text:
            self.parts = ["".join(self.parts)]
            self.put(self.parts[0])
        top = self.stack[0][0]
        return top if self.lines else top[0] if top else None

    def put(self, value: Any) -> None:
        """Set `value` at the current place."""
        container = self.stack[-1][0]
        if type(container) is dict or self.key < len(container):
            container[self.key] = value
        else:
            container.append(value)

    def path(self) -> Path:
        """Return the path of the current place."""
        if len(self.stack) == 1 and not self.lines:
            return ()
        return (*self.stack[-1][1], self.key)

    def take(self) -> str:
        """Return the open text, which is whole."""
        text = "".join(self.parts)
        self.parts.clear()
        return text

    def unit(self, code: int) -> None:
        """Add the UTF-16 code unit of an escape: two halves are one character, a half alone stays one."""
        if self.high and 0xDC00 <= code < 0xE000:
            self.parts.append(chr(0x10000 + ((self.high - 0xD800) << 10) + code - 0xDC00))
            self.high = 0
            return
        self.release()
        if 0xD800 <= code < 0xDC00:
            self.high = code
        else:
            self.parts.append(chr(code))

    def release(self) -> None:
        """No second half follows the first."""
        if self.high:
            self.parts.append(chr(self.high))
            self.high = 0


Step: TypeAlias = Callable[[Machine, str, int], int]
