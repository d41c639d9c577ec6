"""One call of `litellm.acompletion`, from the import of litellm to the last socket closed.

Belongs here: the order of a call: import, client, request, chunks, the truth about the end, closing. Does not belong here: the
connection (`_transport`), litellm's inner surface (`_client`), chunks (`_chunks`), what a failure means (`_faults`).
"""

from __future__ import annotations

import asyncio
import os
import sys
import warnings
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from nbstream._errors import AuthError, BadResponse, NbstreamError
from nbstream._events import Delta
from nbstream._threads import in_thread
from nbstream.sources import _chunks, _faults
from nbstream.sources._watch import Broken, Watch, finish_reason
from nbstream.sources._wire import Wire
from nbstream.sources.formats import carry

_NEVER: Final = 7 * 86_400.0
"""Seconds; time limits are the run's own."""

_FIRST_USED: Final = (
    "litellm.main",
    "litellm.litellm_core_utils.default_encoding",
    "litellm._service_logger",
    "openai.resources.beta",
    "openai.resources.chat.completions",
    "anyio._backends._asyncio",
    "nbstream.sources._client",
)
"""Modules that the first call would import on the loop, which would stop every stream for half a second."""
NEVER_AWAITED: Final = "coroutine '.*completion.*' was never awaited"
"""What Python says of a coroutine of litellm's that a Stop has made needless."""


class Call:
    """One attempt: what it opened, it closes."""

    def __init__(self, model: str, messages: list[dict[str, Any]], provider: Mapping[str, Any]) -> None:
        self.watch = Watch()
        self._model = model
        self._messages = messages
        self._keywords = {k: v for k, v in provider.items() if k != "stream"}
        self._litellm: Any = None
        self._client: Any = None
        self._name = model.partition("/")[0] if "/" in model else ""
        self._wrapper: Any = None
        self._wire = Wire(provider)
        self.watch.also = self._wire.see
        self._served = ""
        self._told: set[int] = set()
        self._spoke = False
        self._ended = False

    async def prepare(self) -> None:
        """Import litellm and make the client, on a worker thread."""
        self._litellm = await in_thread(_load, "litellm")
        self.watch.frank = not _logged(self._litellm, self._keywords)
        if self._keywords.get("client") is None:
            make = import_module("nbstream.sources._client").make
            self._client, self._name = await in_thread(
                partial(make, self._litellm, self.watch, self._model, self._keywords), "client"
            )

    async def batches(self) -> AsyncGenerator[list[Delta], None]:
        """Send the request and yield what each chunk means, then what only the wire told."""
        self._wrapper = await self._request()
        _allow_repetition(self._wrapper)
        try:
            async for chunk in _stream_of(self._wrapper):
                batch = carry(self._wire.take(), chunk) if self._wire.live else _chunks.deltas(chunk)
                # Before the wire tells of an end or of counts, there is none in a chunk.
                ending = not self._wire.live or self.watch.finished or self.watch.usage
                yield await self._conclude(batch, chunk) if ending else self._introduce(batch)
                if self._ended and self.watch.frank and getattr(chunk, "usage", None) is not None:
                    break
        except (Exception, Broken):
            if rest := self._wire.take():
                yield rest
            if not self.watch.whole:
                raise
            # every finish reason has been read: what broke after it does not touch the answer
        if rest := self._wire.take():
            self._spoke = True
            yield rest
        self._check_end()
        if rest := self._finishes(self.watch.finished):
            yield rest

    async def _request(self) -> Any:
        keywords: dict[str, Any] = {"stream_options": {"include_usage": True}, "timeout": _NEVER, **self._keywords}
        keywords.update(model=self._model, messages=self._messages, stream=True, num_retries=0, max_retries=0)
        if self._client is not None:
            keywords["client"] = self._client
        task = asyncio.ensure_future(self._litellm.acompletion(**keywords))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # Cancelled while litellm builds the request on a thread, its coroutine would be dropped and warn. So it is let run
            # into our transport, which refuses, and cancelled there at once if it has got that far.
            if self._client is not None and not self.watch.requests:
                self._client.our_transport.stop()
                await asyncio.wait({task}, timeout=0.2)
            task.cancel()
            await asyncio.wait({task}, timeout=0.2)
            raise

    def _introduce(self, batch: list[Delta]) -> list[Delta]:
        self._spoke = self._spoke or any(d.kind for d in batch)
        if self.watch.model != self._served:
            self._served = self.watch.model
            if self._served != self._model.rpartition("/")[2]:
                batch.append(Delta(note={"served_model": self._served}))
        return batch

    async def _conclude(self, batch: list[Delta], chunk: Any) -> list[Delta]:
        if reason := _chunks.finished(chunk):
            self._ended = True
            batch += self._finish(reason)
        if (figures := _chunks.usage(chunk)) and (figures := await self._priced(figures, chunk)):
            # Where the provider sent no counts, litellm counts itself, with some other model's tokenizer.
            estimated = self.watch.streamed and not self.watch.usage
            batch.append(Delta(usage=figures, note={"estimated": True} if estimated else None))
        return self._introduce(batch)

    def _finish(self, reason: str) -> list[Delta]:
        """The end of a choice, where litellm gives `reason`: believed only as far as the wire has it.

        With several choices litellm's reason may belong to another one, and the wire may be ahead of the chunks: they wait.
        """
        if self.watch.streamed:
            return self._finishes({0: reason}) if self.watch.finished.keys() == {0} == self.watch.choices else []
        if getattr(self._wrapper, "received_finish_reason", None) is None:
            return []
        return self._finishes({0: reason})

    def _finishes(self, reasons: Mapping[int, str]) -> list[Delta]:
        new = {n: word for n, word in reasons.items() if n not in self._told}
        self._told.update(new)
        return [Delta(choice=number, finish_reason=finish_reason(word)) for number, word in new.items()]

    async def _priced(self, figures: dict[str, int], chunk: Any) -> dict[str, int]:
        if self.watch.streamed and not self.watch.reasoned:
            figures.pop("reasoning_tokens", None)  # litellm's own count, sometimes above that of the whole output
        if "cost_nanousd" not in figures:
            price = await in_thread(partial(_price, self._litellm, self._model, chunk.usage), "price")
            figures.update({"cost_nanousd": price} if price else {})
        return figures

    def _check_end(self) -> None:
        """Raise what litellm passed over in silence."""
        watch = self.watch
        if watch.whole:
            return
        if watch.fault is not None:
            raise watch.fault
        if watch.complaint is not None:
            raise _faults.complaint(watch)
        if watch.requests and not watch.streamed and not self._spoke and watch.received:
            raise _faults.not_a_stream(watch)

    async def explain(self, error: BaseException, secrets: tuple[str, ...]) -> NbstreamError:
        """Return what `error` means, fit to be shown."""
        meant = _faults.translate(error, self.watch, self._name)
        wanted = isinstance(meant, AuthError) and self._litellm is not None
        missing = await in_thread(partial(_missing, self._litellm, self._model), "keys") if wanted else ()
        return _faults.tidy(meant, secrets, missing)

    async def close(self) -> None:
        """Close the response and every socket."""
        try:
            if (aclose := getattr(self._wrapper, "aclose", None)) is not None:
                await aclose()
        finally:
            if self._client is not None:
                await self._client.client.aclose()
                await self._client.our_transport.aclose()


