"""The sectioner: from deltas to events, the one place where boundaries are decided.

Belongs here: which section a delta grows, when a section opens and closes, tool calls by index. Does not belong here: what a
provider calls things (`sources/`), time (`_run`), how a section looks (the views).

Per choice there is at most one open section of text (thinking, content, …) and any number of open tool calls: a change of kind
closes the text section, so that thinking, content, tool, thinking keep their order. Tool sections stay open until the choice
finishes or the source says that one is final, because providers interleave the arguments of parallel calls.

An agent calls a model several times: each call is a step, which the sections of every step but the first say (`step`, from 2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from nbstream._calls import Call, OpenSection, continued, meant
from nbstream._events import Amend, Append, Delta, Event, Meta, MetaValue, Note, Open
from nbstream._text import ThinkTag, repaired, repaired_meta

_TEXTS: Final = ("content", "thinking")


class _Choice:
    __slots__ = ("calls", "meta", "tag", "text")

    def __init__(self) -> None:
        self.meta: dict[str, MetaValue] = {}  # of content that has not opened yet
        self.tag = ThinkTag()
        self.text: OpenSection | None = None
        self.calls: list[Call] = []


class Sectioner:
    """Turns deltas into events. `feed` and `finish` return the events to apply, in order.

    Attributes:
        finish_reasons: by choice, in OpenAI's words, as far as the provider has sent them.
        choices: the choices that have been seen.
        complete: whether the source said that the stream is whole, which then needs no finish reason.
    """

    def __init__(self, sections: int = 0) -> None:
        """Begin after `sections` sections that the transcript already holds."""
        self.finish_reasons: dict[int, str] = {}
        self.complete = False
        self._count = sections
        self._steps = 1
        self._calls: list[Call] = []
        self._result_of: tuple[MetaValue, MetaValue] = ("", "")
        self._choices: dict[int, _Choice] = {}

    @property
    def choices(self) -> tuple[int, ...]:
        """The indices of the choices that have been seen, in order of appearance."""
        return tuple(self._choices)

    def feed(self, delta: Delta) -> list[Event]:
        """Return the events that `delta` means."""
        if (more := self._more(delta)) is not None:
            return more
        if delta.kind == "phase":
            return [Note({"phase": repaired(delta.text)})]
        if delta.meta or delta.note or delta.finish_reason:
            reason = repaired(delta.finish_reason) if delta.finish_reason else None
            delta = replace(delta, meta=repaired_meta(delta.meta), note=repaired_meta(delta.note), finish_reason=reason)
        if delta.kind == "step":
            return list(self._step())
        if delta.kind == "state":
            return list(self._state(delta))
        self.complete = self.complete or (delta.final and not delta.kind)
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
                case "result":
                    events += self._result(choice, delta)
                case kind:
                    events += self._other(choice, delta, kind)
        return [*events, *self._news(choice, delta)]

    def _more(self, delta: Delta) -> list[Event] | None:
        """What nearly every delta is: more text of the section that is open, and nothing beside it; None for all others."""
        choice = self._choices.get(delta.choice)
        if choice is None or (section := choice.text) is None or section.kind != delta.kind or delta.kind not in _TEXTS:
            return None
        if not choice.tag.settled or delta.final or delta.meta or delta.note or delta.usage or delta.finish_reason:
            return None
        text = section.repair.feed(delta.text)
        return [Append(section.at, text)] if text else []

    def finish(self) -> list[Event]:
        """Return the events that release what is held and close what is open: nothing more will come.

        A tool call that is cut short here keeps the state `input`, which tells it from one that is whole; in a stream that is
        complete all are whole.
        """
        whole = self.complete
        return [event for number, choice in self._choices.items() for event in self._close_all(choice, number, ready=whole)]

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
            section = choice.text = OpenSection(self._count, kind)
            yield self._open(kind, number, meta)
        elif meta:
            yield Amend(section.at, meta)
        yield from section.append(section.repair.feed(text))

    def _open(self, kind: str, number: int, meta: Meta | None) -> Open:
        self._count += 1
        merged: dict[str, MetaValue] = {
            **({"choice": number} if number else {}),
            **({"step": self._steps} if self._steps > 1 else {}),
            **(meta or {}),
        }
        return Open(kind, merged or None)

    def _tool(self, choice: _Choice, delta: Delta, *, new: bool = False) -> Iterator[Event]:
        yield from self._release(choice, delta.choice)
        yield from self._close_text(choice)
        call = None if new else continued(choice.calls, delta)
        if call is None:
            call = Call(self._count, delta.index)
            choice.calls.append(call)
            self._calls.append(call)
            meta = {**call.identify(delta), "state": "input", **(delta.meta or {})}
            call.state = str(meta["state"])
            yield self._open("tool", delta.choice, meta)
        else:
            yield from call.amend({**call.identify(delta), **(delta.meta or {})})
        call.argued = call.argued or bool(delta.text)
        yield from call.append(call.repair.feed(delta.text))
        if delta.final:
            choice.calls.remove(call)
            yield from call.end(ready=True)

    def _result(self, choice: _Choice, delta: Delta) -> Iterator[Event]:
        """What a tool gave back: a section of its own, however calls and answers interleave."""
        said: dict[str, MetaValue] = {"id": delta.id or "", "name": delta.name or "", **(delta.meta or {})}
        opened = choice.text is not None and choice.text.kind == "result"
        if not opened or ((said["id"] or said["name"]) and self._result_of != (said["id"], said["name"])):
            yield from self._close_text(choice)
            self._result_of, opened = (said["id"], said["name"]), False
        call = meant(self._calls, *map(str, self._result_of))
        if call is not None:
            said |= {"id": call.id, "name": call.name}
        meta = delta.meta if opened else {k: v for k, v in said.items() if v}
        yield from self._other(choice, replace(delta, meta=repaired_meta(meta) or None), "result")
        if call is not None and (delta.final or "state" in said):
            yield from call.amend({"state": said.get("state", "ok" if call.state != "bad" else "bad")})

    def _state(self, delta: Delta) -> Iterator[Event]:
        """More meta of a call; a question about one that was not streamed brings its arguments, and makes a section of it."""
        meta = repaired_meta(delta.meta)
        asked = meta.get("approval")
        call = next((c for c in self._calls if asked and c.approval == asked), None)
        if call is None:
            fresh = [c for c in self._calls if c.state in ("input", "ready")] if asked else self._calls
            call = meant(fresh, delta.id or "", delta.name or "") if delta.id or delta.name else None
        if call is None and delta.text:
            choice = self._choices.setdefault(delta.choice, _Choice())
            yield from self._tool(choice, replace(delta, kind="tool", meta=None, final=True, index=None), new=True)
            call = self._calls[-1]
        if call is not None:
            yield from call.amend(meta)

    def _step(self) -> Iterator[Event]:
        """A new call of a model begins: what is open ends here, and the choices begin anew."""
        for number, choice in self._choices.items():
            yield from self._close_all(choice, number, ready=number in self.finish_reasons)
        if self._choices:
            self._steps += 1
        if self.finish_reasons.get(0):
            yield Note({"finish_reason": ""})
        self._choices.clear()
        self.finish_reasons.clear()

    def _release(self, choice: _Choice, number: int) -> Iterator[Event]:
        for kind, text in choice.tag.flush():
            yield from self._grow(choice, number, kind, text, None)

    @staticmethod
    def _close_text(choice: _Choice) -> Iterator[Event]:
        section, choice.text = choice.text, None
        if section is not None:
            yield from section.close()

    def _close_all(self, choice: _Choice, number: int, *, ready: bool) -> Iterator[Event]:
        yield from self._release(choice, number)
        yield from self._close_text(choice)
        calls, choice.calls = choice.calls, []
        for call in calls:
            yield from call.end(ready=ready)
