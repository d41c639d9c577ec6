"""The digest of a transcript: FNV-1a, taken along while the text grows.

Belongs here: the sum and where it stands. Does not belong here: what it is compared with (`_events` has its definition).

A byte costs about 80 ns, which for a megabyte at the end would hold up the loop that feeds every stream. So the sum follows the
text of the first open section, in batches; what stands in sections behind it (the other choices of n > 1) waits until that
one is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

BATCH: Final = 64
"""So many appends are counted in one go."""

_BASIS: Final = 0x811C9DC5
_PRIME: Final = 0x01000193


class Text(Protocol):
    """What a digest needs of a section."""

    kind: str
    closed: bool
    length: int

    @property
    def text(self) -> str:
        """The text so far."""
        ...


class Digest:
    """The sum over the sections of one transcript, which is told of every append and close."""

    def __init__(self) -> None:
        self._value = _BASIS
        self._at = 0  # the section that is followed
        self._length = 0  # so many characters of it are counted
        self._parts: list[str] = []  # what was appended to it since
        self._begun = False  # its kind is counted

    def append(self, sections: Sequence[Text], at: int, text: str) -> None:
        """`text` was appended to section `at`."""
        if at == self._at:
            self._parts.append(text)
            if len(self._parts) == BATCH:
                self._count(sections[at])

    def close(self, sections: Sequence[Text]) -> None:
        """A section was closed."""
        while self._at < len(sections) and sections[self._at].closed:
            self._count(sections[self._at])
            self._value = _fnv(self._value, b"\0")
            self._at += 1
            self._length, self._begun = 0, False

    def total(self, sections: Sequence[Text]) -> int:
        """The digest of all `sections` as they are."""
        if self._at == len(sections):
            return self._value
        self._count(sections[self._at])
        return digest(sections[self._at + 1 :], _fnv(self._value, b"\0"))

    def _count(self, section: Text) -> None:
        if not self._begun:
            self._value = _fnv(self._value, f"{section.kind}\0".encode())
            self._begun = True
        text = "".join(self._parts)
        self._parts.clear()
        if self._length + len(text) != section.length:  # some came while another section was followed, or in a snapshot
            text = section.text[self._length :]
        self._value = _fnv(self._value, text.encode())
        self._length = section.length


def digest(sections: Iterable[Text], value: int = _BASIS) -> int:
    """Return FNV-1a (32 bit) over the UTF-8 of each section's kind, NUL, text, NUL, in order; `value` is of those before."""
    for section in sections:
        value = _fnv(value, f"{section.kind}\0{section.text}\0".encode())
    return value


def _fnv(value: int, data: bytes) -> int:
    for byte in data:
        value = ((value ^ byte) * _PRIME) & 0xFFFFFFFF
    return value
