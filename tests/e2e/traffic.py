"""What a kernel sends to a page: every message on the page's websocket, as the browser itself saw it come.

Belongs here: counting and timing messages. Does not belong here: what they mean, or changing them (`proxy`).

A message has two times: the kernel's of its making, which tells what the kernel does, and the browser's of its arrival, which
tells what a busy machine makes of that: messages that were held up on their way arrive together. Neither depends on what the
test is doing.
"""

from __future__ import annotations

import base64
import bisect
import itertools
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from playwright.sync_api import Page

_DISPLAYS: Final = ("display_data", "update_display_data")


@dataclass(frozen=True)
class Message:
    """One message of a kernel."""

    sent: float
    """When the kernel made it, in seconds on its clock."""
    arrived: float
    """When the browser had it, in seconds on the browser's clock."""
    size: int
    """Of the whole message on the socket, in bytes."""
    type: str
    """Its `msg_type`."""
    content: dict[str, Any]
    content_size: int
    """Of its content, in bytes of JSON."""


class Traffic:
    """Listens to the websockets of `page` from now on."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.all: list[Message] = []
        self._session = page.context.new_cdp_session(page)
        self._session.on("Network.webSocketFrameReceived", self._hear)
        self._session.send("Network.enable")

    def close(self) -> None:
        """Listen no longer."""
        self._session.detach()

    @property
    def since_open(self) -> list[Message]:
        """The messages after the last `comm_open`, which carries the bundle."""
        opened = [number for number, message in enumerate(self.all) if message.type == "comm_open"]
        assert opened, "no model was opened"
        return self.all[opened[-1] + 1 :]

    @property
    def comm(self) -> list[Message]:
        """The comm messages since then."""
        return [message for message in self.since_open if message.type == "comm_msg"]

    def figures(self, text: int) -> dict[str, Any]:
        """Sum up what came for a text of so many bytes of UTF-8."""
        comm = self.comm
        data = sum(len(json.dumps(m.content["data"], ensure_ascii=False).encode()) for m in comm)
        shown = [m for m in self.since_open if m.type in _DISPLAYS]
        whole = sum(m.size for m in self.since_open)
        return {
            "text": text,
            "comm_messages": len(comm),
            "sent_in_a_second": busiest([m.sent for m in comm]),
            "arrived_in_a_second": busiest([m.arrived for m in comm]),
            "comm_data_to_text": round(data / text, 2),
            "comm_socket_to_text": round(sum(m.size for m in comm) / text, 2),
            "islands": len(shown),
            "islands_to_text": round(sum(m.size for m in shown) / text, 2),
            "messages": len(self.since_open),
            "socket_to_text": round(whole / text, 2),
        }

    def _hear(self, event: dict[str, Any]) -> None:
        response = event["response"]
        if response["opcode"] == 2:
            message = _unpack(event["timestamp"], base64.b64decode(response["payloadData"]))
            if message is not None:
                self.all.append(message)


def busiest(times: list[float], seconds: float = 1.0) -> int:
    """The most of `times` that lie within any one second."""
    ordered = sorted(times)
    return max((bisect.bisect_left(ordered, start + seconds) - number for number, start in enumerate(ordered)), default=0)


def _unpack(arrived: float, payload: bytes) -> Message | None:
    """Read the protocol v1.kernel.websocket.jupyter.org: a table of offsets, then channel, header, … and content."""
    count = int.from_bytes(payload[:8], "little")
    offsets = [int.from_bytes(payload[8 * (n + 1) : 8 * (n + 2)], "little") for n in range(count)]
    if count < 6:
        return None
    parts = [payload[start:end] for start, end in itertools.pairwise(offsets)]
    header = json.loads(parts[1])
    sent = datetime.fromisoformat(header["date"]).timestamp()
    return Message(sent, arrived, len(payload), header["msg_type"], json.loads(parts[4]), len(parts[4]))
