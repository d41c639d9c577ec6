"""Content codings, chunk by chunk.

Belongs here: compressors that let each chunk out at once. Does not belong here: when they are used (`answering`).
"""

from __future__ import annotations

import zlib
from typing import Protocol


class Coder(Protocol):
    """Packs a body."""

    def pack(self, data: bytes) -> bytes:
        """Return all that is needed to read `data`."""
        ...

    def end(self) -> bytes:
        """Return what ends the body."""
        ...


class Zlib:
    """gzip, and deflate under whatever name."""

    def __init__(self, coding: str) -> None:
        self._zlib = zlib.compressobj(wbits=31 if coding == "gzip" else 15)

    def pack(self, data: bytes) -> bytes:
        """Return all that is needed to read `data`."""
        return self._zlib.compress(data) + self._zlib.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        """Return what ends the body."""
        return self._zlib.flush()


class Brotli:
    """br, by the package that browsers' codec comes in."""

    def __init__(self) -> None:
        import brotli

        self._brotli = brotli.Compressor()

    def pack(self, data: bytes) -> bytes:
        """Return all that is needed to read `data`."""
        return bytes(self._brotli.process(data) + self._brotli.flush())

    def end(self) -> bytes:
        """Return what ends the body."""
        return bytes(self._brotli.finish())


def coder(coding: str) -> Coder:
    """Return the one for `coding`."""
    return Brotli() if coding == "br" else Zlib(coding)
