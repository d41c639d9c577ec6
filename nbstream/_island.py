"""The island: the cell's output of a stream, readable in the saved file from the first moment.

Belongs here: when which output is published. Does not belong here: its text (`_static`), the live view that adopts it (the
front-end), messages (`_view`).

The output is html and plain text under a display id; the front-end's model finds it by its class and mounts the live view on
the output node. It holds no widget-view, which a reopened notebook could not show, but where nobody says hello: then the host
loads no model without one (fallback), and a later hello swaps back. A refresh replaces the output by a longer text: when the
text has doubled and five seconds have passed, at a hello and at the end, so that all refreshes sum to about twice the final
form.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from nbstream import _host
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
        fallback: whether the output holds a widget-view now.
    """

    def __init__(self, transcript: Transcript, key: str, model_id: str) -> None:
        self._transcript = transcript
        self._key = key
        self._model_id = model_id
        self._lock = threading.Lock()  # a hello refreshes from the view's thread, the text from the loop's
        self._length = 0
        self._at = time.monotonic()
        self._shown = False
        self.rev = 0
        self.fallback = False

    def show(self) -> None:
        """Publish the island as an output of the cell that runs."""
        self._shown = True
        _host.publish(self._bundle(), self._display_id, update=False)

    def refresh(self) -> None:
        """Replace the output by what the transcript says now."""
        if not self._shown:
            return
        with self._lock:
            self.rev += 1
            self._length = self._characters()
            self._at = time.monotonic()
            _host.publish(self._bundle(), self._display_id, update=True)

    def grow(self) -> None:
        """Refresh if the text has doubled and five seconds have passed."""
        if time.monotonic() - self._at >= REFRESH_SECONDS and self._characters() >= max(FIRST_REFRESH, 2 * self._length):
            self.refresh()

    @property
    def _display_id(self) -> str:
        return f"nbs-{self._key}"

    def _characters(self) -> int:
        return sum(section.length for section in self._transcript.sections)

    def _bundle(self) -> dict[str, str | Mapping[str, Any]]:
        bundle: dict[str, str | Mapping[str, Any]] = {
            "text/html": to_html(self._transcript, self._key, self.rev),
            "text/plain": to_markdown(self._transcript),
        }
        if self.fallback:
            bundle[WIDGET_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": self._model_id}
        return bundle
