"""`Stream`: the one class a user meets, a handle on a run and its view.

Belongs here: beginning, waiting, stopping, asking again, showing. Does not belong here: what it says of its run (`_told`), its
answer as JSON (`_answer`), pushing (`_producer`), loops over events (`_reading`), arguments (`_api`).
"""

from __future__ import annotations

import asyncio
import sys
import weakref
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from typing import Any, Final

from nbstream import _host, _threads
from nbstream._answer import Answer
from nbstream._arguments import Render, limits, looks, rendering
from nbstream._attempts import Attempts
from nbstream._callbacks import Callbacks
from nbstream._errors import NbstreamError
from nbstream._intake import Predicate
from nbstream._limits import Timeout
from nbstream._producer import Producer
from nbstream._pushing import Pusher
from nbstream._reading import Events
from nbstream._record import StreamEvent
from nbstream._run import Run
from nbstream._static import to_markdown
from nbstream._structured import form_of
from nbstream._terminal import Terminal
from nbstream._told import Told
from nbstream._view import View
from nbstream._widget import StreamWidget
from nbstream.sources._push import PushSource

_UNLIMITED: Final = Timeout(first_token=None, idle=None, total=None)


class Stream(Answer, Told, Producer):
    """A stream under way or ended. Every property may be read from any thread at any time.

    Returned by `nbstream.stream` and `nbstream.display_stream`; made by yourself it is fed by your own code (push mode).

    >>> import nbstream as nb
    >>> s = nb.stream("Why is the sky blue?", wait=True, display=False)
    >>> s.status
    'done'
    """

    def __init__(
        self,
        title: str | None = None,
        *,
        display: bool = True,
        render: Render | None = None,
        timeout: Timeout | float | None = None,
        max_output_tokens: int | None = None,
        stop_when: Predicate | Sequence[Predicate] = (),
        raise_on_stop: bool = True,
        response_format: Any = None,
        on_token: Callable[[str], Any] | None = None,
        on_event: Callable[[StreamEvent], Any] | None = None,
        on_error: Callable[[NbstreamError], Any] | None = None,
        on_complete: Callable[[Stream], Any] | None = None,
        on_field: Callable[[tuple[str | int, ...], Any], Any] | None = None,
    ) -> None:
        """Begin a stream that you push to; it is shown at once, and ends with `finish()` or the end of its `with` block.

        Args:
            title: shown above it.
            timeout: no limit by default, because tools may run between two calls of the model.
            raise_on_stop: whether a push after Stop raises `StreamStopped` in the producer; False ignores what comes.
            response_format: what the JSON that you push is to be, for `parsed`; no provider is told.

        The other arguments are those of `nbstream.stream`.

        >>> with Stream("agent", display=False) as s:
        ...     s.text_delta("Hello")
        >>> s.status, s.content
        ('done', 'Hello')
        """
        self._form = form_of(response_format)
        look = looks(title, rendering(render, self._form))
        source = PushSource(title or "stream")
        limit = limits(timeout, max_output_tokens, stop_when, _UNLIMITED)
        callbacks = Callbacks(on_token, on_event, on_error, on_complete, on_field)
        self._hold(Run(source, meta=look, pushed=True, **limit), ())
        self._push = Pusher(source, self._run, raise_on_stop=raise_on_stop)
        weakref.finalize(self, self._push.abandon).atexit = False
        self._begin(callbacks, display=display)

    @classmethod
    def _of(cls, run: Run, messages: Sequence[dict[str, Any]] = ()) -> Stream:
        """Return a handle on `run`, which answers `messages`; nothing begins yet."""
        handle = cls.__new__(cls)
        handle._hold(run, messages)
        return handle

    def _hold(self, run: Run, messages: Sequence[dict[str, Any]]) -> None:
        self._attempts = Attempts(run)
        self._request = list(messages)
        self._view: View | None = None

    def _begin(self, callbacks: Callbacks, *, display: bool) -> Terminal | None:
        """Show the stream, and let its run begin; return what writes it where there is no kernel."""
        terminal = self._show() if display else None
        if callbacks:
            self._call_back(callbacks, self._run)
            handle = weakref.ref(self)  # not the handle: who has dropped it can still press Retry, and nobody hears of it
            self._attempts.follow(lambda run: None if (stream := handle()) is None else stream._call_back(callbacks, run))
        self._run.start()
        return terminal

    def _call_back(self, callbacks: Callbacks, run: Run) -> None:
        callbacks.start(run.log, self, lambda: run.error)

    # -- the end ------------------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop the run and return at once: the provider's connection is closed, the partial answer is kept."""
        self._run.stop("user")

    def retry(self) -> Stream:
        """Send the same request again, as Retry does in the view; from now on this handle reads the new attempt.

        Raises:
            RuntimeError: the answer is still coming.
            TypeError: its source cannot be asked again: it was handed over, or pushed.

        >>> import nbstream as nb
        >>> s = nb.display_stream(nb.fake("Hello", rate=None, ttft=0), wait=True, display=False)
        >>> s.retry().wait().content
        'Hello'
        """
        return self._another("retry", "this stream cannot be asked again; make the call anew")

    def resume(self) -> Stream:
        """Ask the model to go on from the partial answer, as Continue does in the view; what comes is appended to it.

        Raises:
            RuntimeError: the answer is still coming.
            TypeError: there is nothing to go on from, or its source cannot be asked.
        """
        return self._another("continue", "only text that nbstream.stream asked for can be continued; s.retry() begins anew")

    def _another(self, way: str, refusal: str) -> Stream:
        run = self._run
        if run.transcript.end is None:
            raise RuntimeError("the answer is still coming; s.wait() or s.stop() first")
        if not self._attempts.begin(way, run.id):
            raise TypeError(refusal)
        return self

    def wait(self, timeout: float | None = None) -> Stream:
        """Wait for the end and return this handle; a provider's error is not raised (see `raise_for_error`).

        Args:
            timeout: seconds to wait at the most; None waits for ever.

        Raises:
            TimeoutError: `timeout` passed; the run goes on.
            WouldDeadlock: called on the event loop that feeds the stream; use `await s` there.
            KeyboardInterrupt: Ctrl-C or the kernel's interrupt, which stops the run.
        """
        _threads.refuse_own_loop("s.wait()", getattr(self._run.source, "loop", None))
        try:
            ended = self._run.ended.wait(timeout)
        except KeyboardInterrupt:
            self._run.stop("interrupt")
            self._run.ended.wait(_threads.EXIT_SECONDS)
            raise
        if not ended:
            raise TimeoutError(f"the stream goes on after {timeout:g} s; s.stop() ends it, s.wait() waits for its end")
        return self

    def __await__(self) -> Generator[Any, None, Stream]:
        """Wait for the end on any event loop; cancelling it stops the run."""
        return self._join().__await__()

    def raise_for_error(self) -> Stream:
        """Raise `error` if there is one, else return this handle."""
        if self._run.error is not None:
            raise self._run.error
        return self

    # -- what comes ---------------------------------------------------------------------------------------------------------

    def events(self) -> Events:
        """All events from the first, then those to come, for `for` and `async for`; any number of readers.

        Leaving the loop early does not stop the run; Ctrl-C in it, the kernel's interrupt and its cancellation do.
        """
        return Events(self._run, self)

    def __iter__(self) -> Iterator[StreamEvent]:
        return iter(self.events())

    def __aiter__(self) -> AsyncIterator[StreamEvent]:
        return aiter(self.events())

    # -- showing ------------------------------------------------------------------------------------------------------------

    @property
    def widget(self) -> StreamWidget:
        """The widget model; made when first asked for. Outside a kernel it has no views."""
        return self._shown().widget

    def to_markdown(self) -> str:
        """Prompt, model and every section, each section's text verbatim."""
        return to_markdown(self._run.transcript)

    def __repr__(self) -> str:
        title = self._run.transcript.meta.get("title") or self._run.source.title
        return f"<Stream {title!r}: {self.status}, {len(self.content)} characters>"

    def _ipython_display_(self) -> None:
        if _host.kernel() is None:
            sys.stdout.write(f"{self!r}\n")
        else:
            self._shown().show()

    def _show(self) -> Terminal | None:
        """Show the stream where the caller is: a cell's output, or plain text on stdout."""
        if _host.kernel() is not None:
            self._shown().show()
            return None
        return Terminal(self._run.transcript)

    def _saved(self) -> None:
        # Without a front-end only what the cell that runs publishes is saved; the run's own thread belongs to an earlier one.
        if self._view is not None and _host.headless():
            self._view.island.refresh()

    def _shown(self) -> View:
        if self._view is None:
            answer = None if self._push is None else self._push.hear
            self._view = View(self._attempts, _threads.event_loop(), answer)
        return self._view

    async def _join(self) -> Stream:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        self._run.when_ended(lambda: _threads.soon(loop, ended.set))
        try:
            await ended.wait()
        except asyncio.CancelledError:
            self._run.stop("interrupt")
            raise
        return self
