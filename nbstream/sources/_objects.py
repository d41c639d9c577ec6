"""Whatever people have in their notebooks, as a source: recognised by its shape, opened, pulled where it must be, and closed.

Belongs here: `source_of`, the way from an object to its items. Does not belong here: shapes (`_shapes`), items (`_items`),
threads and loops (`_pull`).

A function is called, a coroutine awaited, a context manager entered, until there is something to pull. Blocking streams are
pulled on a thread, also where an async generator that awaits nothing drives them; async ones on the loop that runs where they
are handed over, because the streams of the SDKs are bound to theirs, and where none runs on a loop of nbstream's for code of
users.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, ExitStack, aclosing
from typing import Any, Final

from nbstream._errors import NbstreamError
from nbstream._events import Delta
from nbstream.sources import Source, _blame, _close, _pull, _readers, _shapes
from nbstream.sources._awaitless import awaits_nothing, stepped
from nbstream.sources._ends import Finished, Said
from nbstream.sources._items import Items, whole

ACCEPTED: Final = (
    "a stream of the OpenAI, Anthropic or LiteLLM client (sync or async, also messages.stream(…) and its text_stream), an"
    " iterator or generator of texts (also async), a coroutine or a function that returns one of these, a response that was"
    " not streamed, AI SDK chunks, a source (nb.fake(…), nb.from_sse(…)) or a handle (nb.stream(…))"
)
_STEPS: Final = 5
"""How often something that gives something else is followed."""


def source_of(x: Any) -> Source:
    """Return `x` as a source.

    Raises:
        TypeError: nbstream does not know how to pull it; the message names what it can.
        ValueError: it has been read before, or somebody is reading it.
    """
    if isinstance(x, Source):
        return x
    if _shapes.shape(x) is None:
        raise _refused(x)
    _readers.take(x)
    return ObjectSource(x)


class ObjectSource:
    """The source of one object.

    Attributes:
        title: a model's name where the object tells, else what it is.
        repeatable: it is a function, which can be called again for another attempt.
        asynchronous: it was made for an event loop, whether it needs one or not.
        loop: the caller's event loop that feeds it, None where it is fed by threads or loops of nbstream's.
    """

    def __init__(self, x: Any) -> None:
        self._object = x
        self._context = contextvars.copy_context()
        self._items = Items()
        self._pulled = x
        self._opened = False
        kind = _shapes.shape(x)
        self.title = _title(x)
        self.repeatable = kind == "call" or kind == "whole"
        self.asynchronous = kind in ("async", "await", "aenter")
        self.loop = _loop_of(x) if kind != "call" and _needs_loop(x) else None

    async def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
        """Yield one batch of deltas for each item.

        Raises:
            NbstreamError: what the producer raised, as one of our tree.
        """
        yield [Delta("phase", "waiting")]
        x, self._items = self._object, Items()
        self._pulled = x
        finished = Finished()
        failure: NbstreamError | None = None
        try:
            for _ in range(_STEPS):
                following: list[Any] = []
                async with aclosing(self._part(x, following)) as batches:
                    async for batch in batches:
                        finished.see(batch)
                        yield batch
                if not following or following[0] is None:
                    break
                x = following[0]
        except Exception as error:  # noqa: BLE001  # reason: producers raise anything; it is mapped and raised
            if not finished.whole:
                failure = _blame.explain(error, self._pulled)
        if failure is not None:
            raise failure  # outside of `except`: no exception of a provider, which may hold the key, is chained to it
        if self._items.plain and not finished.reasons:
            yield [Delta(final=True)]

    def abandon(self) -> None:
        """Close the object if the run ended before anything was pulled: nobody else will."""
        if self._opened or self.repeatable:
            return
        self._opened = True
        x, kind = self._object, _shapes.shape(self._object)
        if kind == "sync":
            threading.Thread(target=_close.close, args=(x,), name="nbstream-close", daemon=True).start()
        elif kind == "async" and not (self.loop is not None and self.loop.is_closed()):
            asyncio.run_coroutine_threadsafe(_close.aclose(x), self.loop or _pull.user_loop())
        else:
            _close.unstarted(x)

    def _part(self, x: Any, following: list[Any]) -> AsyncGenerator[Sequence[Delta], None]:
        """Pull `x`; what it turns out to give, which is pulled elsewhere, is added to `following`."""
        if _needs_loop(x):
            return _pull.from_loop(lambda put: self._awaited(x, put), self.loop, self._context, following, self._beneath)
        return _pull.from_thread(lambda put: self._blocking(x, put), self._context, following)

    def _beneath(self) -> list[Any]:
        return [part for part in _shapes.beneath(self._pulled) if part is not self._pulled]

    def _blocking(self, x: Any, put: _pull.Put) -> Any:
        """On a thread: open `x` and put what its items mean; return what must be pulled on a loop."""
        self._opened = True
        with ExitStack() as stack:
            for _ in range(_STEPS):
                match _shapes.shape(x):
                    case "call":
                        x = x()
                    case "enter":
                        x = stack.enter_context(x)
                    case "whole":
                        for batch in whole(x):
                            put(batch)
                        return None
                    case "async" if awaits_nothing(x):
                        x = stepped(x)
                    case "sync":
                        self._pulled = x
                        stack.callback(_close.close, x)
                        said = Said(x)
                        for item in x:
                            put(said.truly(self._items.feed(item)))
                        put(said.rest(self._items))
                        return None
                    case None:
                        raise _refused(x)
                    case _:
                        return x
        raise _refused(x)

    async def _awaited(self, x: Any, put: _pull.AsyncPut) -> Any:
        """On a loop: the same for what is async; return what must be pulled on a thread."""
        self._opened = True
        async with AsyncExitStack() as stack:
            for _ in range(_STEPS):
                match _shapes.shape(x):
                    case "await":
                        x = await x
                    case "call" if _makes_async(x):
                        x = x()
                    case "aenter":
                        x = await stack.enter_async_context(x)
                    case "async":
                        self._pulled = x
                        stack.push_async_callback(_close.aclose, x)
                        said = Said(x)
                        async for item in x:
                            await put(said.truly(self._items.feed(item)))
                        await put(said.rest(self._items))
                        return None
                    case None:
                        raise _refused(x)
                    case _:
                        return x
        raise _refused(x)


def _loop_of(x: Any) -> asyncio.AbstractEventLoop | None:
    if isinstance(x, asyncio.Future):
        return x.get_loop()
    if inspect.iscoroutine(x):
        return None
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _needs_loop(x: Any) -> bool:
    if awaits_nothing(x):
        return False
    return _shapes.shape(x) in ("async", "await", "aenter") or (callable(x) and _makes_async(x))


def _makes_async(x: Any) -> bool:
    return inspect.iscoroutinefunction(x) or inspect.isasyncgenfunction(x)


def _title(x: Any) -> str:
    for holder in (x, *_shapes.beneath(x)[1:]):
        model = getattr(holder, "model", None)
        if isinstance(model, str) and model:
            return model
    return getattr(x, "__name__", None) or _name(x)


def _name(x: Any) -> str:
    return type(x).__name__


def _refused(x: Any) -> TypeError:
    if isinstance(x, str):
        return TypeError(f"display_stream was given a text; to ask a model use nb.stream(…). It takes {ACCEPTED}")
    return TypeError(f"display_stream cannot pull a {_name(x)}; it takes {ACCEPTED}")
