"""The second way to an answer: asked for whole, where a provider will not stream it.

Belongs here: which refusals mean that, and the call without a stream. Does not belong here: the ordinary call (`_call`).
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any, Final

from nbstream._errors import NbstreamError, ProviderError
from nbstream._events import Delta
from nbstream.sources._call import Call
from nbstream.sources._items import whole

_REFUSALS: Final = (400, 403, 404, 405, 422, 501)
_STREAM: Final = re.compile(r"(?i)\bstream")
_UNABLE: Final = re.compile(
    r"(?i)not? (be )?(support|allow|avail|enabl)|unsupported|cannot|can't|must be (set to )?false|verified|disabled"
)


def wanted(error: NbstreamError) -> bool:
    """Whether `error` says that this model, or this account, does not stream."""
    words = str(error)
    refused = isinstance(error, ProviderError) and error.status in _REFUSALS
    return refused and bool(_STREAM.search(words) and _UNABLE.search(words))


class WholeCall(Call):
    """One attempt without a stream; its answer comes in pieces all the same."""

    async def batches(self) -> AsyncGenerator[list[Delta], None]:
        """Send the request and yield what the answer means; `streamed` in the stream's meta says that it came at once."""
        keywords: dict[str, Any] = {k: v for k, v in self._keywords.items() if k != "stream_options"}
        keywords.update(model=self._model, messages=self._messages, stream=False, num_retries=0, max_retries=0)
        if self._client is not None:
            keywords["client"] = self._client
        response = await self._litellm.acompletion(**keywords)
        yield [Delta(note={"streamed": False})]
        for batch in whole(response):
            yield batch
