"""Views come and go: after each change of page, cell, line or kernel the text is whole, Stop works and the file holds it.

Each test streams two answers in one cell: "one" goes on to its end, "two" is stopped by a click. Both wait at gates, so that
whatever a test does to the page it does in mid-stream.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Locator, expect

from e2e.harness import Host, Lab, Notebook
from e2e.proxy import Proxied
from e2e.server import Server
from provider import Answer, FakeProvider, Gate, Script

COUNTS: Final = "globalThis[Symbol.for('nbstream.page.1')].counts"
WORDS: Final = [f"word{i} " for i in range(300)]
WHOLE: Final = "".join(WORDS)
COMMAND: Final = "command => globalThis.jupyterapp.commands.execute(command)"
GONE: Final = re.compile("Kernel gone: text as far as it came|Stopped: the kernel was shut down")
"""What a view says whose kernel was shut down by somebody else: its last words may arrive, and may not."""
SECONDS: Final = 30_000
"""How long things may take on a busy machine, in milliseconds."""


class Streams:
    """A notebook whose cell 0 streams two answers; each has shown 20 words and waits at its gate."""

    def __init__(self, lab: Lab, provider: FakeProvider, name: str, *, host: Host = "lab", shared: bool = False) -> None:
        self.shared = shared
        self._provider = provider
        self._name = f"{name}-{host}"
        self._answer()
        self.notebook: Notebook = lab.open(
            "import nbstream as nb\n"
            f"one, two = (nb.stream('Go', model='openai/{self._name}-' + title, api_base='{provider.base('openai')}',\n"
            "             api_key='key', render='text', title=title) for title in ('one', 'two'))",
            "print('here again')",
            host=host,
            shared=shared,
        )
        self.notebook.run(0, wait=True)
        self.advance(21, "word19")

    def run_again(self) -> None:
        """Run the cell once more; the runs that go on, if any, do not pass through the new gates."""
        self._answer()
        self.notebook.run(0, wait=True)
        self.advance(21, "word19")

    def _answer(self) -> None:
        self.gates = {title: Gate() for title in ("one", "two")}
        self.scripts: dict[str, Script] = {}
        for title, gate in self.gates.items():
            self.scripts[title] = self._provider.script(f"{self._name}-{title}", Answer.of(WORDS), gate=gate)

    def advance(self, chunks: int, word: str, *within: Locator) -> None:
        """Let `chunks` more chunks pass, and wait until `word` is shown."""
        for title, gate in self.gates.items():
            gate.open(chunks)
            for place in within or (self.notebook.output(0),):
                expect(view(place, title)).to_contain_text(word, timeout=SECONDS)

    def stop(self, *within: Locator) -> None:
        """Stop "two" by a click in the first place; it is stopped at the provider and in every place."""
        places = within or (self.notebook.output(0),)
        view(places[0], "two").get_by_role("button", name="Stop", exact=True).click()
        connection = self.scripts["two"].connections[-1]
        connection.wait_closed(timeout=10)
        assert connection.closed_by == "client"
        for place in places:
            expect(view(place, "two")).to_have_attribute("data-status", "stopped", timeout=SECONDS)

    def finish(self, *within: Locator) -> None:
        """Let "one" go on to its end; every place shows what was said, exactly."""
        self.gates["one"].open_all()
        for place in within or (self.notebook.output(0),):
            expect(view(place, "one")).to_have_attribute("data-status", "done", timeout=SECONDS)
        assert self.notebook.value("one.content") == WHOLE
        for place in within or (self.notebook.output(0),):
            assert body(view(place, "one")) == WHOLE
            assert body(view(place, "two")) == self.notebook.value("two.content")
            expect(place.get_by_role("region")).to_have_count(2)
            expect(place).not_to_contain_text("model not found")
        assert self.notebook.value("[one._view.mismatches, two._view.mismatches]") == [0, 0]
        if not self.shared:
            counts: dict[str, Any] = self.notebook.page.evaluate(COUNTS)
            assert counts["mismatches"] == counts["illegal"] == 0

    def assert_saved(self, cell: int = 0, before: int = 0) -> None:
        """The saved file holds both answers, ended, and nothing that needs a widget; `before` them are older outputs."""
        islands = self.notebook.output(cell).locator(".nbs-island")
        expect(islands.nth(before)).to_contain_text("word299", timeout=SECONDS)
        for number in (before, before + 1):
            expect(islands.nth(number)).not_to_contain_text("streaming when saved", timeout=SECONDS)
        self.notebook.save()
        outputs = self.notebook.file()["cells"][cell]["outputs"][before:]
        assert [set(output["data"]) for output in outputs] == [{"text/html", "text/plain"}] * 2
        one, two = ("".join(output["data"]["text/plain"]) for output in outputs)
        assert WHOLE in one
        assert self.notebook.value("two.content") in two

    def live_on(self, *within: Locator, cell: int = 0, before: int = 0) -> None:
        """Stream on, stop one, finish the other, save."""
        self.advance(20, "word39", *within)
        self.stop(*within)
        self.finish(*within)
        self.assert_saved(cell, before)


def view(place: Locator, title: str) -> Locator:
    """The view called `title`."""
    return place.get_by_role("region", name=title, exact=True)


def body(shown: Locator) -> str:
    """The text of the answer in a view."""
    return shown.locator("[data-kind='content'] [data-part='body']").text_content() or ""


@pytest.mark.parametrize(("host", "saved"), [("lab", True), ("lab", False), ("notebook", False)])
def test_a_page_that_is_reloaded_in_mid_stream_goes_on(lab: Lab, provider: FakeProvider, host: Host, saved: bool) -> None:
    streams = Streams(lab, provider, f"reload-{saved}", host=host)
    if saved:
        streams.notebook.save()
    streams.notebook.reload()
    streams.live_on()


def test_an_answer_that_ended_while_its_page_was_gone_is_there_when_it_comes_back(lab: Lab, provider: FakeProvider) -> None:
    streams = Streams(lab, provider, "gone")
    notebook = streams.notebook
    notebook.page.goto("about:blank")
    for gate in streams.gates.values():
        gate.open_all()
    assert notebook.value("[one.wait().content, two.wait().content]") == [WHOLE, WHOLE]
    notebook.reload()
    streams.finish()
    streams.assert_saved()


def test_a_view_goes_with_its_cell_and_shows_in_every_output(lab: Lab, provider: FakeProvider) -> None:
    streams = Streams(lab, provider, "moved", shared=True)
    notebook = streams.notebook
    notebook.command_mode(0)
    notebook.page.evaluate(COMMAND, "notebook:move-cell-down")
    streams.advance(5, "word24", notebook.output(1))
    notebook.page.evaluate(COMMAND, "notebook:cut-cell")
    expect(notebook.page.locator(".jp-Notebook .jp-Cell")).to_have_count(1)
    notebook.page.evaluate(COMMAND, "notebook:paste-cell-below")
    streams.advance(5, "word29", notebook.output(1))
    notebook.page.evaluate(COMMAND, "notebook:create-output-view")
    streams.live_on(notebook.output(1), notebook.page.locator(".jp-LinkedOutputView"), cell=1)


def test_a_cleared_output_stays_clear_and_a_cell_that_is_run_again_shows_the_new_runs_alone(
    lab: Lab, provider: FakeProvider
) -> None:
    streams = Streams(lab, provider, "again", shared=True)
    notebook = streams.notebook
    old = list(streams.gates.values())
    notebook.execute("old = [one, two]")
    notebook.command_mode(0)
    notebook.page.evaluate(COMMAND, "notebook:clear-cell-output")
    notebook.execute("for s in old: s._view.island.refresh()")
    notebook.run(1, wait=True)  # what the kernel said before has arrived
    notebook.save()
    assert notebook.file()["cells"][0]["outputs"] == []
    streams.run_again()
    streams.advance(20, "word39")
    for gate in old:
        gate.open_all()
    assert notebook.value("[s.wait().content for s in old]") == [WHOLE, WHOLE]
    streams.stop()
    streams.finish()
    streams.assert_saved()


def restart(notebook: Notebook) -> None:
    """Restart the kernel as a person does."""
    notebook.command_mode(0)
    notebook.page.keyboard.press("0")
    notebook.page.keyboard.press("0")
    notebook.page.get_by_role("button", name="Confirm Kernel Restart").click()


def test_a_kernel_that_is_restarted_leaves_the_text_and_the_cell_can_be_run_again(lab: Lab, provider: FakeProvider) -> None:
    streams = Streams(lab, provider, "restart", shared=True)
    notebook = streams.notebook
    notebook.save()
    restart(notebook)
    for script in streams.scripts.values():
        script.connections[0].wait_closed(timeout=30)
    for title in ("one", "two"):
        shown = view(notebook.output(0), title)
        expect(shown).to_contain_text("word19")
        expect(shown.get_by_role("status")).to_contain_text("Kernel gone: text as far as it came")
        expect(shown.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    notebook.run(1, wait=True)
    expect(notebook.output(1)).to_contain_text("here again")
    streams.run_again()
    notebook.reload()  # to a file that knows the run before the restart alone
    streams.live_on(before=2)


def test_a_kernel_that_another_browser_restarts_is_noticed(lab: Lab, provider: FakeProvider, server: Proxied) -> None:
    streams = Streams(lab, provider, "restarted", shared=True)
    notebook = streams.notebook
    notebook.expected.append("Comm not found for comm id")  # JupyterLab, of one that is not ours
    server.api(f"kernels/{notebook.kernel_id}/restart", "POST")
    for title in ("one", "two"):
        shown = view(notebook.output(0), title)
        expect(shown.get_by_role("status")).to_have_text(GONE, timeout=SECONDS)
        expect(shown).to_contain_text("word19")


def test_two_browsers_on_one_kernel_show_the_same_and_either_can_stop(lab: Lab, provider: FakeProvider) -> None:
    streams = Streams(lab, provider, "browsers")
    streams.notebook.save()
    other = lab.open(path=streams.notebook.path)
    places = [other.output(0), streams.notebook.output(0)]
    streams.advance(20, "word39", *places)
    streams.stop(*places)
    streams.finish(*places)
    expect(other.output(0).locator(".nbs-island").first).to_contain_text("word299", timeout=SECONDS)
    streams.assert_saved()


def test_a_line_that_is_cut_is_told_of_and_a_stop_goes_out_when_it_is_back(
    lab: Lab, provider: FakeProvider, server: Proxied
) -> None:
    streams = Streams(lab, provider, "line", shared=True)
    notebook = streams.notebook
    notebook.expected.append("WebSocket connection to .* failed")
    one, two = (view(notebook.output(0), title) for title in ("one", "two"))
    server.proxy.sever()
    for gate in streams.gates.values():
        gate.open(20)
    for shown in (one, two):
        expect(shown.get_by_role("status")).to_contain_text("Reconnecting: text is", timeout=SECONDS)
        expect(shown).to_have_attribute("data-stale", "")
    two.get_by_role("button", name="Stop", exact=True).click()
    expect(two).to_have_attribute("data-status", "stopping")
    assert streams.scripts["two"].connections[-1].closed_at is None
    server.proxy.mend()
    streams.scripts["two"].connections[-1].wait_closed(timeout=10)
    expect(two).to_have_attribute("data-status", "stopped", timeout=SECONDS)
    expect(one).to_contain_text("word39", timeout=SECONDS)
    expect(one).not_to_have_attribute("data-stale", "")
    streams.finish()
    streams.assert_saved()


def test_a_server_that_is_restarted_leaves_the_text_and_the_views_say_so(
    provider: FakeProvider, browser: Browser, tmp_path: Path
) -> None:
    server = Server(tmp_path).start()
    lab = Lab(server, browser, "server")
    try:
        streams = Streams(lab, provider, "server")
        shown = view(streams.notebook.output(0), "one")
        server.stop()
        streams.scripts["one"].connections[0].wait_closed(timeout=30)
        expect(shown.get_by_role("status")).to_have_text(re.compile("text is|text as|shut down"), timeout=SECONDS)
        server.start()
        # By itself JupyterLab asks again after 10 to 30 s.
        streams.notebook.page.evaluate("() => void globalThis.jupyterapp.commands.execute('notebook:reconnect-to-kernel')")
        expect(shown.get_by_role("status")).to_have_text(GONE, timeout=90_000)
        expect(shown).to_contain_text("word19")
    finally:
        lab.close()
        server.stop()
