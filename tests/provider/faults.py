"""The ways in which a provider can fail: what is said, not how it is done.

Belongs here: one small frozen class for each fault. Does not belong here: carrying them out (see `answering`).
"""

from __future__ import annotations

from dataclasses import dataclass


class Fault:
    """The root of all faults."""


@dataclass(frozen=True, init=False)
class Split(Fault):
    """The body is cut at these byte positions, counted over all of it, and each part written alone."""

    at: tuple[int, ...]
    every: bool = False

    def __init__(self, *at: int, every: bool = False) -> None:
        object.__setattr__(self, "at", at)
        object.__setattr__(self, "every", every)

    @classmethod
    def every_byte(cls) -> Split:
        """One byte a write."""
        return cls(every=True)


@dataclass(frozen=True)
class Coalesce(Fault):
    """`n` chunks in one write."""

    n: int


@dataclass(frozen=True)
class Cut(Fault):
    """FIN after `at` chunks, in mid-response."""

    at: int


@dataclass(frozen=True)
class Reset(Fault):
    """RST after `at` chunks."""

    at: int


@dataclass(frozen=True)
class Hang(Fault):
    """Silence after `at` chunks, until the client leaves."""

    at: int


@dataclass(frozen=True)
class NoEnd(Fault):
    """The chunk with the finish reason is left out; the response itself ends cleanly."""


@dataclass(frozen=True)
class ErrorEvent(Fault):
    """The format's own error event in place of chunk `at`; the stream ends with it."""

    at: int
    message: str = "The model is overloaded."
    code: str = "overloaded_error"


@dataclass(frozen=True)
class Raw(Fault):
    """These bytes before chunk `at`."""

    at: int
    data: bytes


@dataclass(frozen=True)
class BadJson(Fault):
    """Before chunk `at` an event that is no JSON."""

    at: int


@dataclass(frozen=True)
class BadUtf8(Fault):
    """Before chunk `at` an event whose text holds a byte that is no UTF-8."""

    at: int


@dataclass(frozen=True)
class EmptyData(Fault):
    """Before chunk `at` an event with empty data (NDJSON: an empty line)."""

    at: int


@dataclass(frozen=True)
class KeepAlive(Fault):
    """A comment before each `every`-th chunk (NDJSON has no comments: an empty line)."""

    every: int = 1


@dataclass(frozen=True)
class Bom(Fault):
    """The body begins with a byte order mark."""


@dataclass(frozen=True)
class Compressed(Fault):
    """The body is compressed with `coding`: gzip, deflate or br, though nobody asked; any other name is deflate."""

    coding: str


@dataclass(frozen=True)
class Status(Fault):
    """An error status for the first `times` requests (None: all)."""

    code: int
    times: int | None = None
    retry_after: float | None = None
    echo_key: bool = False
    message: str | None = None


@dataclass(frozen=True)
class Html(Fault):
    """Status 200 with a web page, as a proxy's login page is."""


@dataclass(frozen=True)
class JsonError(Fault):
    """Status 200 with a JSON error in place of a stream."""

    message: str = "The model is not available."


@dataclass(frozen=True)
class Refuse(Fault):
    """The connection is reset before any byte of an answer, for the first `times` requests (None: all)."""

    times: int | None = None
