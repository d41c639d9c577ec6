"""Whether the shell can hear: told by its cells and by its loop, in an IPython without a kernel."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from nbstream import _host


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """An IPython of our own."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_a_shell_that_runs_no_cell_hears(shell: InteractiveShell) -> None:
    watched = _host.Shell()
    assert watched.was_free()
    assert watched.was_free()


def test_a_shell_hears_nothing_while_a_cell_runs_and_something_again_after_it(shell: InteractiveShell) -> None:
    watched = _host.Shell()
    shell.user_ns.update(watched=watched, seen=[])
    assert watched.was_free()
    shell.run_cell("watched.was_free(); seen.append(watched.was_free())")
    assert shell.user_ns["seen"] == [False]
    watched.was_free()  # what was answered in the cell
    assert watched.was_free()


def test_a_cell_that_raises_has_ended_too(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    watched = _host.Shell()
    shell.run_cell("1 / 0")
    assert "ZeroDivisionError" in capsys.readouterr().out
    watched.was_free()
    assert watched.was_free()


def test_what_nobody_asks_any_more_leaves_no_callback_behind(shell: InteractiveShell) -> None:
    before = {name: list(callbacks) for name, callbacks in shell.events.callbacks.items()}
    watched = [_host.Shell() for _ in range(10)]
    assert len(shell.events.callbacks["pre_execute"]) == len(before["pre_execute"]) + 10
    del watched
    gc.collect()
    shell.run_cell("pass")
    shell.run_cell("pass")
    assert {name: list(callbacks) for name, callbacks in shell.events.callbacks.items()} == before


def test_without_ipython_there_is_a_shell_that_hears() -> None:
    assert _host.Shell().was_free()
