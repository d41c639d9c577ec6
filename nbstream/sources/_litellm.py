"""The source behind `nb.stream(model=...)`: one call of `litellm.acompletion`, its chunks as deltas.

Belongs here: the order of a call: import, client, request, chunks, the truth about the end, closing. Does not belong here: the
connection (`_transport`), litellm's inner surface (`_client`), chunks (`_chunks`), what a failure means (`_faults`).

litellm is imported on a worker thread, because that takes seconds. It would fetch a price list from the network while it is
imported; `LITELLM_LOCAL_MODEL_COST_MAP` is set to "True" before, unless the environment has it, and stays set. Of litellm's
settings only `suppress_debug_info` is changed, so that it does not print its advice into the cell.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from importlib import import_module
from typing import Any, Final

from nbstream._errors import BadResponse, NbstreamError
from nbstream._events import Delta
from nbstream.sources import _chunks, _faults
from nbstream.sources._watch import Watch, finish_reason

_NEVER: Final = 7 * 86_400.0
"""Seconds; time limits are the run's own."""

_SECRET_WORDS: Final = ("key", "token", "secret", "password", "authorization", "credential")


class LiteLLMSource:
    """A model's answer, by litellm.

    Attributes:
        title: the model as passed.
        repeatable: a new attempt is a new request.
    """

    repeatable = True

    def __init__(self, model: str, messages: Sequence[Mapping[str, Any]], *, secrets: Sequence[str] = (), **provider: Any) -> None:
        """Prepare a call; nothing is imported or sent before `deltas` is iterated.

        Args:
            model: in litellm's words: provider/model.
            messages: the request's messages.
            secrets: values to mask in error messages, beside those that the keywords and the environment hold.
            provider: every other keyword of `litellm.acompletion`. A `client` is used as it is.
        """
        self.title = self._model = model
        self._messages = [dict(m) for m in messages]
        self._secrets = tuple(secrets)
        self._provider = provider

    async def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
        """Yield the phases, then one batch of deltas for each chunk.

        Close it (`aclose`, or cancel the task that iterates) and the provider's socket is closed before that returns.

        Raises:
            NbstreamError: whatever went wrong, as one of our tree, without the provider's exception.
        """
        failure: NbstreamError
        call = _Call(self._model, self._messages, self._provider)
        try:
            if "litellm" not in sys.modules or not _loaded():
                yield [Delta("phase", "loading")]
            await call.prepare()
            yield [Delta("phase", "waiting")]
            async with aclosing(call.batches()) as batches:
                async for batch in batches:
                    yield batch
            return
        except Exception as error:
            failure = call.explain(error, self._known())
        finally:
            await call.close()
        raise failure  # outside of `except`: no provider's exception, which may hold the key, is chained to it

    def _known(self) -> tuple[str, ...]:
        """Every value that must not be seen in a message."""
        return (*self._secrets, *_hidden(self._provider, 4), *_hidden(os.environ, 8))


class _Call:
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
        self._told: set[int] = set()
        self._spoke = False

    async def prepare(self) -> None:
        """Import litellm and make the client, on a worker thread."""
        self._litellm = await asyncio.to_thread(_load)
        if self._keywords.get("client") is None:
            make = import_module("nbstream.sources._client").make
            self._client, self._name = await asyncio.to_thread(make, self._litellm, self.watch, self._model, self._keywords)

    async def batches(self) -> AsyncGenerator[list[Delta], None]:
        """Send the request and yield what each chunk means, then what only the wire told."""
        self._wrapper = await self._request()
        _allow_repetition(self._wrapper)
        try:
            async for chunk in _chunks_of(self._wrapper):
                yield self._read(chunk)
        except Exception:
            if not self.watch.whole:
                raise
            # every finish reason has been read: what broke after it does not touch the answer
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

    def _read(self, chunk: Any) -> list[Delta]:
        batch = _chunks.deltas(chunk)
        self._spoke = self._spoke or any(d.kind for d in batch)
        if reason := _chunks.finished(chunk):
            batch += self._finish(reason)
        if figures := self._usage(chunk):
            # Where the provider sent no counts, litellm counts itself, with some other model's tokenizer.
            estimated = self.watch.streamed and not self.watch.usage
            batch.append(Delta(usage=figures, note={"estimated": True} if estimated else None))
        if self.watch.model and self.watch.model != self._model.rpartition("/")[2]:
            batch.append(Delta(note={"served_model": self.watch.model}))
            self.watch.model = ""
        return batch

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

    def _usage(self, chunk: Any) -> dict[str, int]:
        figures = _chunks.usage(chunk)
        if figures and "cost_nanousd" not in figures and (price := _price(self._litellm, self._model, chunk.usage)):
            figures["cost_nanousd"] = price
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

    def explain(self, error: Exception, secrets: tuple[str, ...]) -> NbstreamError:
        """Return what `error` means, fit to be shown."""
        return _faults.tidy(_faults.translate(error, self.watch, self._name), secrets, _missing(self._litellm, self._model))

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
    litellm = import_module("litellm")
    for name in ("openai", "nbstream.sources._client", "litellm.main"):
        import_module(name)
    litellm.suppress_debug_info = True
    return litellm


def _loaded() -> bool:
    return "nbstream.sources._client" in sys.modules and "litellm.main" in sys.modules


async def _chunks_of(wrapper: Any) -> AsyncIterator[Any]:
    """The chunks of what `acompletion` returned."""
    if not hasattr(wrapper, "__aiter__"):
        raise BadResponse(f"litellm gave a {type(wrapper).__name__} in place of a stream.")
    async for chunk in wrapper:
        yield chunk


def _allow_repetition(wrapper: Any) -> None:
    """Let this stream repeat itself: litellm breaks off at 100 equal chunks, which is legal output (a table's rule, zeros)."""
    if hasattr(wrapper, "raise_on_model_repetition"):
        wrapper.raise_on_model_repetition = lambda: None


def _price(litellm: Any, model: str, counts: Any) -> int | None:
    try:
        parts = litellm.cost_per_token(model=model, usage_object=counts)
    except Exception:  # litellm's word for a model that it has no price for is a bare Exception
        return None
    return _chunks.nanousd(sum(parts))


def _missing(litellm: Any, model: str) -> tuple[str, ...]:
    """The environment variables that a call of `model` wants and the environment lacks."""
    return () if litellm is None else tuple(litellm.validate_environment(model=model)["missing_keys"])


def _hidden(values: Mapping[str, Any], least: int) -> Iterable[str]:
    """The texts of at least `least` characters whose names say that they are secret, also in nested mappings."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _hidden(value, least)
        elif isinstance(value, str) and len(value) >= least and any(w in name.lower() for w in _SECRET_WORDS):
            yield from {value, value.removeprefix("Bearer ")}
