"""JSON that has not all come yet: what is complete, and what can be seen of the rest.

Belongs here: `PartialJSON`, fed piece by piece. Does not belong here: how a character is read (`_json_steps`), what surrounds
JSON in an answer, and what a schema says of it (`_structured`).
"""

from __future__ import annotations

from typing import Any, Final

from nbstream._json_machine import Change, Machine
from nbstream._json_steps import Bad, after_all, finish, first, read

DEPTH: Final = 1_000
"""How many containers may be open at once; `json.loads` gives up near here with a RecursionError."""


class PartialJSON:
    """Parses JSON while it arrives.

    >>> parser = PartialJSON()
    >>> parser.feed('{"title": "Soup", "minutes": 4')
    [(('title',), 'Soup')]
    >>> parser.value
    {'title': 'Soup'}
    >>> parser.feed("5}")
    [(('minutes',), 45), ((), {'title': 'Soup', 'minutes': 45})]
    >>> parser.close()
    {'title': 'Soup', 'minutes': 45}
    """

    def __init__(self, *, lines: bool = False, nan: bool = True, depth: int = DEPTH) -> None:
        """Begin before the first character.

        Args:
            lines: take any number of values one after the other (JSON Lines, or objects with nothing between them); `value` is
                then the list of them, and the first part of a path the number of its value.
            nan: take NaN, Infinity and -Infinity, as `json.loads` does; False refuses them.
            depth: how many containers may be open at once.
        """
        self._machine = Machine(first, lines=lines, nan=nan, depth=depth)
        self._read = 0
        self._error: str | None = None
        self._closed = False

    @property
    def value(self) -> Any:
        """What has come so far; None before anything has.

        An open string is in it as far as it has come, an open number or literal is not. The containers are the parser's own:
        they grow with the next `feed`, and are not to be changed.
        """
        return self._machine.value

    @property
    def complete(self) -> bool:
        """Whether the whole value has come; with `lines`, only after `close`."""
        return self._error is None and (self._closed or self._machine.step is after_all)

    @property
    def error(self) -> str | None:
        """Why this is no JSON, None while it may still be; nothing is read after an error."""
        return self._error

    def feed(self, text: str) -> list[Change]:
        """Read `text` and return what it completed, in order: the path of each value, and the value.

        A container comes after all that is in it, the whole value last, with the path `()`. A number and a literal are complete
        when something follows them. A value that was returned never changes; a key that is repeated is returned again.

        Text that is no JSON is not an error here but in `close`: what came before it stays.

        Raises:
            TypeError: `text` is not a string.
            ValueError: the parser has been closed.
        """
        if not isinstance(text, str):
            raise TypeError(f"feed takes text, not {type(text).__name__}; decode bytes with an incremental decoder")
        if self._closed:
            raise ValueError("the parser has been closed; make a new one for another value")
        if self._error is None:
            try:
                read(self._machine, text)
            except Bad as bad:
                self._fail(bad)
        self._read += len(text)
        done, self._machine.done = self._machine.done, []
        return done

    def end(self) -> list[Change]:
        """Say that the text is at its end, and return what this completed: a number or literal that nothing followed."""
        if not self._closed and self._error is None:
            try:
                finish(self._machine)
            except Bad as bad:
                self._fail(bad)
        self._closed = True
        done, self._machine.done = self._machine.done, []
        return done

    def close(self) -> Any:
        """Say that the text is at its end, and return the value.

        Raises:
            ValueError: the text is no JSON, or is not all of it.
        """
        self.end()
        if self._error is not None:
            raise ValueError(self._error)
        return self.value

    def _fail(self, bad: Bad) -> None:
        what, at = bad.args
        self._error = f"{what} at character {self._read + at}"
