"""From what somebody's producer raised to our error tree: a library's fault, or the user's own code.

Belongs here: telling these apart, reading what the exceptions of client libraries carry. Does not belong here: what a status or
an error event means (`_faults`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Final

from nbstream._errors import (
    BadResponse,
    ConnectionFailed,
    NbstreamError,
    SourceFailed,
    clip,
    mask,
)
from nbstream.sources import _faults, _shapes
from nbstream.sources._litellm import hidden
from nbstream.sources._watch import Watch

_LIBRARIES: Final = frozenset(
    {"openai", "anthropic", "litellm", "httpx", "httpx2", "httpcore", "httpcore2", "aiohttp", "requests", "urllib3", "ssl"}
)
_LOST: Final = frozenset(
    {"TransportError", "APIConnectionError", "ClientError", "ConnectionError", "ProtocolError", "IncompleteRead"}
)


def explain(error: BaseException, x: Any) -> NbstreamError:
    """Return what `error`, raised while `x` was pulled, means, fit to be shown."""
    secrets = tuple(hidden(os.environ, 8))
    if isinstance(error, NbstreamError):
        return _faults.tidy(error, secrets)
    while isinstance(inner := getattr(error, "original_exception", None), BaseException):  # LiteLLM's MidStreamFallbackError
        error = inner
    if isinstance(error, TypeError) and "display_stream" in str(error):
        return SourceFailed(clip(str(error)), code="unknown_object")
    if _root(type(error)) in _LIBRARIES or _of_library(x):
        return _faults.tidy(_provider(error), secrets)
    cause = clip(mask(f"{type(error).__name__}: {error}", secrets))
    found = SourceFailed(f"The source of the stream raised {cause}")
    found.__traceback__ = error.__traceback__  # where in the user's code it was raised
    return found


def _provider(error: BaseException) -> NbstreamError:
    watch = Watch()
    watch.requests = 1
    names = {c.__name__ for c in type(error).__mro__}
    status = getattr(error, "status_code", None)
    body = getattr(error, "body", None)
    if isinstance(body, Mapping) and not (isinstance(status, int) and status >= 400):
        inner = body.get("error")
        return _faults.reported(inner if isinstance(inner, Mapping) else body)
    if names & {"UnicodeDecodeError", "JSONDecodeError"} or isinstance(error, json.JSONDecodeError):
        return BadResponse(f"The stream cannot be read: {error}", hint="The partial answer is kept; retry to get a whole one.")
    if names & _LOST and not isinstance(status, int):
        return ConnectionFailed(
            f"The connection was lost: {str(error) or type(error).__name__}",
            hint="The partial answer is kept; retry to get a whole one.",
        )
    return _faults.translate(error, watch, "")


def _of_library(x: Any) -> bool:
    """Whether `x` is a client's own stream, so that even a ValueError out of it is not the user's."""
    return _root(type(x)) in _LIBRARIES or _shapes.owner(x) is not None


def _root(kind: type) -> str:
    return kind.__module__.partition(".")[0]
