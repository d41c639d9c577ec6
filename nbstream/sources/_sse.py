"""Event-streams: from bytes cut anywhere to events, as the WHATWG's specification has it.

Belongs here: the framing and nothing else. Does not belong here: connections (`_from_sse`), what an event's data means
(`_session`), the repairs for client libraries (`_lines`).

It is ours because the libraries are not exact: of httpx-sse 0.4 and sseclient-py 1.9, neither drops a byte order mark, the one
yields events without data, the other fails at a byte that is not UTF-8.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

_BREAK: Final = re.compile("\r\n|\n|\r")
_DIGITS: Final = re.compile("[0-9]+")


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event; `event` is ``message`` where the stream does not name it, `id` the last one that was sent."""

    data: str
    event: str = "message"
    id: str = ""


class Decoder:
    """Decodes one stream.

    Attributes:
        last_id: what to send as ``Last-Event-ID`` when the connection is made anew.
        retry: milliseconds to wait before that, None where the stream does not say.
        stray: the last line that is no field and no comment: a server's error that was not framed.
    """

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self.retry: int | None = None
        self.stray = ""
        self._bytes = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = False
        self._after_cr = False
        self._tail: list[str] = []
        self._id = last_id
        self._event = ""
        self._data: list[str] = []

    def feed(self, data: bytes | str) -> list[ServerSentEvent]:
        """Return the events that `data` completes."""
        text = data if isinstance(data, str) else self._bytes.decode(data)
        if not text:
            return []
        if not self._begun:
            self._begun = True
            text = text.removeprefix("\ufeff")
        if self._after_cr:
            text = text.removeprefix("\n")
            self._after_cr = False
        self._after_cr = text.endswith("\r")
        pieces = _BREAK.split(text)
        if len(pieces) > 1:
            pieces[0] = "".join((*self._tail, pieces[0]))
            self._tail = []
        self._tail.append(pieces.pop())
        return [event for line in pieces if (event := self._take(line)) is not None]

    def rest(self) -> ServerSentEvent | None:
        """Return the event that the end of the stream left without its blank line, which the specification drops."""
        self._take("".join(self._tail))
        self._tail = []
        return self._take("")

    def _take(self, line: str) -> ServerSentEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "data":
                self._data.append(value)
            case "event":
                self._event = value
            case "id" if "\0" not in value:
                self._id = value
            case "retry" if _DIGITS.fullmatch(value):
                self.retry = int(value[:9])
            case "" | "id" | "retry":
                pass
            case _:
                self.stray = line
        return None

    def _dispatch(self) -> ServerSentEvent | None:
        data, self._data = self._data, []
        event, self._event = self._event, ""
        self.last_id = self._id
        return ServerSentEvent("\n".join(data), event or "message", self.last_id) if data else None
