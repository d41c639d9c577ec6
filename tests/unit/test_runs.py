"""The table of the session's runs: every run, its figures, and nothing of a model's text that could do harm."""

from __future__ import annotations

import gc
import weakref

from nbstream import Runs, Stream, display_stream, fake, runs


def latest(count: int = 1) -> Runs:
    return runs()[-count:]


def test_a_run_is_listed_with_its_figures() -> None:
    usage = {"input_tokens": 1234, "output_tokens": 5, "cost_nanousd": 22_200_000}
    s = display_stream(fake("Hello", rate=None, ttft=0, usage=usage), title="greeting", wait=True, display=False)
    row = latest()[0]
    assert (row.id, row.title, row.model, row.status, row.reason) == (s._run.id, "greeting", "fake", "done", "stop")
    assert (row.input_tokens, row.output_tokens, row.estimated, row.cost) == (1234, 5, False, 0.0222)
    assert row.ttft is not None
    assert row.duration == s.metrics.duration
    assert "1,234" in repr(latest())
    assert "$0.0222" in repr(latest())


def test_a_run_that_goes_on_has_the_figures_of_now() -> None:
    with Stream("agent", display=False) as s:
        s.text_delta("x" * 40)
        for event in s:
            if event.type == "append":
                break
        row = latest()[0]
        assert (row.title, row.status, row.output_tokens) == ("agent", "streaming", 10)
    assert latest()[0].status == "done"


def test_how_a_run_ended_is_said() -> None:
    display_stream(fake("x", error="broken", rate=None, ttft=0), wait=True, display=False)
    display_stream(fake("x", rate=None, ttft=0), stop_when=lambda t: True, wait=True, display=False)
    assert [(row.status, row.reason) for row in latest(2)] == [("error", "provider"), ("stopped", "condition")]
    assert "error (provider)" in repr(latest(2))


def test_the_last_line_adds_up() -> None:
    for _ in range(2):
        usage = {"input_tokens": 10, "output_tokens": 600, "cost_nanousd": 1_000_000}
        display_stream(fake("x", rate=None, ttft=0, usage=usage), wait=True, display=False)
    total = repr(latest(2)).splitlines()[-1].split()
    assert total == ["total", "2", "runs", "20", "1,200", "$0.0020"]
    assert latest(2).cost == 0.002


def test_estimates_are_marked() -> None:
    display_stream(fake("x" * 40, rate=None, ttft=0), wait=True, display=False)
    assert "~10" in repr(latest())


def test_the_rows_are_plain_dicts() -> None:
    display_stream(fake("x", rate=None, ttft=0), wait=True, display=False)
    (row,) = latest().to_rows()
    assert row["status"] == "done"
    assert set(row) >= {"started", "model", "ttft", "duration", "input_tokens", "output_tokens", "cost"}


def test_nothing_in_the_table_is_markup_or_hidden() -> None:
    title = "<img src=x onerror=alert(1)>\n\x1b[31m|\u202eevil"
    display_stream(fake("x", rate=None, ttft=0), title=title, wait=True, display=False)
    table = latest()._repr_html_()
    assert "<img" not in table
    assert "&lt;img" in table
    for shown in (table, repr(latest())):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
    assert len(repr(latest()).splitlines()) == 2


def test_an_empty_table_says_so() -> None:
    assert repr(Runs([])) == "no runs yet"
    assert "no runs yet" in Runs([])._repr_html_()
    assert Runs([]).cost is None


def test_the_table_keeps_no_text_of_a_run_that_has_ended() -> None:
    s = display_stream(fake("x", rate=None, ttft=0), wait=True, display=False)
    run, number = weakref.ref(s._run), s._run.id
    del s
    for _ in range(5):
        gc.collect()
        if run() is None:
            break
    assert run() is None
    assert number in [row.id for row in runs()]
