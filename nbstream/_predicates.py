"""Conditions for `stop_when`: what the answer holds so far.

Belongs here: `stop`, the ready-made conditions. Does not belong here: stopping (`_run` asks after each chunk).

A condition is true exactly when the text of the answer so far, as it stands, fulfils it, whatever the chunks it came in. It is
asked after each chunk and reads only what is new; what it remembers of a transcript goes with the transcript.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar, Final, Protocol
from weakref import WeakKeyDictionary

from nbstream._transcript import Transcript

REACH: Final = 2_000
"""The longest match that a pattern is sure to be found by, in characters."""

_FENCE: Final = re.compile(r"[ \t>]*(`{3,}|~{3,})(.*)", re.DOTALL)
_BEFORE: Final = 200
"""So many characters before the first place where a match may begin are kept for look-behinds."""
_LONGEST: Final = 200
"""So much of a line is kept to tell whether it opens or closes a code block."""


class _Watch(Protocol):
    """What is remembered of one answer."""

    def __call__(self, text: str) -> bool:
        """Read what is new; return whether the condition is fulfilled."""
        ...


class Condition:
    """A condition on the answer, for any number of runs at once."""

    def __init__(self, name: str, watch: Callable[[], _Watch]) -> None:
        self._name = name
        self._watch = watch
        self._known: WeakKeyDictionary[Transcript, tuple[_Watch, _News]] = WeakKeyDictionary()

    def __call__(self, transcript: Transcript) -> bool:
        """Whether the answer of `transcript` so far fulfils it."""
        if transcript not in self._known:
            self._known[transcript] = (self._watch(), _News())
        watch, news = self._known[transcript]
        return watch(news.of(transcript))

    def __repr__(self) -> str:
        return f"nb.stop.{self._name}"


class _Stop:
    """Conditions for `stop_when=`; any function of the transcript (`.content`, `.thinking`, `.sections`) is one as well.

    `code_block` is true once a fenced code block of the answer is closed; `text(…)` and `regex(…)` make conditions.
    """

    code_block: ClassVar[Condition]

    def text(self, *texts: str) -> Condition:
        """Return the condition that the answer holds one of `texts`.

        Raises:
            TypeError, ValueError: a text is not a string, or empty, or there is none.
        """
        for text in texts:
            if not isinstance(text, str):
                raise TypeError(f"nb.stop.text got {type(text).__name__}; give strings")
        if not texts or not all(texts):
            raise ValueError("nb.stop.text needs at least one text that is not empty")
        return Condition(f"text{texts!r}", lambda: _Texts(texts))

    def regex(self, pattern: str | re.Pattern[str], *, reach: int = REACH) -> Condition:
        """Return the condition that `pattern` is found in the answer.

        Args:
            pattern: text or compiled, as for `re.search`; `^` and look-behinds see the text before, `$` the end so far.
            reach: the longest match, look-ahead included, that is sure to be found, in characters. A match longer than this may
                be missed; the cost of each chunk grows with it.

        Raises:
            TypeError, ValueError: it is no pattern, or `reach` is not positive.
        """
        try:
            compiled = re.compile(pattern)
        except re.error as bad:
            raise ValueError(f"nb.stop.regex cannot read {pattern!r}: {bad}") from None
        if not isinstance(compiled.pattern, str):
            raise TypeError("nb.stop.regex got a pattern of bytes; give one of text")
        if reach < 1:
            raise ValueError(f"reach is {reach}; give 1 character or more")
        return Condition(f"regex({compiled.pattern!r})", lambda: _Pattern(compiled, reach))


class _News:
    """How much of each content section has been read; those before `_first` are closed."""

    def __init__(self) -> None:
        self._first = 0
        self._read: dict[int, int] = {}

    def of(self, transcript: Transcript) -> str:
        """Return the text of the answer since the last time."""
        new: list[str] = []
        sections = transcript.sections
        for at in range(self._first, len(sections)):
            section = sections[at]
            if section.kind == "content" and not section.meta.get("choice"):
                new.append(section.since(self._read.get(at, 0)))
                self._read[at] = section.length
            if section.closed and at == self._first:
                self._first += 1
                self._read.pop(at, None)
        return "".join(new)


class _Texts:
    def __init__(self, texts: tuple[str, ...]) -> None:
        self._texts = texts
        self._keep = max(map(len, texts)) - 1
        self._tail = ""
        self._found = False

    def __call__(self, text: str) -> bool:
        text = self._tail + text
        self._found = self._found or any(wanted in text for wanted in self._texts)
        self._tail = text[-self._keep :] if self._keep else ""
        return self._found


class _Pattern:
    """Searches where a match may end that did not before; what precedes it is kept for look-behinds."""

    def __init__(self, pattern: re.Pattern[str], reach: int) -> None:
        self._pattern = pattern
        self._reach = reach
        self._tail = ""

    def __call__(self, text: str) -> bool:
        begin = max(0, len(self._tail) - self._reach)
        text = self._tail + text
        # Where the text has been cut, `begin` is above 0, so that \A and ^ do not take the cut for the beginning.
        self._tail = text[-(self._reach + _BEFORE) :]
        return self._pattern.search(text, begin) is not None


class _CodeBlock:
    """Follows the lines, of which the beginnings are enough, in and out of code blocks as CommonMark has them."""

    def __init__(self) -> None:
        self._line = ""
        self._rest: set[str] = set()  # what of the rest of a long line may matter: a backtick, or any text
        self._fence = ""
        self._done = False

    def __call__(self, text: str) -> bool:
        for number, part in enumerate(text.split("\n")):
            if number:
                self._end_line()
            head = part[: max(0, _LONGEST - len(self._line))]
            self._line += head
            self._rest |= set(part[len(head) :]) & {"`"} | set(part[len(head) :].strip()[:1])
        return self._done or self._closes()

    def _end_line(self) -> None:
        if self._closes():
            self._done = True
            self._fence = ""
        elif not self._fence and (found := self._found()) and not (found[1][0] == "`" and "`" in found[2]):
            self._fence = found[1]
        self._line = ""
        self._rest.clear()

    def _closes(self) -> bool:
        found = self._found() if self._fence else None
        return found is not None and found[1].startswith(self._fence) and not found[2].strip()

    def _found(self) -> re.Match[str] | None:
        return _FENCE.fullmatch(self._line + "".join(self._rest))


_Stop.code_block = Condition("code_block", _CodeBlock)
stop: Final = _Stop()
"""The ready-made conditions, as `nb.stop`."""
