"""The scripted source: a stream without a model, for demonstrations, tests and teaching.

Belongs here: playing pieces at a rate, `nb.fake`. Does not belong here: wire formats (`demo/`), recordings on disk.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any

from nbstream._errors import NbstreamError, ProviderError
from nbstream._events import Delta

_TOKEN = re.compile(r"\s*\S{1,6}|\s+")


class ScriptedSource:
    """Plays deltas at a rate.

    Attributes:
        title: shown as the model.
        repeatable: always; every pull plays from the start.
    """

    repeatable = True

    def __init__(
        self,
        deltas: Iterable[Delta],
        *,
        rate: float | None = None,
        ttft: float = 0.0,
        error: NbstreamError | None = None,
        title: str = "fake",
    ) -> None:
        self.title = title
        self._deltas = list(deltas)
        self._interval = 0.0 if rate is None else 1.0 / rate
        self._ttft = ttft
        self._error = error

    async def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
        """Yield one delta a batch, each at its time from the start: a slow consumer does not stretch the script."""
        clock = asyncio.get_running_loop().time
        yield [Delta("phase", "waiting")]
        start = clock() + self._ttft
        for number, delta in enumerate(self._deltas):
            pause = start + number * self._interval - clock()
            if pause > 0:
                await asyncio.sleep(pause)
            elif number % 64 == 0:
                await asyncio.sleep(0)  # at full speed the loop must still hear a Stop
            yield [delta]
        if self._error is not None:
            raise self._error


def fake(
    content: str | Sequence[str] = "",
    *,
    thinking: str | Sequence[str] = "",
    tool_calls: Iterable[Mapping[str, Any]] = (),
    rate: float | None = 40.0,
    ttft: float = 0.3,
    error: str | NbstreamError | None = None,
    finish_reason: str | None = None,
    usage: Mapping[str, int] | None = None,
    title: str = "fake",
) -> ScriptedSource:
    """Return a source that streams what you say: no key, no network.

    Args:
        content: the answer; a string is cut into pieces of about a token, a sequence is streamed as it is cut.
        thinking: the reasoning before it, likewise.
        tool_calls: mappings with `name`, `arguments` (a dict, or JSON text), and `id` if you like, streamed after the content.
        rate: pieces per second; None is as fast as possible.
        ttft: seconds before the first piece.
        error: what fails after the last piece: a message, or an error of nbstream's. The partial answer stays.
        finish_reason: in OpenAI's words; by default `tool_calls` or `stop`; "" leaves it out, and the run reads `truncated`.
        usage: input_tokens, output_tokens, …; without it the figures are estimated.
        title: shown as the model.

    Raises:
        TypeError, ValueError: an argument is of the wrong type or out of range.

    >>> source = fake("Hello", thinking="Greet.", rate=100)
    """
    if rate is not None and not rate > 0:
        raise ValueError(f"rate is {rate!r}; give pieces per second above 0, or None for full speed")
    if not ttft >= 0:
        raise ValueError(f"ttft is {ttft!r}; give seconds, 0 or more")
    calls = list(tool_calls)
    deltas = [Delta("thinking", text) for text in _pieces("thinking", thinking)]
    deltas += [Delta("content", text) for text in _pieces("content", content)]
    for index, call in enumerate(calls):
        deltas += _tool_deltas(index, call)
    if error is None:
        reason = finish_reason if finish_reason is not None else ("tool_calls" if calls else "stop")
        deltas.append(Delta(finish_reason=reason or None, usage=dict(usage) if usage else None))
    raised = ProviderError(error, hint="This error was scripted with nb.fake(error=…).") if isinstance(error, str) else error
    return ScriptedSource(deltas, rate=rate, ttft=ttft, error=raised, title=title)


def _tool_deltas(index: int, call: Mapping[str, Any]) -> list[Delta]:
    name = call.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError(f"tool_calls[{index}] has no name; give a mapping such as {{'name': 'f', 'arguments': {{'x': 1}}}}")
    arguments = call.get("arguments", {})
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    head = Delta("tool", index=index, id=str(call.get("id", f"call_{index}")), name=name)
    return [head, *(Delta("tool", piece, index=index) for piece in _pieces("arguments", text))]


def _pieces(name: str, text: str | Sequence[Any]) -> list[str]:
    if isinstance(text, str):
        return _TOKEN.findall(text)
    pieces = list(text)
    for piece in pieces:
        if not isinstance(piece, str):
            raise TypeError(f"{name} holds {type(piece).__name__}; give a string or a sequence of strings")
    return pieces
