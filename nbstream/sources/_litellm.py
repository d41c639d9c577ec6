"""The source behind `nb.stream(model=...)`: one call of `litellm.acompletion`, its chunks as deltas.

Belongs here: the source's protocol, and which values are secret. Does not belong here: the steps of the call (`_call`).

litellm is imported on a worker thread, because that takes seconds. It would fetch a price list from the network while it is
imported; `LITELLM_LOCAL_MODEL_COST_MAP` is set to "True" before, unless the environment has it, and stays set. Of litellm's
settings only `suppress_debug_info` is changed, so that it does not print its advice into the cell.

Where nobody has registered a callback with litellm, a stream is left before litellm logs it: its logging runs on the loop of
all streams, builds the whole answer anew, and for Ollama asks the server about the model with a blocking request.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

from nbstream._errors import NbstreamError
from nbstream._events import Delta
from nbstream.sources._call import Call, loaded
from nbstream.sources._unstreamed import WholeCall, wanted
from nbstream.sources._watch import Broken

GO_ON: Final = "Go on exactly where your answer breaks off. Repeat nothing of it, and say nothing about this."
"""What asks a model to go on."""

_SECRET_WORDS: Final = ("key", "token", "secret", "password", "authorization", "credential")


class LiteLLMSource:
    """A model's answer, by litellm.

    Attributes:
        title: the model as passed.
        repeatable: a new attempt is a new request.
    """

    repeatable = True

    def __init__(
        self, model: str, messages: Sequence[Mapping[str, Any]], *, secrets: Sequence[str] = (), **provider: Any
    ) -> None:
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

    def going_on(self, partial: str) -> LiteLLMSource:
        """Return the source of the rest of an answer that has said `partial`."""
        said = [{"role": "assistant", "content": partial}, {"role": "user", "content": GO_ON}]
        rest = LiteLLMSource(self._model, [*self._messages, *said], secrets=self._secrets, **self._provider)
        rest.title = self.title
        return rest

    async def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
        """Yield the phases, then one batch of deltas for each chunk.

        Close it (`aclose`, or cancel the task that iterates) and the provider's socket is closed before that returns.

        Raises:
            NbstreamError: whatever went wrong, as one of our tree, without the provider's exception.
        """
        failure: NbstreamError
        spoke = False
        for way in (Call, WholeCall):
            call = way(self._model, self._messages, self._provider)
            try:
                if not loaded():
                    yield [Delta("phase", "loading")]
                await call.prepare()
                yield [Delta("phase", "waiting")]
                async with aclosing(call.batches()) as batches:
                    async for batch in batches:
                        spoke = True
                        yield batch
                return
            except (Exception, Broken) as error:  # noqa: BLE001 - libraries raise anything; it is mapped and raised
                failure = await call.explain(error, self._known())
            finally:
                await call.close()
            if spoke or not wanted(failure):
                break
        raise failure  # outside of `except`: no provider's exception, which may hold the key, is chained to it

    def _known(self) -> tuple[str, ...]:
        """Every value that must not be seen in a message."""
        return (*self._secrets, *hidden(self._provider, 4), *hidden(os.environ, 8))


def hidden(values: Mapping[str, Any], least: int) -> Iterable[str]:
    """The texts of at least `least` characters whose names say that they are secret, also in nested mappings."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from hidden(value, least)
        elif isinstance(value, str) and len(value) >= least and any(w in name.lower() for w in _SECRET_WORDS):
            yield from {value, value.removeprefix("Bearer ")}
