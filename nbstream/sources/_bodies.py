"""What holds the bytes of a stream: responses of several libraries, files, iterables, told apart by shape.

Belongs here: how each is read piece by piece, what it says of itself. Does not belong here: requests (`_from_sse`), what the
bytes mean (`_session`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from nbstream.sources import _close, _faults
from nbstream.sources._session import Batch, Session

GRACE: Final = 5.0
"""Seconds that a connection may stay open and silent after the answer is whole."""

_PIECE: Final = 65_536
READABLE: Final = ("__iter__", "__aiter__", "__enter__", "__aenter__", "read", "iter_bytes", "aiter_bytes", "iter_content")


def note(response: Any, session: Session) -> bool:
    """Note the status and the content type, where `response` has them; return whether it is a refusal."""
    watch = session.watch
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    headers = getattr(response, "headers", None)
    if isinstance(status, int):
        watch.status = status
    if isinstance(headers, Mapping):
        watch.content_type = str(headers.get("content-type") or headers.get("Content-Type") or "").lower()
        watch.retry_after = _faults.retry_after(headers)
    return watch.status >= 400


def pieces(x: Any, stack: ExitStack) -> Iterator[Any]:
    """The pieces of what is read by blocking calls."""
    if isinstance(x, str | bytes | bytearray | memoryview) and not is_path(x):
        return iter([x])
    if isinstance(x, os.PathLike | str):
        with Path(x).open("rb") as file:
            return iter([file.read()])
    stack.callback(_close.close, x)
    for name in ("iter_bytes", "iter_content"):
        if callable(method := getattr(x, name, None)):
            return iter(method(None) if name == "iter_content" else method())
    if callable(read := getattr(x, "read1", None) or getattr(x, "read", None)):
        return iter(lambda: read(_PIECE) or b"", b"")
    return _lines(x) if _by_line(x) else iter(x)


def _lines(x: Any) -> Iterator[Any]:
    for line in x:
        yield line + (b"\n" if isinstance(line, bytes) else "\n")


async def async_pieces(x: Any) -> AsyncIterator[Any]:
    """The same for what is awaited."""
    method = x.content.iter_any if _of_aiohttp(x) else getattr(x, "aiter_bytes", None)
    x = method() if callable(method) else x
    by_line = _by_line(x)
    async for piece in x:
        yield piece + ("\n" if isinstance(piece, str) else b"\n") if by_line else piece


def _of_aiohttp(x: Any) -> bool:
    return type(x).__module__.partition(".")[0] == "aiohttp"  # elsewhere asking for `content` reads the whole body


def _by_line(x: Any) -> bool:
    """Whether `x` is one of those methods that take the line ends away."""
    return getattr(x, "__name__", "") in ("iter_lines", "aiter_lines")


def is_async(x: Any) -> bool:
    if hasattr(stream := getattr(x, "stream", None), "__aiter__"):  # httpx: a body that was read has both
        return not hasattr(stream, "__iter__")
    if _of_aiohttp(x):
        return True
    return hasattr(x, "__aiter__") or (hasattr(x, "__aenter__") and not hasattr(x, "__enter__"))


def is_path(x: Any) -> bool:
    """Whether the text `x` names a file, rather than being a stream."""
    return isinstance(x, str) and "\n" not in x and len(x) < 4096 and not x.lstrip().startswith(("{", "[", "data:", ":"))


def address(x: Any) -> str:
    """The address that `x` is, empty where it is none."""
    text = str(x) if type(x).__name__ == "URL" else x
    return text if isinstance(text, str) and text.partition("://")[0].lower() in ("http", "https") else ""


def title(x: Any, url: str) -> str:
    if url:
        return url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    return os.path.basename(os.fspath(x)) if isinstance(x, os.PathLike) or is_path(x) else "stream"


async def read(chunks: AsyncIterator[Any], session: Session) -> AsyncGenerator[Batch, None]:
    """Feed `chunks`; after the answer is whole a silent connection is left."""
    while not session.over:
        pull = asyncio.ensure_future(anext(chunks, None))
        try:
            await asyncio.wait({pull}, timeout=GRACE if session.finished else None)
            if not pull.done():
                return
            if (data := pull.result()) is None:
                break
        finally:
            if not pull.done():
                pull.cancel()
                await asyncio.wait({pull})
        for batch in session.feed(data):
            yield batch
    for batch in session.finish():
        yield batch
