"""The comm: the one module of the kernel's side that touches it.

Belongs here: sending to a model's views, hearing them by comm and by control channel, refusing what is not a message. Does not
belong here: what a message means (`_view`).

Stop and hello come by two ways, because an ordinary comm message waits while a cell runs (ipykernel 6 and 7.4); a message of
our own type on the control channel does not. Both carry the same object, and its handler is idempotent. It may run on the
main thread, on a subshell's or on the control thread.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import Any, Final

from ipywidgets import Widget

from nbstream import _host
from nbstream._events import Event, Wire

CONTROL_TYPE: Final = "nbstream"
"""The `msg_type` of our messages on the control channel."""

Receive = Callable[[Mapping[str, Any], bool], None]
"""Takes a message, and whether it came by the control channel."""

_channels: weakref.WeakValueDictionary[str, Channel] = weakref.WeakValueDictionary()


class Channel:
    """The way to and from the views of one widget model.

    Attributes:
        refused: how many messages were not of a known form.
        failed: how many could not be made or sent: a kernel that shuts down closes its sockets before its streams have ended.
    """

    def __init__(self, widget: Widget, key: str, receive: Receive) -> None:
        """Pass every message of `widget`'s views to `receive`; `key` names the model on the control channel."""
        self._widget = widget
        self._send = _host.on_any_thread(widget.send)
        self._send_state = _host.on_any_thread(widget.send_state)
        self._receive = receive
        self.refused = 0
        self.failed = 0
        _channels[key] = self
        _keep_route(widget.comm)
        widget.on_msg(self._on_comm)

    def send(self, message: Wire, buffers: list[bytes] | None = None) -> None:
        """Send one message to all views, with `buffers` beside it; a closed model has none."""
        self._try(self._send, message, buffers)

    def send_state(self, trait: str) -> None:
        """Push one synced trait."""
        self._try(self._send_state, trait)

    def hear(self, message: object, *, quiet: bool = False) -> None:
        """Take one message of a view, whatever it is: a view is a stranger and must not raise in the kernel's shell.

        `quiet` says that it came by the control channel.
        """
        if isinstance(message, Mapping) and isinstance(message.get("type"), str):
            self._receive(message, quiet)
        else:
            self.refused += 1

    def contained(self, subscriber: Callable[[int, Event], None]) -> Callable[[int, Event], None]:
        """Return a subscriber that never fails: what goes wrong with a view must not end a run."""

        def take(seq: int, event: Event) -> None:
            try:
                subscriber(seq, event)
            except Exception:  # noqa: BLE001  # reason: counted; a host that shuts down raises whatever it likes
                self.failed += 1

        return take

    def _try(self, send: Callable[..., object], *what: object) -> None:
        if self._widget.comm is None:
            return
        try:
            send(*what)
        except Exception:  # noqa: BLE001  # reason: whatever the host's sockets raise, a run must not fail for want of a view
            self.failed += 1

    def _on_comm(self, _widget: Widget, message: object, _buffers: object) -> None:
        self.hear(message)


def listen(kernel: Any) -> None:
    """Hear messages on the control channel of `kernel`, an ipykernel; once is enough, twice is harmless."""
    handlers = getattr(kernel, "control_handlers", None)
    if handlers is not None:
        handlers[CONTROL_TYPE] = _on_control


def _on_control(_stream: object, _ident: object, message: Mapping[str, Any]) -> None:
    content = message.get("content")
    if not isinstance(content, Mapping):
        return
    channel = _channels.get(str(content.get("key")))
    if channel is not None:
        channel.hear(content.get("message"), quiet=True)


def _keep_route(comm: Any) -> None:
    """Keep answers to our comm on the subshell that the front-end chose.

    ipykernel 7.4 routes them to the subshell of the message that was sent last; after a page reload that one is gone and every
    message of the view is lost.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, default: default
