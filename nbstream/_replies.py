"""The replies to views, each kind once for all who have asked, and not again before a pause is over.

Belongs here: the pauses, and the messages beside the stream. Does not belong here: what is sent first (`_outbox`). Whatever
views ask for, and however often, they do not take the turns of streams.
"""

from __future__ import annotations

from typing import Final

from nbstream._events import Wire

ANSWER_SECONDS: Final = 0.1
"""The shortest pause between two short answers of one kind to views."""


class Reply:
    """One kind of reply.

    Attributes:
        wanted: whether it is to be sent.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._start = float("-inf")  # not before this time

    def due(self, now: float) -> float:
        """When it may be sent, if it is wanted."""
        return max(now, self._start)

    def ready(self, now: float) -> bool:
        """Whether it is to be sent now."""
        return self.wanted and now >= self._start

    def sent(self, now: float, pause: float) -> None:
        """It goes out now, and not again for `pause` seconds."""
        self.wanted = False
        self._start = now + pause


class Asides(Reply):
    """The messages that are none of the transcript's, one of each type."""

    def __init__(self) -> None:
        super().__init__()
        self._messages: dict[str, Wire] = {}

    def put(self, message: Wire) -> None:
        """Keep `message` in the place of one of its type."""
        self._messages[message["type"]] = message
        self.wanted = True

    def take(self, now: float) -> Wire:
        """Return the message whose type has waited longest; it goes out now."""
        self.sent(now, ANSWER_SECONDS)
        message = self._messages.pop(next(iter(self._messages)))
        self.wanted = bool(self._messages)
        return message
