"""Pulling on another thread or another event loop than the run's, with a Stop that reaches it.

Belongs here: the thread, the task, the buffer between, what Stop does to each. Does not belong here: what is pulled
(`_objects`).

A blocking producer has a thread of its own. Stop cuts the connection that the thread waits on; one that waits for something
else (a plain generator in `time.sleep`) ends at its next item. An async producer is a task on its own loop, and is cancelled;
where it blocks that loop, because a sync client is driven in an async function, its connection is cut in the same way.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any, Final

from nbstream._events import Delta
from nbstream._threads import soon
from nbstream.sources import _close, _cut
from nbstream.sources._buffer import Buffer, Left

Batch = Sequence[Delta]
Put = Callable[[Batch], None]
AsyncPut = Callable[[Batch], Awaitable[None]]

_STEP: Final = 0.25
"""The most seconds between two looks at a producer that was told to stop; at first there are fewer, a tenth of those passed."""
_PATIENCE: Final = 30.0
"""Seconds after which one that does not hear is left to itself: it may come back to its connection after other work."""
_AWAITED: Final = 0.1
"""Seconds for which the end of the run waits for it: a library may take long over its last words."""
_GRACE: Final = 0.06
"""Seconds that a cancelled task has before its loop is taken for blocked."""

_ending: set[asyncio.Task[None]] = set()
_lock = threading.Lock()
_loops: list[asyncio.AbstractEventLoop] = []


async def from_thread(
    produce: Callable[[Put], Any], context: contextvars.Context, answer: list[Any]
) -> AsyncGenerator[Batch, None]:
    """Yield the batches that `produce` puts, on a thread of its own; what it returns is added to `answer`."""
    buffer: Buffer[Batch] = Buffer()

    def work() -> None:
        try:
            answer.append(produce(buffer.put))
        except Left:
            pass
        except BaseException as error:  # noqa: BLE001  # reason: it reaches the consumer, whatever it is
            buffer.finish(error)
        finally:
            buffer.finish()

    thread = threading.Thread(target=context.run, args=(work,), name="nbstream-pull", daemon=True)
    thread.start()
    try:
        async with aclosing(buffer.items()) as items:
            async for batch in items:
                yield batch
    finally:
        buffer.leave()
        await _insist(_until(lambda: not thread.is_alive(), lambda: _cut.cut(thread.ident or 0), _PATIENCE), _AWAITED)


async def from_loop(
    produce: Callable[[AsyncPut], Awaitable[Any]],
    loop: asyncio.AbstractEventLoop | None,
    context: contextvars.Context,
    answer: list[Any],
    beneath: Callable[[], list[Any]] = list,
) -> AsyncGenerator[Batch, None]:
    """The same for a coroutine function on `loop`, None for one of nbstream's own; `beneath` gives what it reads from."""
    work = _Work(produce, context, answer, beneath)
    await _begin(loop, work.begin, work.held)
    try:
        async with aclosing(work.buffer.items()) as items:
            async for batch in items:
                yield batch
    finally:
        await work.end()


