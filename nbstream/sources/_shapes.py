"""What an object is, told by its shape: no library is imported to recognise its objects.

Belongs here: telling streams, context managers, functions, coroutines and whole responses apart; what lies beneath a wrapper;
whether it has been read before. Does not belong here: pulling any of them (`_objects`).

The order of the questions matters: pydantic models are iterable, LiteLLM's wrapper is iterable in both ways whichever client is
beneath it, and the streams of the SDKs are iterators and context managers at once.
"""

from __future__ import annotations

import gc
import inspect
from collections.abc import AsyncIterable, Awaitable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal

Shape = Literal["call", "await", "enter", "aenter", "whole", "async", "sync"]

_BENEATH: Final = (
    *("completion_stream", "streaming_response", "response_iterator", "_raw_stream", "_iterator", "_response", "response"),
)
"""Attributes under which a wrapper keeps the stream that it reads."""
CLIENTS: Final = frozenset({"openai", "anthropic", "litellm"})
"""Packages whose streams own a connection."""
_MOST: Final = 16
"""The most objects that are looked at beneath one."""


def shape(x: Any) -> Shape | None:
    """Return how `x` is to be pulled, None where nbstream does not know."""
    if isinstance(x, str | bytes | bytearray | memoryview | type):
        return None
    if is_whole(x):
        return "whole"
    if isinstance(x, Mapping):
        return None
    if isinstance(x, Awaitable) and not isinstance(x, AsyncIterable | Iterator):
        return "await"
    found: Shape | None = None
    if isinstance(x, AsyncIterable | Iterable):
        both = isinstance(x, AsyncIterable) and isinstance(x, Iterable)
        found = "async" if (beneath_is_async(x) if both else isinstance(x, AsyncIterable)) else "sync"
        if hasattr(type(x), "__len__") and not isinstance(x, list | tuple):
            found = None  # a set, a table: a collection, no stream
    elif hasattr(type(x), "__aenter__"):
        found = "aenter"
    elif hasattr(type(x), "__enter__"):
        found = "enter"
    elif callable(x):
        found = "call"
    return found


def is_whole(x: Any) -> bool:
    """Whether `x` is the complete response of a call that did not stream."""
    choices = _get(x, "choices")
    if isinstance(choices, list) and choices and not isinstance(x, Iterator):
        return _get(choices[0], "message") is not None or isinstance(_get(choices[0], "text"), str)
    kind = _get(x, "object")
    if kind == "response" and isinstance(_get(x, "output"), list):
        return True
    if _get(x, "type") == "message" and isinstance(_get(x, "content"), list):
        return True
    return isinstance(_get(x, "candidates"), list) or (_get(x, "type") == "ai" and _get(x, "response_metadata") is not None)


def beneath(x: Any) -> list[Any]:
    """Return `x` and what it reads from, outermost first: wrappers, streams, generators, the HTTP response."""
    found = [x]
    for part in found:  # which grows while it is walked
        for inner in _inner(part):
            if len(found) < _MOST and not any(inner is other for other in found):
                found.append(inner)
    return found


def beneath_is_async(x: Any) -> bool:
    """Whether what lies beneath `x`, which can be iterated in both ways, is async."""
    for part in reversed(beneath(x)):
        sync, asynchronous = isinstance(part, Iterable), isinstance(part, AsyncIterable)
        if sync != asynchronous:
            return asynchronous
        if is_response(part):
            return isinstance(_get(part, "stream"), AsyncIterable) and not isinstance(_get(part, "stream"), Iterable)
    call = _get(x, "make_call")  # LiteLLM's, where the request is not yet made
    if call is not None:
        return inspect.iscoroutinefunction(getattr(call, "func", call))
    return True


def owner(x: Any) -> Any:
    """Return the stream whose texts the generator `x` gives (`text_stream` of Anthropic's helper), None where there is none."""
    frame = getattr(x, "gi_frame", None) or getattr(x, "ag_frame", None)
    held = frame.f_locals.get("self") if frame is not None else None
    return held if hasattr(type(held), "current_message_snapshot") else None


def spent(x: Any) -> bool:
    """Whether `x` has been read to its end, as far as that can be seen."""
    for part in beneath(x):
        if inspect.isgenerator(part) and part.gi_frame is None:
            return True
        if inspect.isasyncgen(part) and part.ag_frame is None:
            return True
        if inspect.iscoroutine(part) and inspect.getcoroutinestate(part) == inspect.CORO_CLOSED:
            return True
        if is_response(part) and _get(part, "is_closed") is True:
            return True
    return False


def once(x: Any) -> bool:
    """Whether `x` can be read once only: a second reader would take every other item from the first."""
    return not callable(x) and (
        inspect.iscoroutine(x)
        or hasattr(type(x), "__next__")
        or hasattr(type(x), "__anext__")
        or shape(x) in ("enter", "aenter", "async")
    )


def is_response(x: Any) -> bool:
    """Whether `x` is the HTTP response of a client."""
    return isinstance(_get(x, "status_code"), int) and isinstance(_get(x, "is_closed"), bool)


def _is_wrapper(x: Any) -> bool:
    """Whether `x` is a client's stream."""
    return type(x).__module__.partition(".")[0] in CLIENTS and isinstance(x, Iterable | AsyncIterable)


def _inner(x: Any) -> Iterator[Any]:
    if inspect.isgenerator(x) or inspect.isasyncgen(x):
        # What its code holds, in variables and in the loop that it is in. Only streams are of interest: the object that a
        # method of a user's class belongs to is none of our business.
        for held in gc.get_referents(x):
            if inspect.isgenerator(held) or inspect.isasyncgen(held) or is_response(held) or _is_wrapper(held):
                yield held
        return
    for name in _BENEATH:
        inner = _get(x, name)
        if inner is None or isinstance(inner, str | bytes | int | Mapping) or inspect.isroutine(inner):
            continue
        if name.endswith("response") and name != "streaming_response" and not is_response(inner):
            continue
        yield inner


def _get(x: Any, name: str) -> Any:
    """A field of a mapping or an attribute of an object; those computed on demand are not asked for but by known classes."""
    if isinstance(x, Mapping):
        return x.get(name)
    try:
        return getattr(x, name, None)
    except Exception:  # noqa: BLE001  # reason: a property of somebody's class; asking for its shape must not fail
        return None
