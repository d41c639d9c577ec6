"""Open sections and tool calls, as the sectioner sees them.

Belongs here: which tool call a delta continues, what is known of it, its state. Does not belong here: when sections open and
close (`_sections`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from nbstream._events import Amend, Append, Close, Delta, Event, Meta, MetaValue
from nbstream._text import Surrogates, repaired

WAITING: Final = ("input", "ready", "ask", "run")
"""States of a call that has no result yet."""


class OpenSection:
    """An open section."""

    __slots__ = ("at", "kind", "repair")

    def __init__(self, at: int, kind: str) -> None:
        self.at = at
        self.kind = kind
        self.repair = Surrogates()

    def append(self, text: str) -> Iterator[Event]:
        """The events for text that is ready to be shown."""
        if text:
            yield Append(self.at, text)

    def close(self) -> Iterator[Event]:
        """The events that release what is held and end the text."""
        yield from self.append(self.repair.flush())
        yield Close(self.at)


class Call(OpenSection):
    """A tool call, open or closed.

    Attributes:
        index: as the provider gave it, None where it gave none.
        id, name: as far as they have come.
        argued: whether there has been text of its arguments.
        state: input, ready, ask, run, ok, bad, denied.
        approval: the id of the question about it, "" where none was asked.
    """

    __slots__ = ("approval", "argued", "id", "index", "name", "state")

    def __init__(self, at: int, index: int | None) -> None:
        super().__init__(at, "tool")
        self.index = index
        self.id = ""
        self.name = ""
        self.argued = False
        self.state = "input"
        self.approval = ""

    def identify(self, delta: Delta) -> dict[str, MetaValue]:
        """What `delta` adds to the id and the name; they come whole, in pieces, or repeated with every delta."""
        news: dict[str, MetaValue] = {}
        if delta.id and delta.id != self.id:
            self.id += delta.id
            news["id"] = repaired(self.id)
        if delta.name and delta.name != self.name:
            self.name += delta.name
            news["name"] = repaired(self.name)
        return news

    def amend(self, meta: Meta) -> Iterator[Event]:
        """The events for more meta, a new state among it."""
        self.state = str(meta.get("state", self.state))
        self.approval = str(meta.get("approval", self.approval))
        if meta:
            yield Amend(self.at, meta)

    def end(self, *, ready: bool) -> Iterator[Event]:
        """The events that end the arguments; a call that is not `ready` was cut short and keeps the state `input`."""
        yield from self.close()
        if ready and self.state == "input":
            yield from self.amend({"state": "ready"})


def continued(calls: Sequence[Call], delta: Delta) -> Call | None:
    """The one of the open `calls` that `delta` continues, None where it begins a new one."""
    if delta.index is not None:
        named = [c for c in reversed(calls) if c.index == delta.index]
        call = next((c for c in named if delta.id and c.id == delta.id), named[0] if named else None)
    elif delta.id:
        call = next((c for c in reversed(calls) if c.id == delta.id), None)
        if call is None and calls and not calls[-1].id and not delta.name:
            call = calls[-1]  # the id came late
    else:
        call = calls[-1] if calls else None
        if call is not None and delta.name and call.argued:
            call = None  # a name after arguments: the next call of a provider that sends neither index nor id
    # Some providers send index 0 for every call: another whole id with a name is another call.
    if call is not None and delta.id and call.id and delta.name and delta.id != call.id and call.argued:
        return None
    return call


def meant(calls: Sequence[Call], id: str, name: str) -> Call | None:  # noqa: A002  # reason: the field's word
    """The one of all `calls`, open or closed, that is spoken of: by its id, else the first that waits, else the latest.

    Agents work through the calls of one name in their order, and answer the only one without naming it.
    """
    if id:
        return next((c for c in reversed(calls) if c.id == id), None)
    named = [c for c in calls if not name or c.name == name]
    waiting = next((c for c in named if c.state in WAITING), None)
    return waiting if waiting is not None or not name else (named[-1] if named else None)
