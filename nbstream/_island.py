"""The island: the cell's output of a stream, readable in the saved file from the first moment.

Belongs here: when which output is published. Does not belong here: its text (`_static`), the live view that adopts it (the
front-end), messages (`_view`).

The output is html and plain text under a display id; the front-end's model finds it by its class and mounts the live view on
the output node. It holds no widget-view, which a reopened notebook could not show, but where nobody says hello: then the host
loads no model without one (fallback), and a later hello swaps back. A refresh replaces the output by a longer text: when the
text has doubled and five seconds have passed, at a hello and at the end, so that all refreshes sum to about twice the final
form.

A front-end forgets the display id when its page is reloaded, and never had it where the output was pasted. There it writes the
output through the notebook's own model: it hears the number of each refresh and asks for the output if one is behind (`saved`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from nbstream import _host
from nbstream._events import Wire
from nbstream._static import to_html, to_markdown
from nbstream._transcript import Transcript

WIDGET_VIEW: Final = "application/vnd.jupyter.widget-view+json"
REFRESH_SECONDS: Final = 5.0
FIRST_REFRESH: Final = 64
"""The first refresh comes at this many characters."""


class Island:
    """The output of one transcript.

    Attributes:
        rev: counts the refreshes, from 0; it stands in the output's class.
        shown: whether it was published at all.
        fallback: whether the output holds a widget-view now.
    """

    def __init__(self, transcript: Transcript, key: str, model_id: str, refreshed: Callable[[], None]) -> None:
        """Make the island of `transcript`, not yet shown; `refreshed` is called after each refresh, on its thread."""
        self._refreshed = refreshed
        self._publish = _host.on_any_thread(_host.publish)
        self._transcript = transcript
        self._key = key
        self._model_id = model_id
        self._lock = threading.Lock()  # the worker refreshes, and the main thread does
        self._length = 0
        self._at = time.monotonic()
        self.shown = False
        self.rev = 0
        self.fallback = False

    def show(self) -> None:
        """Publish the island as an output of the cell that runs."""
        self.shown = True
        _host.publish(self._bundle(), self._display_id, update=False)

    def follow(self, transcript: Transcript) -> None:
        """Show another transcript from the next refresh on."""
        with self._lock:
            self._transcript = transcript
            self._length = 0

    def refresh(self) -> None:
        """Replace the output by what the transcript says now."""
        if not self.shown:
            return
        with self._lock:
            self.rev += 1
            self._length = self._characters()
            self._at = time.monotonic()
            self._publish(self._bundle(), self._display_id, update=True)
        self._refreshed()

    def renew(self) -> None:
        """Refresh, unless another refresh has just come before."""
        if self.due:
            self.refresh()

    @property
    def due(self) -> bool:
        """Whether the text has doubled and five seconds have passed since the last refresh."""
        return time.monotonic() - self._at >= REFRESH_SECONDS and self._characters() >= max(FIRST_REFRESH, 2 * self._length)

    def saved(self) -> Wire:
        """Return the output as it is to be in the file, for a front-end that writes it itself: text of now, no widget-view."""
        with self._lock:
            return {"rev": self.rev, "data": self._plain()}

    @property
    def _display_id(self) -> str:
        return f"nbs-{self._key}"

    def _characters(self) -> int:
        return sum(section.length for section in self._transcript.sections)

    def _plain(self) -> dict[str, str]:
        # A moment of the transcript, which goes on growing while this is built on another thread.
        moment = Transcript.from_snapshot(self._transcript.snapshot())
        return {"text/html": to_html(moment, self._key, self.rev), "text/plain": to_markdown(moment)}

    def _bundle(self) -> dict[str, str | Mapping[str, Any]]:
        bundle: dict[str, str | Mapping[str, Any]] = {**self._plain()}
        if self.fallback:
            bundle[WIDGET_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": self._model_id}
        return bundle
