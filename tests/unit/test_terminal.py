"""The terminal: plain text as it arrives, in order, harmless to what shows it and to the run."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Sequence

import pytest

from chunking import events_of, every_way, fold
from corpora import texts
from nbstream._events import Amend, Append, Close, Delta, End, Event, Note, Open
from nbstream._terminal import Terminal, TerminalPrinter
from nbstream._transcript import Transcript
from nbstream._visible import reveal

DONE = End("done", "stop")


def written(events: Sequence[Event]) -> str:
    pieces: list[str] = []
    transcript = Transcript()
    transcript.subscribe(TerminalPrinter(pieces.append))
    for event in events:
        transcript.apply(event)
    return "".join(pieces)


def shown(deltas: Sequence[Delta], *more: Event) -> str:
    """What is written, which must not depend on how the provider cut its text."""
    expected = written([*events_of(deltas), *(more or (DONE,))])
    for name, way in every_way(deltas):
        assert written([*events_of(way), *(more or (DONE,))]) == expected, f"cut {name}"
    return expected


def tool(text: str, index: int, name: str | None = None) -> Delta:
    return Delta("tool", text, index=index, name=name)


def test_an_answer_alone_is_all_that_is_written() -> None:
    assert shown([Delta("content", "Hello\nworld")]) == "Hello\nworld\n"
    assert shown([Delta("content", "Hello\n")]) == "Hello\n"
    assert shown([]) == ""


def test_labels_stand_at_the_boundaries() -> None:
    deltas = [
        Delta("thinking", "Hm.\n"),
        Delta("content", "Look:"),
        tool('{"city": "Oslo"}', 0, "get_weather"),
        Delta(finish_reason="tool_calls"),
        Delta("content", "Rain."),
    ]
    assert shown(deltas) == ('Thinking:\nHm.\n\nAnswer:\nLook:\n\nTool call get_weather: {"city": "Oslo"}\n\nAnswer:\nRain.\n')


def test_text_is_written_as_it_arrives() -> None:
    pieces: list[str] = []
    transcript = Transcript()
    transcript.subscribe(TerminalPrinter(pieces.append))
    transcript.apply(Open("content"))
    for piece in ("Hel", "lo", " you"):
        transcript.apply(Append(0, piece))
        assert pieces[-1] == piece


def test_parallel_calls_do_not_mix() -> None:
    deltas = [tool('{"a"', 0, "first"), tool('{"b"', 1, "second"), tool(": 1}", 0), tool(": 2}", 1)]
    assert shown(deltas) == 'Tool call first: {"a": 1}\n\nTool call second: {"b": 2}\n'


def test_choices_do_not_mix() -> None:
    deltas = [Delta("content", text, choice=choice) for text, choice in (("a", 0), ("x", 1), ("b", 0), ("y", 1))]
    assert shown(deltas) == "ab\n\nAnswer of choice 1:\nxy\n"


def test_text_does_not_wait_for_a_call_that_stays_open() -> None:
    before = written([Open("tool", {"name": "f"}), Append(0, "{}"), Open("content"), Append(1, "Meanwhile")])
    assert before == "Tool call f: {}\n\nAnswer:\nMeanwhile"
    after = written(
        [Open("tool", {"name": "f"}), Append(0, "{"), Open("content"), Append(1, "Meanwhile"), Append(0, "}"), DONE]
    )
    assert after == "Tool call f: {\n\nAnswer:\nMeanwhile\n\nTool call f, continued: }\n"


def test_a_name_may_come_late_or_never() -> None:
    late = [Open("tool"), Append(0, "{"), Amend(0, {"name": "get_weather"}), Append(0, "}"), Close(0), DONE]
    assert written(late) == "Tool call get_weather: {}\n"
    assert written([Open("tool"), Append(0, "{}"), Close(0), DONE]) == "Tool call: {}\n"


@pytest.mark.parametrize(
    ("end", "last"),
    [
        (End("stopped", "user"), "\n\nStopped by you after ~2 tokens\n"),
        (End("truncated"), "\n\nCut off: the provider ended without a finish reason\n"),
        (End("error", error={"code": "auth", "message": "No key", "hint": "Set it."}), "\n\nError: No key\n\nSet it.\n"),
        (End("stopped", "shutdown"), "\n"),
        (End("done", "length"), "\n"),
    ],
)
def test_only_what_did_not_end_well_is_said(end: End, last: str) -> None:
    events = [*events_of([Delta("content", "partial")]), Note({"output_tokens": 2, "estimated": True}), end]
    assert written(events) == f"partial{last}"


def test_a_stop_after_text_of_unknown_length_does_not_deny_the_text() -> None:
    stopped = End("stopped", "user")
    assert written([Open("content"), Append(0, "x"), Append(0, "y"), stopped]) == "xy\n\nStopped by you\n"
    assert written([stopped]) == "Stopped by you before the first token\n"


def test_an_error_section_is_not_told_twice() -> None:
    error = End("error", error={"code": "auth", "message": "No key", "hint": "Set it."})
    assert written([Open("error"), Append(0, "No key"), Close(0), error]) == "Error: No key\n\nSet it.\n"


@pytest.mark.parametrize("name", ["unicode_smuggling", "naughty_strings", "trojan_source"])
def test_no_text_steers_the_terminal(name: str) -> None:
    for text in texts(name):
        deltas = [Delta("thinking", text), tool(text, 0, text or "f"), Delta(finish_reason="stop"), Delta("content", text)]
        failed = End("error", error={"code": "x", "message": text, "hint": text})
        whole = written([*events_of(deltas), failed])
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", whole)
        assert reveal(text) in whole


def test_a_line_end_that_is_cut_is_one() -> None:
    assert shown([Delta("content", "10 %\r\n20 %\rdone")]) == "10 %\n20 %\ndone\n"


def test_a_terminal_that_comes_late_writes_the_whole() -> None:
    deltas = [Delta("thinking", "a"), Delta("content", "b"), tool("{", 0, "f"), tool("[", 1, "g"), tool("}", 0), tool("]", 1)]
    events = [Note({"model": "m"}), *events_of(deltas), End("stopped", "user")]
    for at in range(len(events) + 1):
        transcript, pieces = fold(events[:at]), list[str]()
        terminal = Terminal(transcript, pieces.append)
        for event in events[at:]:
            transcript.apply(event)
        terminal.join(10)
        assert "".join(pieces) == written(events), f"after {at} events"


def test_what_happens_while_a_terminal_begins_is_written_once() -> None:
    class Moment(contextlib.AbstractContextManager[None]):
        """A lock that another thread takes just before the terminal can."""

        event: Event | None = None

        def __exit__(self, *_: object) -> None:
            pass

        def __enter__(self) -> None:
            event, self.event = self.event, None
            if event is not None:
                transcript.apply(event)

    transcript, pieces = Transcript(lock=(moment := Moment())), list[str]()
    transcript.apply(Open("content"))
    moment.event = Append(0, "once")
    terminal = Terminal(transcript, pieces.append)
    transcript.apply(DONE)
    terminal.join(10)
    assert "".join(pieces) == "once\n"


def test_a_terminal_that_is_held_up_does_not_hold_up_the_run() -> None:
    go, pieces = threading.Event(), list[str]()

    def write(text: str) -> None:
        assert go.wait(10)
        pieces.append(text)

    transcript = Transcript()
    terminal = Terminal(transcript, write)
    for event in [*events_of([Delta("content", "x")]), DONE]:
        transcript.apply(event)
    assert pieces == []
    go.set()
    terminal.join(10)
    assert pieces == ["x", "\n"]
