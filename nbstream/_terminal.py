"""The terminal: outside a kernel a stream is written to stdout as its text arrives.

Belongs here: labels between sections, their order, and what a terminal or a pipe does not bear. Does not belong here: colours,
a line that is redrawn.

Text is written in transcript order: what a later section gets while an earlier one is open (parallel tool calls, other choices)
waits until that one is closed, except that text which follows an open tool call is written at once. An answer that comes alone
has no label, so that a program's output is the answer. Control characters of the model never reach the terminal (`_visible`).
"""

from __future__ import annotations

import contextlib
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Final

from nbstream import _threads, _words
from nbstream._codec import decode
from nbstream._events import Amend, Append, Close, End, Event, Note, Open, Wire
from nbstream._transcript import Section, Transcript
from nbstream._visible import Revealer, reveal

Write = Callable[[str], object]
EXIT_SECONDS: Final = 0.3


class _Shown:
    """A section, as far as it is written."""

    __slots__ = ("closed", "held", "labelled", "revealer", "section")

    def __init__(self, section: Section) -> None:
        self.section = section
        self.closed = False
        self.labelled = False
        self.held: list[str] = []
        self.revealer = Revealer()


class TerminalPrinter:
    """A subscriber that writes the events of a transcript, from its first one on, as plain text.

    `write` takes text; the default writes to what `sys.stdout` is now and flushes it. Characters that its encoding lacks become
    question marks. Once it raises OSError (the reader of a pipe is gone) or says that it is closed, nothing more is written:
    the run goes on.
    """

    def __init__(self, write: Write | None = None) -> None:
        self._write: Write | None = write if write is not None else _stdout()
        self._transcript = Transcript()
        self._shown: list[_Shown] = []
        self._pending: list[int] = []
        self._current: int | None = None
        self._last = -1  # the section that was written last
        self._fresh = True  # nothing written yet
        self._tail = ""  # the last two characters that were written

    def __call__(self, seq: int, event: Event) -> None:
        """Take the next event."""
        if type(event) is not Append or not self._transcript.sections[event.at].length:
            self._transcript.apply(event)  # of a text, that there is one is enough: what was written need not be kept
        match event:
            case Open():
                self._opened()
            case Append(at=at, text=text):
                self._shown[at].held.append(text)
                self._advance(at)
            case Amend(at=at):
                self._advance(at)
            case Close(at=at):
                self._shown[at].closed = True
                self._advance(at)
            case End():
                self._ended(event)
            case Note():
                pass

    def _opened(self) -> None:
        at = len(self._shown)
        self._shown.append(_Shown(self._transcript.sections[at]))
        self._pending.append(at)
        if self._current is None or self._gives_way(self._shown[self._current].section, self._shown[at].section):
            self._current = at
        self._advance(at)

    @staticmethod
    def _gives_way(tool: Section, text: Section) -> bool:
        return tool.kind == "tool" != text.kind and tool.meta.get("choice", 0) == text.meta.get("choice", 0)

    def _advance(self, at: int) -> None:
        """Write what can be written now, after news of section `at`."""
        while at == self._current:
            shown = self._shown[at]
            self._emit(at, shown)
            if not shown.closed:
                return
            self._pending.remove(at)
            if not self._pending:
                self._current = None
                return
            self._current = at = self._pending[0]

    def _emit(self, at: int, shown: _Shown) -> None:
        nameless = shown.section.kind == "tool" and not shown.section.meta.get("name")
        if (not shown.held or nameless) and not shown.closed:
            return  # a tool's name may come late
        text = shown.revealer.feed("".join(shown.held))
        shown.held.clear()
        if shown.closed:
            text += shown.revealer.flush()
        if not shown.labelled:
            shown.labelled = True
            self._put(self._label(shown.section, text))
        elif self._last != at and text:
            self._put(f"{self._margin()}{reveal(_words.heading(shown.section))}, continued: ")
        self._last = at
        self._put(text)

    def _label(self, section: Section, text: str) -> str:
        if section.kind == "content" and self._fresh and not section.meta.get("choice"):
            return ""
        apart = "\n" if section.kind in ("thinking", "content") else " "
        return f"{self._margin()}{reveal(_words.heading(section))}:{apart if text else ''}"

    def _margin(self) -> str:
        """The newlines that make an empty line before what comes next."""
        return "" if self._fresh else "\n" * (2 - len(self._tail) + len(self._tail.rstrip("\n")))

    def _ended(self, end: End) -> None:
        for shown in self._shown:
            shown.closed = True
        while self._pending:
            self._current = self._pending[0]
            self._advance(self._current)
        if end.status != "done" and end.reason != "shutdown":
            told = any(shown.section.kind == "error" for shown in self._shown)
            lines = ["" if told else _words.status(self._transcript), _words.hint(end)]
            for line in filter(None, lines):
                self._put(f"{self._margin()}{reveal(line)}")
        if not self._fresh and not self._tail.endswith("\n"):
            self._put("\n")

    def _put(self, text: str) -> None:
        if not text or self._write is None:
            return
        self._fresh = False
        self._tail = (self._tail + text[-2:])[-2:]
        try:
            try:
                self._write(text)
            except UnicodeEncodeError as error:
                self._write(text.encode(error.encoding, "replace").decode(error.encoding))
        except OSError:
            self._write = None  # the reader of the pipe is gone
        except ValueError as error:
            if "closed" not in str(error):
                raise
            self._write = None


class Terminal:
    """Writes a run to stdout from a thread of its own: a terminal that is held up does not hold up the run.

    It begins with what `transcript` already holds.
    """

    def __init__(self, transcript: Transcript, write: Write | None = None) -> None:
        self._printer = TerminalPrinter(write)
        self._events: SimpleQueue[tuple[int, Event]] = SimpleQueue()
        unsubscribe = transcript.subscribe(lambda seq, event: self._events.put((seq, event)))
        state = transcript.snapshot()
        self._thread = threading.Thread(target=self._work, args=(state, unsubscribe), name="nbstream-terminal", daemon=True)
        self._thread.start()
        _terminals.add(self)

    def join(self, timeout: float | None = None) -> None:
        """Wait until all is written, the end included; `timeout` is in seconds."""
        self._thread.join(timeout)

    def _work(self, state: Wire, unsubscribe: Callable[[], None]) -> None:
        with contextlib.ExitStack() as stack:
            stack.callback(unsubscribe)
            ended = False
            for event in _events(state):
                self._printer(0, event)
                ended = type(event) is End
            while not ended:
                seq, event = self._events.get()
                if seq > state["seq"]:  # the snapshot has the others
                    self._printer(seq, event)
                    ended = type(event) is End


_terminals: weakref.WeakSet[Terminal] = weakref.WeakSet()


def _events(state: Wire) -> Iterator[Event]:
    """The events that a snapshot is the sum of."""
    yield Note(state["meta"])
    for at, section in enumerate(state["sections"]):
        yield Open(section["kind"], section["meta"])
        if section["text"]:
            yield Append(at, section["text"])
    for at, section in enumerate(state["sections"]):
        if section["closed"]:
            yield Close(at)
    if "end" in state:
        yield decode({"op": "end", **state["end"]})


def _stdout() -> Write | None:
    stream = sys.stdout

    def write(text: str) -> None:
        stream.write(text)
        stream.flush()

    return None if stream is None else write


def _farewell() -> None:
    # A daemon thread that holds the lock of stdout when Python ends is a fatal error.
    for terminal in tuple(_terminals):
        terminal.join(EXIT_SECONDS)


_threads.at_exit(_farewell)
