"""The push side of `Stream`: the calls with which a producer feeds it.

Belongs here: their names, arguments and documentation. Does not belong here: what they do (`_pushing`), the reading side
(`_stream`).
"""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any, Self

from nbstream import _threads
from nbstream._attempts import Held
from nbstream._errors import StreamStopped
from nbstream._events import Delta
from nbstream._pushing import Approval, Pusher


class Producer(Held):
    """What a stream that was made by `nbstream.Stream()` takes, on any thread; a stream that is pulled refuses it."""

    _push: Pusher | None = None

    def on_token(self, chunk: Any, /, *_: Any, **__: Any) -> None:
        """Take one chunk: use it as a token callback, such as `token_callbacks=[s.on_token]` of OpenHands.

        Args:
            chunk: a text, or a chunk or event of LiteLLM, OpenAI, Anthropic, LangChain, pydantic-ai or the AI SDK, as an object
                or as a mapping. Other arguments that a callback may get are ignored.

        Raises:
            StreamStopped: the stream was stopped or has ended (not with `raise_on_stop=False`).
            TypeError: `chunk` is nothing that can be read.
            WouldDeadlock: called on nbstream's own loop while the buffer is full; use `on_token_async` there.
        """
        push = self._pusher()
        push.push(push.steps(chunk))

    async def on_token_async(self, chunk: Any, /, *_: Any, **__: Any) -> None:
        """The same as a coroutine function: a full buffer does not block the event loop of the caller."""
        push = self._pusher()
        await push.apush(push.steps(chunk))

    def text_delta(self, text: str) -> None:
        """Add `text` to the answer."""
        self._deltas(Delta("content", _text("text", text)))

    def thinking_delta(self, text: str) -> None:
        """Add `text` to the reasoning."""
        self._deltas(Delta("thinking", _text("text", text)))

    def tool_input_delta(self, text: str, *, name: str | None = None, id: str | None = None) -> None:  # noqa: A002  # reason: the field's word
        """Add `text` to the arguments of a tool call, which are JSON.

        Args:
            text: a piece of the arguments; "" only opens the call.
            name: of the tool, with the first piece of a call.
            id: of the call; with it the pieces of several calls may come in turn.
        """
        self._deltas(Delta("tool", _text("text", text), id=id, name=name))

    def tool_output(
        self,
        output: Any,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  # reason: the field's word
        error: bool = False,
    ) -> None:
        """Show what a tool call gave back.

        Args:
            output: text, or a value that is shown as JSON.
            name, id: of the call; without both the first one that waits for its result is meant.
            error: the tool failed.
        """
        text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False, default=str)
        meta = {"state": "bad" if error else "ok"}
        self._deltas(Delta("result", text, id=id, name=name, final=True, meta=meta))

    def step(self) -> None:
        """A new call of the model begins. `on_token` sees that by itself; say it where you push texts."""
        push = self._pusher()
        push.push(push.next())

    def approval(self, name: str, arguments: Any, *, id: str | None = None) -> bool:  # noqa: A002  # reason: the field's word
        """Ask whether a tool may run, and block until somebody says so, by `approve` or `deny`.

        Args:
            name: of the tool.
            arguments: as they are shown: JSON text, or a value.
            id: of the tool call, where the same call has been streamed before; without it the name finds it.

        Returns:
            True: approved; False: denied, or the stream was stopped and `raise_on_stop` is False.

        Raises:
            StreamStopped: the stream was stopped or has ended while this waited.
            WouldDeadlock: called on nbstream's own loop; use `await s.approval_async(…)` there.
        """
        _threads.refuse_own_loop("s.approval()")
        push = self._pusher()
        number, show, answer = push.ask(name, arguments, id)
        approved = False
        try:
            push.push(show)
            approved = answer.result()
        except StreamStopped:
            if push.raises:
                raise
        finally:
            push.push_if_open(push.settle(number, approved))
        return approved

    async def approval_async(self, name: str, arguments: Any, *, id: str | None = None) -> bool:  # noqa: A002  # reason: the same
        """The same for `await`: no event loop is blocked; cancelling it is a no."""
        push = self._pusher()
        number, show, answer = push.ask(name, arguments, id)
        approved = False
        try:
            await push.apush(show)
            approved = await asyncio.wrap_future(answer)
        except StreamStopped:
            if push.raises:
                raise
        finally:
            push.push_if_open(push.settle(number, approved))
        return approved

    @property
    def approvals(self) -> list[Approval]:
        """The tool calls that wait for approval, the one that waits longest first."""
        return [] if self._push is None else self._push.asked()

    def approve(self, id: str | None = None) -> None:  # noqa: A002  # reason: the field's word
        """Say yes to the approval or tool call with this `id`, by default to the one that waits longest.

        Raises:
            LookupError: none waits.
        """
        self._pusher().answer(id, approved=True)

    def deny(self, id: str | None = None) -> None:  # noqa: A002  # reason: the field's word
        """Say no, likewise."""
        self._pusher().answer(id, approved=False)

    def finish(self, reason: str | None = None) -> None:
        """End the stream as done; what was pushed before is taken first. Ending it again changes nothing.

        Args:
            reason: the finish reason to note, in OpenAI's words; None leaves the last one that came.
        """
        if reason is not None:
            _text("reason", reason)
        self._close(reason)

    def fail(self, error: BaseException) -> None:
        """End the stream in error, with `error` as its cause; what was pushed before is taken first."""
        if not isinstance(error, BaseException):
            raise TypeError(f"error is {type(error).__name__}; give an exception")
        self._close(None, error)

    def __enter__(self) -> Self:
        self._pusher()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._leave(error)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.shield(_threads.in_thread(lambda: self._leave(error), "leave"))

    def _leave(self, error: BaseException | None) -> None:
        if error is not None and not isinstance(error, Exception):  # Ctrl-C, a cancellation, the end of a generator
            self._run.stop("interrupt")
        self._close(None, error)

    def _close(self, reason: str | None, error: BaseException | None = None) -> None:
        self._pusher().finish(reason, error)
        if not _threads.on_event_loop():
            self._run.ended.wait(_threads.EXIT_SECONDS)
            self._saved()

    def _saved(self) -> None:
        """The end is shown; see `Stream`."""

    def _deltas(self, delta: Delta) -> None:
        push = self._pusher()
        push.push(push.deltas(delta))

    def _pusher(self) -> Pusher:
        if self._push is None:
            raise TypeError("this stream is pulled from its source; only one made with nb.Stream() can be pushed to")
        return self._push


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is {type(value).__name__}; give a string")
    return value
