"""Disruptions: nbstream's messages in a kernel's websocket, and what is to be done to which.

Belongs here: finding our messages, numbering, seeded schedules. Does not belong here: sockets (see `proxy`).

A message is ours if it is a custom comm message of one of our types, or one of our own type on the control channel; a whole
state in answer to `request_state` is the front-end's.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

Action: TypeAlias = Literal["drop", "delay", "duplicate", "reorder", "cut", "halve", "stray", "renew"]
"""What is done to a message, or to the whole line (`cut`). `halve`, `stray` and `renew` let another arrive in its place: its
first half, the same of another run, the same in a newer version of the protocol."""
ACTIONS: Final[tuple[Action, ...]] = ("drop", "delay", "duplicate", "reorder", "cut", "halve", "stray", "renew")

DOWN: Final = frozenset({"frame", "snapshot", "welcome", "current", "static", "output"})
UP: Final = frozenset({"hello", "bye", "stop", "resync", "ack", "check", "mismatch", "want"})
KINDS: Final = frozenset({"comm_msg", "nbstream"})
HEADER: Final = 1
CONTENT: Final = 4
"""Which part of a message is which."""


@dataclass(frozen=True)
class Message:
    """One message of ours: the how manyth it is since the plan was set, which way it goes, what it says, and whether the line
    was back before."""

    number: int
    down: bool
    content: dict[str, Any]
    steady: bool = True

    @property
    def type(self) -> str:
        """The message's own type: frame, resync, …"""
        return str(self.content["type"])

    @property
    def ends(self) -> bool:
        """Whether it is the frame that carries the end of a run."""
        return self.type == "frame" and any(event.get("op") == "end" for event in self.content["events"])

    def takes(self, action: Action) -> bool:
        """Whether `action` can be done to it.

        Half a message from the page would be the server's business, not ours. So is a line that is cut while the server joins
        it to the kernel: jupyter_server 2.21 then hears nothing of the kernel for 20 s and is behind ever after.
        """
        if action == "halve":
            return self.down
        if action == "cut":
            return self.steady
        return {"stray": "run", "renew": "v"}.get(action, "type") in self.content

    def __str__(self) -> str:
        numbers = "-".join(str(self.content[name]) for name in ("from", "to", "seq", "have") if name in self.content)
        return f"{self.number} {self.type} {numbers}".strip()


Plan: TypeAlias = Callable[[Message], "Action | None"]
Schedule: TypeAlias = "Sequence[tuple[int, Action]]"


def schedule(seed: int, count: int, *, actions: Sequence[Action] = ACTIONS, gap: int = 4) -> Schedule:
    """Return `count` actions, each at a message's number, about `gap` messages apart; the same for the same seed."""
    chance = random.Random(seed)
    number, steps = 0, list[tuple[int, Action]]()
    for _ in range(count):
        number += chance.randint(1, 2 * gap - 1)
        steps.append((number, chance.choice(actions)))
    return steps


def planned(steps: Schedule) -> Plan:
    """Return the plan of a schedule: each action is done to the first message from its number on that takes it."""
    waiting = list(steps)

    def plan(message: Message) -> Action | None:
        if not waiting or message.number < waiting[0][0] or not message.takes(waiting[0][1]):
            return None
        return waiting.pop(0)[1]

    return plan


def rewrite(data: bytes | str, action: Action) -> bytes | str:
    """Return what arrives in the place of the message `data`."""
    if action == "halve":
        return data[: len(data) // 2]
    if action not in ("stray", "renew"):
        return data
    whole = json.loads(data) if isinstance(data, str) else None
    parts = [] if isinstance(data, str) else _parts(data)
    content = whole["content"] if whole is not None else json.loads(parts[CONTENT])
    said = _said(content)
    said.update({"run": "another"} if action == "stray" else {"v": said["v"] + 1})
    if whole is not None:
        return json.dumps(whole)
    parts[CONTENT] = json.dumps(content).encode()
    return _joined(parts)


def ours(message: bytes | str, *, down: bool) -> dict[str, Any] | None:
    """Return what a message of ours says, None for any other."""
    if isinstance(message, bytes):
        parts = _parts(message)
        kind = json.loads(parts[HEADER])["msg_type"]
        content = json.loads(parts[CONTENT]) if kind in KINDS else {}
    else:
        whole = json.loads(message)
        kind, content = whole.get("header", {}).get("msg_type"), whole.get("content", {})
    said = _said(content) if kind in KINDS else None
    known = DOWN if down else UP
    return said if isinstance(said, dict) and said.get("type") in known else None


def said_at(message: bytes | str) -> float | None:
    """Return when a message was sent, in seconds since the epoch, as its header says; None where it says nothing."""
    header = json.loads(_parts(message)[HEADER]) if isinstance(message, bytes) else json.loads(message).get("header", {})
    return datetime.fromisoformat(header["date"]).timestamp() if header.get("date") else None


def _said(content: dict[str, Any]) -> Any:
    """Return our own message in the content of a message on the control channel or of a custom one on a comm."""
    if "message" in content:
        return content["message"]
    data = content.get("data", {})
    return data.get("content") if data.get("method") == "custom" else None


def _parts(data: bytes) -> list[bytes]:
    """Take a message in v1.kernel.websocket.jupyter.org apart: the channel, four parts of JSON, buffers."""
    count = int.from_bytes(data[:8], "little")
    offsets = [int.from_bytes(data[8 * i : 8 * i + 8], "little") for i in range(1, count + 1)]
    return [data[start:end] for start, end in itertools.pairwise(offsets)]


def _joined(parts: Sequence[bytes]) -> bytes:
    """Put such a message together."""
    offsets = list(itertools.accumulate(map(len, parts), initial=8 * (len(parts) + 2)))
    return b"".join(number.to_bytes(8, "little") for number in (len(offsets), *offsets)) + b"".join(parts)
