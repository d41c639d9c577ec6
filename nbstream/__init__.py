"""Show LLM output in a Jupyter notebook while it is generated, with a Stop that closes the provider's connection.

>>> import nbstream as nb
>>> s = nb.stream("Why is the sky blue?", wait=True)  # doctest: +SKIP

Belongs here: the public names, sorted; a test holds the list. Does not belong here: anything else.

A name is loaded when it is first used: `import nbstream` costs next to nothing, and a notebook that only imports it in its
first cell does not wait for what its third cell needs.
"""

from __future__ import annotations

import typing as _typing
from importlib import import_module as _import_module

from nbstream._version import __version__

if _typing.TYPE_CHECKING:
    from nbstream._api import display_stream, stop_all, stream
    from nbstream._chunk_log import Chunk
    from nbstream._errors import (
        AuthError,
        BadResponse,
        ConnectionFailed,
        InvalidOutput,
        LimitError,
        MissingPackage,
        NbstreamError,
        ProtocolError,
        ProviderError,
        RateLimitError,
        RequestError,
        ServerError,
        SourceFailed,
        StreamStopped,
        WouldDeadlock,
    )
    from nbstream._ledger import RunRow
    from nbstream._limits import Timeout
    from nbstream._models import models
    from nbstream._partial_json import PartialJSON
    from nbstream._predicates import stop
    from nbstream._projections import Choice, ToolCall, Usage
    from nbstream._pushing import Approval
    from nbstream._record import StreamEvent
    from nbstream._runs import Runs, runs
    from nbstream._stream import Stream
    from nbstream._to_sse import to_sse
    from nbstream._transcript import Section, Transcript
    from nbstream._usage import Metrics
    from nbstream._widget import StreamWidget
    from nbstream.sources import Source
    from nbstream.sources._from_sse import from_sse
    from nbstream.sources._scripted import fake

__all__ = [
    "Approval",
    "AuthError",
    "BadResponse",
    "Choice",
    "Chunk",
    "ConnectionFailed",
    "InvalidOutput",
    "LimitError",
    "Metrics",
    "MissingPackage",
    "NbstreamError",
    "PartialJSON",
    "ProtocolError",
    "ProviderError",
    "RateLimitError",
    "RequestError",
    "RunRow",
    "Runs",
    "Section",
    "ServerError",
    "Source",
    "SourceFailed",
    "Stream",
    "StreamEvent",
    "StreamStopped",
    "StreamWidget",
    "Timeout",
    "ToolCall",
    "Transcript",
    "Usage",
    "WouldDeadlock",
    "__version__",
    "display_stream",
    "fake",
    "from_sse",
    "models",
    "runs",
    "stop",
    "stop_all",
    "stream",
    "to_sse",
]

_HOMES: _typing.Final = {
    "_api": ("display_stream", "stop_all", "stream"),
    "_chunk_log": ("Chunk",),
    "_errors": (
        "AuthError",
        "BadResponse",
        "ConnectionFailed",
        "InvalidOutput",
        "LimitError",
        "MissingPackage",
        "NbstreamError",
        "ProtocolError",
        "ProviderError",
        "RateLimitError",
        "RequestError",
        "ServerError",
        "SourceFailed",
        "StreamStopped",
        "WouldDeadlock",
    ),
    "_ledger": ("RunRow",),
    "_limits": ("Timeout",),
    "_models": ("models",),
    "_partial_json": ("PartialJSON",),
    "_predicates": ("stop",),
    "_projections": ("Choice", "ToolCall", "Usage"),
    "_pushing": ("Approval",),
    "_record": ("StreamEvent",),
    "_runs": ("Runs", "runs"),
    "_stream": ("Stream",),
    "_to_sse": ("to_sse",),
    "_transcript": ("Section", "Transcript"),
    "_usage": ("Metrics",),
    "_widget": ("StreamWidget",),
    "sources": ("Source",),
    "sources._from_sse": ("from_sse",),
    "sources._scripted": ("fake",),
}
_HOME: _typing.Final = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> _typing.Any:
    if name not in _HOME:
        raise AttributeError(f"module 'nbstream' has no attribute {name!r}")
    value = globals()[name] = getattr(_import_module(f"nbstream.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
