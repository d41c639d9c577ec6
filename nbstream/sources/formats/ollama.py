"""Ollama's chat and generate: one JSON object a line.

Belongs here: the shapes of ``/api/chat`` and ``/api/generate``. Does not belong here: its OpenAI-compatible paths
(`openai_chat`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nbstream._events import Delta
from nbstream.sources.formats import shape
from nbstream.sources.formats.shape import obj, objs, text


class Reader:
    """Reads the lines of an answer."""

    def __init__(self) -> None:
        self.finished = False
        self._calls = 0
        self._model = shape.Model()

    def feed(self, data: Mapping[str, Any]) -> list[Delta]:
        """Return what the line `data` adds.

        Raises:
            ProviderError: it is an error.
        """
        return shape.kept(self._read(data))

    def _read(self, data: Mapping[str, Any]) -> Iterator[Delta]:
        if error := data.get("error"):
            shape.complain(error)
        yield from self._model.note(data.get("model"))
        message = obj(data.get("message"))
        for said in (text(message.get("thinking")), text(data.get("thinking"))):
            if said:
                yield Delta("thinking", said)
        for said in (text(message.get("content")), text(data.get("response"))):
            if said:
                yield Delta("content", said)
        for image in message.get("images") or () if isinstance(message.get("images"), list) else ():
            yield shape.file(image)
        for call in objs(message.get("tool_calls")):  # each comes whole
            function = obj(call.get("function"))
            own, name = text(call.get("id")) or None, text(function.get("name")) or None
            self._calls += 1
            yield Delta("tool", shape.arguments(function.get("arguments")), index=self._calls, id=own, name=name, final=True)
        yield from shape.usage(data.get("prompt_eval_count"), data.get("eval_count"))
        if data.get("done") is True:
            self.finished = True
            yield Delta(finish_reason=shape.reason(data.get("done_reason")) or "stop")  # old servers give no reason
