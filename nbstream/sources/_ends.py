"""What an object's own items, and the object itself, say of its end.

Belongs here: telling a whole answer from one that breaks off, and an end that a library made up from one that was sent. Does
not belong here: what items mean (`_items`), what an exception means (`_blame`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbstream._events import Delta
from nbstream.sources import _shapes
from nbstream.sources._items import Items


class Finished:
    """Whether every choice that was seen has its finish reason: what breaks after that does not touch the answer."""

    def __init__(self) -> None:
        self.reasons: set[int] = set()
        self._choices: set[int] = set()

    @property
    def whole(self) -> bool:
        return bool(self.reasons) and self._choices <= self.reasons

    def see(self, batch: Sequence[Delta]) -> None:
        """Note the choices and the finish reasons of `batch`."""
        self._choices |= {d.choice for d in batch if d.kind not in ("", "phase")}
        self.reasons |= {d.choice for d in batch if d.finish_reason}


class Said:
    """What the object itself says of its end: LiteLLM invents a finish reason, a stream of texts has lost it."""

    def __init__(self, x: Any) -> None:
        self._wrapper = x if hasattr(x, "received_finish_reason") else None
        self._owner = _shapes.owner(x)

    def truly(self, batch: list[Delta]) -> list[Delta]:
        """Return `batch` without a finish reason that no provider sent."""
        wrapper = self._wrapper
        if wrapper is None or wrapper.received_finish_reason is not None:
            return batch
        if getattr(wrapper, "intermittent_finish_reason", None) is not None:  # Gemini's route, which may have invented it too
            return batch
        return [d for d in batch if not d.finish_reason]

    def rest(self, items: Items) -> list[Delta]:
        """Return what the stream that gave the texts knows beside them; only its word makes them whole."""
        if self._owner is None:
            return []
        items.plain = False
        return [d for d in Items().feed(self._owner.current_message_snapshot) if not d.text and d.kind == ""]
