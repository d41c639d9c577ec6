"""Show LLM output in a Jupyter notebook while it is generated, with a Stop that closes the provider's connection.

>>> import nbstream as nb
>>> s = nb.stream("Why is the sky blue?", wait=True)  # doctest: +SKIP

Belongs here: the public names, sorted; a test holds the list. Does not belong here: anything else.
"""

from __future__ import annotations

from nbstream._api import display_stream, stop_all, stream
from nbstream._errors import (
    AuthError,
    BadResponse,
    ConnectionFailed,
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
from nbstream._limits import Timeout
from nbstream._projections import Choice, ToolCall, Usage
from nbstream._record import Chunk, StreamEvent
from nbstream._stream import Stream
from nbstream._transcript import Section, Transcript
from nbstream._usage import Metrics
from nbstream._version import __version__
from nbstream._widget import StreamWidget
from nbstream.sources import Source
from nbstream.sources._scripted import fake

__all__ = [
    "AuthError",
    "BadResponse",
    "Choice",
    "Chunk",
    "ConnectionFailed",
    "LimitError",
    "Metrics",
    "MissingPackage",
    "NbstreamError",
    "ProtocolError",
    "ProviderError",
    "RateLimitError",
    "RequestError",
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
    "stop_all",
    "stream",
]
