"""Stdout: its encoding, its buffer, its end, and a whole program that writes to it."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

from chunking import events_of
from nbstream._events import Append, Delta, End, Open
from nbstream._terminal import Terminal, TerminalPrinter
from nbstream._transcript import Transcript

DONE = End("done", "stop")


@pytest.mark.parametrize(("encoding", "expected"), [("ascii", "na?ve ? ?[0m\n"), ("cp1252", "naïve ? ?[0m\n")])
def test_characters_that_stdout_lacks_become_question_marks(encoding: str, expected: str) -> None:
    raw = io.BytesIO()
    with contextlib.redirect_stdout(io.TextIOWrapper(raw, encoding=encoding, newline="\n")):
        printer = TerminalPrinter()
    for event in [*events_of([Delta("content", "naïve 漢 \x1b[0m")]), DONE]:
        printer(0, event)
    assert raw.getvalue().decode(encoding) == expected


def test_each_piece_is_flushed() -> None:
    raw = io.BytesIO()
    with contextlib.redirect_stdout(io.TextIOWrapper(raw, encoding="utf-8")):
        printer = TerminalPrinter()
    printer(0, Open("content"))
    printer(0, Append(0, "now"))
    assert raw.getvalue() == b"now"


def test_a_closed_pipe_ends_the_writing_and_not_the_run() -> None:
    reader, writer = os.pipe()
    pipe = os.fdopen(writer, "w")
    with contextlib.redirect_stdout(pipe):
        terminal = Terminal(transcript := Transcript())
    os.close(reader)
    for event in [*events_of([Delta("content", "nobody reads this")]), DONE]:
        transcript.apply(event)
    terminal.join(10)
    assert transcript.content == "nobody reads this"
    with pytest.raises(BrokenPipeError):
        pipe.close()


def test_a_closed_stdout_ends_the_writing_and_not_the_run() -> None:
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        printer = TerminalPrinter()
    stream.close()
    transcript = Transcript()
    transcript.subscribe(printer)
    transcript.apply(Open("content"))
    transcript.apply(Append(0, "x"))
    assert transcript.content == "x"


PROGRAM = """
    import asyncio, os, sys
    import nbstream as nb
    from nbstream._events import Delta
    from nbstream._threads import in_thread

    class Asked:
        title = "asked"
        repeatable = False

        async def deltas(self):
            yield [Delta("content", "Hello ")]
            await in_thread(lambda: sys.stdin.readline(), "asked")
            yield [Delta("content", "wörld " * 10_000)]
            yield [Delta(finish_reason="stop")]

    s = nb.display_stream(Asked())
    print(s.status, len(s.content), file=sys.stderr, flush=True)
    os._exit(0)  # what Python itself says of a closed stdout is not the matter
"""


@pytest.fixture
def program() -> Iterator[subprocess.Popen[bytes]]:
    """A program outside a kernel whose stream waits for a line on its stdin after its first piece."""
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env={**os.environ, "PYTHONIOENCODING": "utf-8"}
    ) as child:
        yield child
        child.kill()


def test_a_program_writes_its_answer_as_it_comes(program: subprocess.Popen[bytes]) -> None:
    assert program.stdout is not None
    assert program.stdout.read(6) == b"Hello "
    assert program.poll() is None, "the stream still waits"
    out, err = program.communicate(b"go on\n", timeout=60)
    assert (out.decode(), err.decode()) == ("wörld " * 10_000 + "\n", "done 60006\n")


def test_a_program_whose_reader_leaves_takes_its_answer_all_the_same(program: subprocess.Popen[bytes]) -> None:
    assert program.stdout is not None
    assert program.stdin is not None
    assert program.stderr is not None
    assert program.stdout.read(6) == b"Hello "
    program.stdout.close()
    program.stdin.write(b"go on\n")
    program.stdin.flush()
    assert program.stderr.read().decode() == "done 60006\n"
