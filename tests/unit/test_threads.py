"""Threads end with the process: at once, silently, with what was running stopped."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import textwrap
import time


def script(code: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run `code` in a fresh interpreter; return the result and how long it ran after it printed its last line."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        started = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
        )
        with started:
            output = started.stdout.readline()  # type: ignore[union-attr]  # reason: it is a pipe
            mark = time.monotonic()
            output += started.stdout.read()  # type: ignore[union-attr]  # reason: it is a pipe
            returned = started.wait(60)
        errors.seek(0)
        return subprocess.CompletedProcess([], returned, output, errors.read()), time.monotonic() - mark


def test_a_running_stream_does_not_keep_the_process_alive() -> None:
    result, seconds = script(
        """
        import nbstream as nb
        s = nb.display_stream(nb.fake("word " * 5000, rate=20, ttft=0), display=False, wait=False)
        for event in s:
            if event.type == "append":
                break
        print("ready", flush=True)
        """
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "ready\n", "")
    assert seconds < 2


def test_the_end_of_the_process_is_a_stop_with_its_reason() -> None:
    result, _ = script(
        """
        import atexit
        import nbstream as nb
        atexit.register(lambda: None)
        s = nb.display_stream(nb.fake("word " * 5000, rate=20, ttft=0), display=False, wait=False)
        print("ready", flush=True)
        import nbstream._threads as threads
        threads._leave()
        print(s.status, s.stopped_by)
        """
    )
    assert result.stdout == "ready\nstopped shutdown\n"


def test_a_child_process_after_a_fork_has_a_loop_of_its_own() -> None:
    result, _ = script(
        """
        import os, warnings
        warnings.simplefilter("ignore")
        import nbstream as nb
        def play():
            return nb.display_stream(nb.fake("hello", rate=None, ttft=0), display=False).wait(10).content
        print(play(), flush=True)
        child = os.fork()
        if child == 0:
            print(play(), flush=True)
            os._exit(0)
        print(os.waitpid(child, 0)[1])
        """
    )
    assert result.stdout.split() == ["hello", "hello", "0"], result.stderr


def test_outside_a_kernel_text_goes_to_stdout_and_the_call_returns_after_the_end() -> None:
    result, _ = script(
        """
        import nbstream as nb
        s = nb.display_stream(nb.fake("Hello there", thinking="Greet them.", rate=None, ttft=0))
        assert s.status == "done", s.status
        """
    )
    assert result.returncode == 0, result.stderr
    assert "Hello there" in result.stdout
    assert "Greet them." in result.stdout
    assert result.stderr == ""


def test_a_closed_pipe_does_not_break_the_run() -> None:
    result, _ = script(
        """
        import os, sys
        import nbstream as nb
        print("ready", flush=True)
        reader, writer = os.pipe()
        os.close(reader)
        sys.stdout = os.fdopen(writer, "w")
        s = nb.display_stream(nb.fake("Hello " * 100, rate=None, ttft=0))
        sys.stderr.write(s.status)
        sys.stderr.flush()
        os._exit(0)
        """
    )
    assert result.stderr == "done"


def test_leaving_while_litellm_is_imported_does_not_wait_for_it() -> None:
    result, seconds = script(
        """
        import nbstream as nb
        s = nb.stream("Hello", display=False, wait=False)
        for event in s:
            if event.meta.get("phase") == "loading":
                break
        print("ready", flush=True)
        """
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "ready\n", "")
    assert seconds < 2
