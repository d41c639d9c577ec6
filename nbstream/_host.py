"""The host: what the kernel, if there is one, tells about who is looking.

Belongs here: questions to IPython and ipykernel, each by feature, never by a host's name (but for Voila, which can be told
apart in no other way). Does not belong here: what is done with the answers.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any


def kernel() -> Any | None:
    """Return the ipykernel that this process is, None outside one."""
    shell = _shell()
    return getattr(shell, "kernel", None)


def cell_id() -> str:
    """Return the id of the notebook cell that runs, "" where the front-end does not say."""
    metadata = _parent().get("metadata")
    value = metadata.get("cellId", "") if isinstance(metadata, Mapping) else ""
    return value if isinstance(value, str) else ""


def execution_count() -> int:
    """Return the number of the cell that runs, else of the next one; 0 without IPython. Callable on any thread."""
    return int(getattr(_shell(), "execution_count", 0))


def request_id() -> str:
    """Return the id of the request that the kernel works on, which tells one execution of a cell from the next."""
    header = _parent().get("header")
    return str(header.get("msg_id", "")) if isinstance(header, Mapping) else ""


def headless() -> bool:
    """Whether the cell runs without a front-end: nbclient, nbconvert --execute, papermill.

    These say `allow_stdin: false`. So does Voila, which streams live to a page all the same.
    """
    content = _parent().get("content")
    if not isinstance(content, Mapping) or content.get("allow_stdin") is not False:
        return False
    return not os.environ.get("SERVER_SOFTWARE", "").startswith("voila")


def after_cell(callback: Callable[[], None]) -> None:
    """Call `callback` once when the cell that runs has run, while the kernel still says busy."""
    events = _shell().events

    def once(*_: object) -> None:
        events.unregister("post_run_cell", once)
        callback()

    events.register("post_run_cell", once)


def when_interrupted(callback: Callable[[], None]) -> Callable[[], None]:
    """Call `callback` if the cell that runs is ended by an interrupt; return what takes this back.

    The kernel interrupts the main thread alone: with KeyboardInterrupt, or with a cancellation where the cell awaits.
    """
    running = _shell() if kernel() is not None and threading.current_thread() is threading.main_thread() else None
    if running is None:
        return lambda: None
    waiting = True

    def forget() -> None:
        nonlocal waiting
        if waiting:
            waiting = False
            running.events.unregister("post_run_cell", look)

    def look(result: object = None) -> None:
        forget()
        if isinstance(getattr(result, "error_in_exec", None), KeyboardInterrupt | asyncio.CancelledError):
            callback()

    running.events.register("post_run_cell", look)
    return forget


def on_main_loop(work: Callable[[], object]) -> None:
    """Call `work` on the kernel's main loop as soon as no cell runs; outside a kernel here and now."""
    loop = getattr(kernel(), "io_loop", None)
    if loop is None:
        work()
    else:
        loop.add_callback(work)


class Shell:
    """Whether the kernel's shell is free to hear: a cell that runs, and a handler that takes long, hold up what views say."""

    def __init__(self) -> None:
        self._free = False
        self._back = False
        self._running = False
        events = getattr(_shell(), "events", None)
        if events is not None:
            header = _parent().get("header")
            self._running = isinstance(header, Mapping) and header.get("msg_type") == "execute_request"
            _watch_cells(events, self)
        on_main_loop(self._answer)

    def was_free(self) -> bool:
        """Whether the main loop has come round since the last call, and no cell was under way then; callable on any thread."""
        if not self._back:
            return False
        free, self._back = self._free, False
        on_main_loop(self._answer)
        return free

    def _answer(self) -> None:
        # A cell at an `await` lets the loop come round, but not the messages behind it.
        self._free = not self._running
        self._back = True


def _watch_cells(events: Any, shell: Shell) -> None:
    """Tell `shell` when a cell begins and ends, for as long as it lives."""
    known = weakref.ref(shell)

    def tell(running: bool) -> None:
        found = known()
        if found is not None:
            found._running = running
            return
        for name, callback in callbacks.items():
            if callback in events.callbacks[name]:
                events.unregister(name, callback)

    callbacks: dict[str, Callable[[], None]] = {"pre_execute": lambda: tell(True), "post_execute": lambda: tell(False)}
    for name, callback in callbacks.items():
        events.register(name, callback)


def on_any_thread(work: Callable[..., None]) -> Callable[..., None]:
    """Return `work`, which sends something to the front-end, so that it can be called on any thread.

    ipykernel 7.0 finds the request that a message belongs to in a context variable alone, which other threads do not have: they
    borrow the context of now.
    """
    now = contextvars.copy_context()

    def call(*args: Any, **options: Any) -> None:
        try:
            _parent()
        except LookupError:
            now.copy().run(work, *args, **options)  # a copy: one context cannot be entered twice at a time
        else:
            work(*args, **options)

    return call


def publish(bundle: Mapping[str, str | Mapping[str, Any]], display_id: str, *, update: bool) -> None:
    """Show `bundle` as an output of the cell that runs, or replace every output that has this `display_id`."""
    from IPython.display import publish_display_data

    show: Callable[..., None] = publish_display_data
    show(dict(bundle), {}, transient={"display_id": display_id}, update=update)


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def _parent() -> Mapping[str, Any]:
    running = kernel()
    if running is None:
        return {}
    parent = running.get_parent("shell")
    return parent if isinstance(parent, Mapping) else {}