class _Work:
    """A coroutine function as a task on a loop that is not the run's."""

    def __init__(
        self,
        produce: Callable[[AsyncPut], Awaitable[Any]],
        context: contextvars.Context,
        answer: list[Any],
        beneath: Callable[[], list[Any]],
    ) -> None:
        self.buffer: Buffer[Batch] = Buffer()
        self.held: list[asyncio.Task[None]] = []  # the task, once it has begun
        self._produce = produce
        self._context = context
        self._answer = answer
        self._beneath = beneath
        self._parts: list[Any] = []
        self._thread = 0
        self._over = threading.Event()

    def begin(self, running: asyncio.AbstractEventLoop) -> None:
        """Begin on `running`, whose thread this is called on."""
        if self.held or self.buffer.left:
            self._over.set()
            return
        self._thread = threading.get_ident()
        self.held.append(self._context.run(running.create_task, self._do()))

    async def end(self) -> None:
        """Let go of the task, and of what it has opened."""
        self.buffer.leave()
        if self.held and not self._over.is_set():
            _soon(self.held[0].get_loop(), self._cancel)
            await _insist(self._see_out(), _GRACE + _AWAITED)

    async def _see_out(self) -> None:
        def cut() -> None:
            _cut_task(self._thread, self.held[0])

        await _until(self._over.is_set, lambda: None, _GRACE)
        await _until(self._over.is_set, cut, _AWAITED)
        _close.close_each(self._parts)
        await _until(self._over.is_set, cut, _PATIENCE)

    def _cancel(self) -> None:
        self._parts.extend(self._beneath())  # now: a generator that is cancelled at an `await` forgets what it has opened
        self.held[0].cancel()

    async def _do(self) -> None:
        try:
            self._answer.append(await self._produce(self.buffer.aput))
        except Left:
            pass
        except asyncio.CancelledError as error:
            if not self.buffer.left:
                self.buffer.finish(ConnectionAbortedError("the task that pulled the stream was cancelled"))
            raise error
        except BaseException as error:  # noqa: BLE001  # reason: the same
            self.buffer.finish(error)
        finally:
            self._over.set()
            self.buffer.finish()


def _cut_task(thread: int, task: asyncio.Task[None]) -> None:
    """Cut the connection that `task` blocks its loop with; the loop may be busy with a request of somebody else's."""
    frame = getattr(task.get_coro(), "cr_frame", None)
    if frame is not None:
        _cut.cut(thread, frame)


async def _begin(
    loop: asyncio.AbstractEventLoop | None, begin: Callable[[asyncio.AbstractEventLoop], None], held: list[Any]
) -> None:
    """Call `begin` on `loop`, or on the shared loop of user code; on a new one if somebody's code blocks the shared one."""
    if loop is not None:
        _soon(loop, lambda: begin(loop))
        return
    lock = threading.Lock()

    def claim(running: asyncio.AbstractEventLoop) -> None:
        with lock:
            if not held:
                begin(running)

    loops = _user_loops()
    for some in (loops[:1], loops[1:], None):  # the first one as long as it is free: clients are bound to their loop
        if some is None:
            some = [_new_loop()]
        for one in some:
            _soon(one, lambda one=one: claim(one))  # type: ignore[misc]  # reason: binds the loop variable
        await _until(lambda: bool(held), lambda: None, _GRACE if some else 0.0)
        if held:
            return


def user_loop() -> asyncio.AbstractEventLoop:
    """The loop for async code of the user's where no loop runs at the call: never nbstream's own, which it may block."""
    return _user_loops()[0]


def _user_loops() -> list[asyncio.AbstractEventLoop]:
    with _lock:
        if _loops:
            return list(_loops)
    return [_new_loop()]


def _new_loop() -> asyncio.AbstractEventLoop:
    """One more, because somebody's code blocks all of them."""
    loop = asyncio.new_event_loop()
    with _lock:
        _loops.append(loop)
    threading.Thread(target=_serve, args=(loop,), name="nbstream-user", daemon=True).start()
    return loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()


def _soon(loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> None:
    if not soon(loop, work):
        raise ConnectionAbortedError("the event loop of this stream has been closed")


async def _insist(work: Coroutine[Any, Any, None], seconds: float) -> None:
    """Have `work` done to its end, and wait `seconds` for it; a run that is cancelled once more gives up the waiting alone."""
    task = asyncio.get_running_loop().create_task(work, name="nbstream-pull-end")
    _ending.add(task)
    task.add_done_callback(_ending.discard)
    await asyncio.wait({task}, timeout=seconds)


async def _until(done: Callable[[], bool], act: Callable[[], object], seconds: float) -> None:
    """Look until `done`, for `seconds` at the most, and `act` each time."""
    clock = asyncio.get_running_loop().time
    began = clock()
    while not done() and (passed := clock() - began) < seconds:
        act()
        await asyncio.sleep(min(max(0.001, passed / 10), _STEP))
