"""What a handle tells of its run: what has come, and how it went.

Belongs here: the properties. Does not belong here: what they compute (`_projections`, `_reply`, `_usage`), the answer as JSON
(`_answer`). Each may be read from any thread at any time.
"""

from __future__ import annotations

from typing import Any

from nbstream import _projections, _reply
from nbstream._attempts import Held
from nbstream._chunk_log import Chunk
from nbstream._errors import NbstreamError
from nbstream._projections import Choice, ToolCall, Usage
from nbstream._transcript import Section
from nbstream._usage import Metrics


class Told(Held):
    """The part of a handle that reads its run."""

    _request: list[dict[str, Any]]

    @property
    def content(self) -> str:
        """The answer so far: the exact concatenation of the provider's content deltas (choice 0)."""
        return self._run.transcript.content

    @property
    def thinking(self) -> str:
        """The reasoning so far, likewise."""
        return self._run.transcript.thinking

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The tool calls so far (choice 0), in stream order."""
        return _projections.tool_calls(self._run.transcript)

    @property
    def sections(self) -> list[Section]:
        """All sections in stream order; read them, do not change them."""
        return list(self._run.transcript.sections)

    @property
    def choices(self) -> list[Choice]:
        """Every choice of a request with n > 1; otherwise the one."""
        return _projections.choices(self._run.transcript)

    @property
    def chunks(self) -> list[Chunk]:
        """The provider's raw chunks: the last 2,000, and every one with a finish reason or usage."""
        return self._run.chunks.kept()

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The request's messages and the reply so far, with the results of its tools: what the next call needs."""
        return [*self._request, *_projections.turns(self._run.transcript)]

    @property
    def response(self) -> Any:
        """The answer so far as a complete `litellm.ModelResponse`; made when read, which loads litellm (seconds).

        Raises:
            MissingPackage: litellm is not installed.
        """
        return _reply.response(self._run, self._request)

    @property
    def status(self) -> str:
        """submitted, streaming, done, stopped, truncated or error."""
        return self._run.status

    @property
    def finish_reason(self) -> str | None:
        """What the provider sent, in OpenAI's words: stop, length, tool_calls, content_filter; None when none was sent."""
        value = self._run.transcript.meta.get("finish_reason")
        return str(value) if value else None

    @property
    def stopped_by(self) -> str | None:
        """user, condition, max_tokens, max_duration, interrupt or shutdown; None when it was not stopped."""
        end = self._run.transcript.end
        return end.reason if end is not None and end.status == "stopped" else None

    @property
    def error(self) -> NbstreamError | None:
        """Why it failed, with a `code` and a `hint`; None where it did not."""
        return self._run.error

    @property
    def usage(self) -> Usage:
        """Token counts, the provider's where it sent them, else (`estimated`) ours."""
        return _projections.usage(self._run.transcript, self._request)

    @property
    def cost(self) -> float | None:
        """The price in US dollars, None where it is not known; without the provider's counts an estimate, at the end."""
        return _reply.cost(self._run, self._request)

    @property
    def metrics(self) -> Metrics:
        """Times and speeds: TTFT, TTFO, duration (seconds), tokens per second."""
        return Metrics.of(self._run.figures())