def _load() -> Any:
    """Import litellm and what its first call needs; call it on a worker thread."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    litellm: Any = import_module("litellm")
    for name in _FIRST_USED:
        if find_spec(name):  # some are inner modules, which may move
            import_module(name)
    litellm.suppress_debug_info = True
    # litellm prepares a request on a thread and hands a coroutine back; a Stop in that moment leaves it to the collector, which
    # would complain in whichever cell runs then.
    warnings.filterwarnings("ignore", NEVER_AWAITED, RuntimeWarning)
    return litellm


def _logged(litellm: Any, keywords: Mapping[str, Any]) -> bool:
    """Whether somebody has registered a callback with litellm, who must hear of every end."""
    names = ("callbacks", "success_callback", "failure_callback")
    return any(getattr(litellm, name, None) or keywords.get(name) for name in names)


def loaded() -> bool:
    """Whether a call need not wait for an import."""
    return "nbstream.sources._client" in sys.modules and "litellm.main" in sys.modules


def _stream_of(wrapper: Any) -> AsyncIterable[Any]:
    """What `acompletion` returned, if it can be iterated."""
    if not isinstance(wrapper, AsyncIterable):
        raise BadResponse(f"litellm gave a {type(wrapper).__name__} in place of a stream.")
    return wrapper


def _allow_repetition(wrapper: Any) -> None:
    """Let this stream repeat itself: litellm breaks off at 100 equal chunks, which is legal output (a table's rule, zeros)."""
    if hasattr(wrapper, "raise_on_model_repetition"):
        wrapper.raise_on_model_repetition = lambda: None


def _price(litellm: Any, model: str, counts: Any) -> int | None:
    try:
        parts = litellm.cost_per_token(model=model, usage_object=counts)
    except Exception:  # noqa: BLE001 - litellm's word for a model that it has no price for is a bare Exception
        return None
    return _chunks.nanousd(sum(parts))


def _missing(litellm: Any, model: str) -> tuple[str, ...]:
    """The environment variables that a call of `model` wants and the environment lacks."""
    return tuple(litellm.validate_environment(model=model)["missing_keys"])
