"""Disruptions: nbstream's messages in a kernel's websocket, and what is to be done to which.

Belongs here: finding our messages, numbering, seeded schedules. Does not belong here: sockets (see `proxy`).

A message is ours if it is a custom comm message of one of our types, or one of our own type on the control channel; a whole
state in answer to `request_state` is the front-end's.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

Action: TypeAlias = Literal["drop", "delay", "duplicate", "reorder", "cut"]
ACTIONS: Final[tuple[Action, ...]] = ("drop", "delay", "duplicate", "reorder", "cut")

DOWN: Final = frozenset({"frame", "snapshot", "welcome", "current", "static", "output"})
UP: Final = frozenset({"hello", "bye", "stop", "resync", "ack", "check", "mismatch", "want"})


@dataclass(frozen=True)
class Message:
    """One message of ours: the how manyth it is since the plan was set, which way it goes, and what it says."""

    number: int
    down: bool
    content: dict[str, Any]

    @property
    def type(self) -> str:
        """The message's own type: frame, resync, …"""
        return str(self.content["type"])

    @property
    def ends(self) -> bool:
        """Whether it is the frame that carries the end of a run."""
        return self.type == "frame" and any(event.get("op") == "end" for event in self.content["events"])

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
    """Return the plan of a schedule."""
    table = dict(steps)
    return lambda message: table.get(message.number)


def ours(message: bytes | str, *, down: bool) -> dict[str, Any] | None:
    """Return what a message of ours says, None for any other."""
    if isinstance(message, bytes):
        kind, content = _framed(message)
    else:
        whole = json.loads(message)
        kind, content = whole.get("header", {}).get("msg_type"), whole.get("content", {})
    if kind == "nbstream":
        said = content.get("message")
    elif kind == "comm_msg":
        data = content.get("data", {})
        said = data.get("content") if data.get("method") == "custom" else None
    else:
        return None
    known = DOWN if down else UP
    return said if isinstance(said, dict) and said.get("type") in known else None


def _framed(data: bytes) -> tuple[str, dict[str, Any]]:
    """Return type and content of a message in v1.kernel.websocket.jupyter.org: offsets, channel, four parts of JSON."""
    count = int.from_bytes(data[:8], "little")
    offsets = [int.from_bytes(data[8 * i : 8 * i + 8], "little") for i in range(1, count + 1)]
    kind = json.loads(data[offsets[1] : offsets[2]])["msg_type"]
    return kind, json.loads(data[offsets[4] : offsets[5]]) if kind in ("nbstream", "comm_msg") else {}
