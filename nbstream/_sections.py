"""The sectioner: from deltas to events, the one place where boundaries are decided.

Belongs here: which section a delta grows, when a section opens and closes, tool calls by index. Does not belong here: what a
provider calls things (`sources/`), time (`_run`), how a section looks (the views).

Per choice there is at most one open section of text (thinking, content, …) and any number of open tool calls: a change of kind
closes the text section, so that thinking, content, tool, thinking keep their order. Tool sections stay open until the choice
finishes or the source says that one is final, because providers interleave the arguments of parallel calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from nbstream._events import Amend, Append, Close, Delta, Event, Meta, MetaValue, Note, Open
from nbstream._text import Surrogates, ThinkTag, repaired, repaired_meta


class _Section:
    """An open section, as the sectioner sees it."""

    __slots__ = ("at", "kind", "repair")

    def __init__(self, at: int, kind: str) -> None:
        self.at = at
        self.kind = kind
        self.repair = Surrogates()


class _Tool(_Section):
    __slots__ = ("argued", "id", "index", "name")

    def __init__(self, at: int, index: int | None) -> None:
        super().__init__(at, "tool")
        self.index = index
        self.id = ""
        self.name = ""
        self.argued = False


class _Choice:
    __slots__ = ("meta", "tag", "text", "tools")

    def __init__(self) -> None:
        self.meta: dict[str, MetaValue] = {}  # of content that has not opened yet
        self.tag = ThinkTag()
        self.text: _Section | None = None
        self.tools: list[_Tool] = []


class Sectioner:
    """Turns deltas into events. `feed` and `finish` return the events to apply, in order.

    Attributes:
        finish_reasons: by choice, in OpenAI's words, as far as the provider has sent them.
        choices: the choices that have been seen.
    """

    def __init__(self, sections: int = 0) -> None:
        """Begin after `sections` sections that the transcript already holds."""
        self.finish_reasons: dict[int, str] = {}
        self._count = sections
        self._choices: dict[int, _Choice] = {}

    @property
    def choices(self) -> tuple[int, ...]:
        """The indices of the choices that have been seen, in order of appearance."""
        return tuple(self._choices)

    def feed(self, delta: Delta) -> list[Event]:
        """Return the events that `delta` means."""
        if delta.kind == "phase":
            return [Note({"phase": repaired(delta.text)})]
        if delta.meta or delta.note or delta.finish_reason:
            reason = repaired(delta.finish_reason) if delta.finish_reason else None
            delta = replace(delta, meta=repaired_meta(delta.meta), note=repaired_meta(delta.note), finish_reason=reason)
        events: list[Event] = []
        choice = self._choices.get(delta.choice)
        if choice is None and (delta.kind or delta.finish_reason):
            choice = self._choices[delta.choice] = _Choice()
        if choice is not None:
            match delta.kind:
                case "":
                    pass
                case "content":
                    for kind, text in choice.tag.feed(delta.text):
                        events += self._grow(choice, delta.choice, kind, text, None)
                    if delta.meta or delta.final:
                        events += self._seal(choice, delta)
                case "tool":
                    events += self._tool(choice, delta)
                case kind:
                    events += self._other(choice, delta, kind)
        return [*events, *self._news(choice, delta)]

    def finish(self) -> list[Event]:
        """Return the events that release what is held and close what is open: nothing more will come.

        A tool call that is cut short here keeps the state `input`, which tells it from one that is whole.
        """
        return [event for number, choice in self._choices.items() for event in self._close_all(choice, number, ready=False)]

    def _news(self, choice: _Choice | None, delta: Delta) -> Iterator[Event]:
        note: dict[str, MetaValue] = {**(delta.note or {}), **(delta.usage or {})}
        if delta.finish_reason and choice is not None:
            self.finish_reasons[delta.choice] = delta.finish_reason
            yield from self._close_all(choice, delta.choice, ready=True)
            if delta.choice == 0:
                note["finish_reason"] = delta.finish_reason
        if note:
            yield Note(note)

    def _other(self, choice: _Choice, delta: Delta, kind: str) -> Iterator[Event]:
        """Text of any kind but content and tool; meta of its own makes a section of a kind without text, such as a file."""
        if (delta.text or delta.meta) and not (kind == "thinking" and choice.tag.blank):
            # White space that a provider sends before its reasoning may wait: it opens no answer.
            yield from self._release(choice, delta.choice)
        yield from self._grow(choice, delta.choice, kind, delta.text, delta.meta)
        if delta.final and choice.text is not None and choice.text.kind == kind:
            yield from self._close_text(choice)

    def _seal(self, choice: _Choice, delta: Delta) -> Iterator[Event]:
        """What a delta of content says beside its text."""
        if delta.meta:
            if choice.text is not None and choice.text.kind == "content":
                yield Amend(choice.text.at, delta.meta)
            else:
                choice.meta.update(delta.meta)
        if delta.final:
            yield from self._release(choice, delta.choice)
            if choice.text is not None and (choice.text.kind == "content" or choice.tag.thinking):
                yield from self._close_text(choice)

    def _grow(self, choice: _Choice, number: int, kind: str, text: str, meta: Meta | None) -> Iterator[Event]:
        """Text for the open section of `kind`, which is opened if another one is open."""
        if not text and not meta:
            return  # not a boundary either: some providers send an empty piece of reasoning beside every piece of content
        section = choice.text
        if section is not None and section.kind != kind:
            yield from self._close_text(choice)
            section = None
        if section is None:
            if kind == "content":
                meta, choice.meta = {**choice.meta, **(meta or {})}, {}
            section = choice.text = _Section(self._count, kind)
            yield self._open(kind, number, meta)
        elif meta:
            yield Amend(section.at, meta)
        yield from _append(section, section.repair.feed(text))

    def _open(self, kind: str, number: int, meta: Meta | None) -> Open:
        self._count += 1
        merged: dict[str, MetaValue] = {**({"choice": number} if number else {}), **(meta or {})}
        return Open(kind, merged or None)

    def _tool(self, choice: _Choice, delta: Delta) -> Iterator[Event]:
        yield from self._release(choice, delta.choice)
        yield from self._close_text(choice)
        tool = self._find(choice, delta)
        if tool is None:
            tool = _Tool(self._count, delta.index)
            choice.tools.append(tool)
            meta = {**self._identify(tool, delta), "state": "input", **(delta.meta or {})}
            yield self._open("tool", delta.choice, meta)
        elif meta := {**self._identify(tool, delta), **(delta.meta or {})}:
            yield Amend(tool.at, meta)
        tool.argued = tool.argued or bool(delta.text)
        yield from _append(tool, tool.repair.feed(delta.text))
        if delta.final:
            choice.tools.remove(tool)
            yield from _end_tool(tool, ready=True)

    @staticmethod
    def _find(choice: _Choice, delta: Delta) -> _Tool | None:
        """The open tool call that `delta` continues, None where it begins a new one."""
        if delta.index is not None:
            named = [t for t in reversed(choice.tools) if t.index == delta.index]
            tool = next((t for t in named if delta.id and t.id == delta.id), named[0] if named else None)
        elif delta.id:
            tool = next((t for t in reversed(choice.tools) if t.id == delta.id), None)
            if tool is None and choice.tools and not choice.tools[-1].id and not delta.name:
                tool = choice.tools[-1]  # the id came late
        else:
            tool = choice.tools[-1] if choice.tools else None
            if tool is not None and delta.name and tool.argued:
                tool = None  # a name after arguments: the next call of a provider that sends neither index nor id
        # Some providers send index 0 for every call: another whole id with a name is another call.
        if tool is not None and delta.id and tool.id and delta.name and delta.id != tool.id and tool.argued:
            return None
        return tool

    @staticmethod
    def _identify(tool: _Tool, delta: Delta) -> dict[str, MetaValue]:
        """What `delta` adds to the id and the name; they come whole, in pieces, or repeated with every delta."""
        news: dict[str, MetaValue] = {}
        if delta.id and delta.id != tool.id:
            tool.id += delta.id
            news["id"] = repaired(tool.id)
        if delta.name and delta.name != tool.name:
            tool.name += delta.name
            news["name"] = repaired(tool.name)
        return news

    def _release(self, choice: _Choice, number: int) -> Iterator[Event]:
        for kind, text in choice.tag.flush():
            yield from self._grow(choice, number, kind, text, None)

    @staticmethod
    def _close_text(choice: _Choice) -> Iterator[Event]:
        section, choice.text = choice.text, None
        if section is not None:
            yield from _append(section, section.repair.flush())
            yield Close(section.at)

    def _close_all(self, choice: _Choice, number: int, *, ready: bool) -> Iterator[Event]:
        yield from self._release(choice, number)
        yield from self._close_text(choice)
        tools, choice.tools = choice.tools, []
        for tool in tools:
            yield from _end_tool(tool, ready=ready)


def _end_tool(tool: _Tool, *, ready: bool) -> Iterable[Event]:
    yield from _append(tool, tool.repair.flush())
    yield Close(tool.at)
    if ready:
        yield Amend(tool.at, {"state": "ready"})


def _append(section: _Section, text: str) -> Iterator[Event]:
    if text:
        yield Append(section.at, text)
