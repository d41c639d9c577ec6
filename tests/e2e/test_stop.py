"""Stop means stopped: the provider's socket is closed, the partial answer is kept, the view says so."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Locator, expect

from e2e.harness import Lab, Notebook
from e2e.stopping import in_time, mark, marked
from provider import Answer, Connection, FakeProvider, Script, faults

WORDS = [f"word{i} " for i in range(1000)]
MORE_CHUNKS = 10

_UNDER = """([x, y]) => { let found = document.elementFromPoint(x, y);
  while (found?.shadowRoot) found = found.shadowRoot.elementFromPoint(x, y);
  return found.closest('button')?.textContent ?? null }"""


def start(lab: Lab, provider: FakeProvider, script_name: str, **knobs: object) -> tuple[Notebook, Script]:
    """A notebook whose cell 0 streams 1,000 words at 50 a second (or as `knobs` say)."""
    script = provider.script(script_name, Answer.of(WORDS), **{"rate": 50, **knobs})  # type: ignore[arg-type]  # reason: knobs of the provider
    code = (
        "import nbstream as nb, time\n"
        f"s = nb.stream('Tell me', model='openai/{script_name}', api_base='{provider.base('openai')}',"
        " api_key='key', render='text')"
    )
    return lab.open(code, shared=True), script


def begin(notebook: Notebook, script: Script) -> Connection:
    """Run the cell; return the provider's end of its stream."""
    notebook.run(0, wait=True)
    mark(notebook.page)
    return script.wait_for_connection(timeout=60)


def seconds_to_close(notebook: Notebook, conn: Connection) -> float:
    """From the click or key in the page to the moment when the server saw the socket close, both on this machine's clock."""
    return conn.wait_closed(timeout=10) + time.time() - time.monotonic() - marked(notebook.page)


def chunks_at(notebook: Notebook, conn: Connection) -> int:
    """How many chunks the server had sent at the moment of the click."""
    moment = marked(notebook.page) - time.time() + time.monotonic()
    return sum(1 for sent in conn.chunk_times if sent <= moment)


def assert_stopped(notebook: Notebook, view: Locator) -> str:
    """The view says stopped, and shows exactly what the handle holds, which is a prefix of what was sent."""
    expect(view).to_have_attribute("data-status", "stopped", timeout=10_000)
    expect(view.get_by_role("status")).to_contain_text("Stopped by you")
    content: str = notebook.value("s.content")
    assert notebook.value("[s.status, s.stopped_by]") == ["stopped", "user"]
    assert "".join(WORDS).startswith(content)
    if content:
        assert view.locator("[data-kind='content'] [data-part='body']").text_content() == content
    assert notebook.value("s._view.mismatches") == 0
    return content


@pytest.mark.parametrize("way", ["click", "escape"])
def test_stop_in_mid_stream(lab: Lab, provider: FakeProvider, way: str) -> None:
    notebook, script = start(lab, provider, f"mid-{way}")
    view = notebook.view(0)

    def stop() -> float:
        conn = begin(notebook, script)
        expect(view).to_contain_text("word20", timeout=30_000)
        button = view.get_by_role("button", name="Stop", exact=True)
        if way == "click":
            button.click()
        else:
            button.focus()
            notebook.page.keyboard.press("Escape")
        seconds = seconds_to_close(notebook, conn)
        assert conn.closed_by == "client"
        assert conn.chunks_sent - chunks_at(notebook, conn) <= MORE_CHUNKS
        assert assert_stopped(notebook, view)
        return seconds

    in_time(stop)


def test_stop_from_python(lab: Lab, provider: FakeProvider) -> None:
    notebook, script = start(lab, provider, "mid-python")
    view = notebook.view(0)

    def stop() -> float:
        conn = begin(notebook, script)
        expect(view).to_contain_text("word20", timeout=30_000)
        stopped = float(notebook.execute("moment = time.time(); s.stop(); print(moment)")) - time.time() + time.monotonic()
        seconds = conn.wait_closed(timeout=10) - stopped
        assert assert_stopped(notebook, view)
        return seconds

    in_time(stop)


def test_stop_before_the_first_byte(lab: Lab, provider: FakeProvider) -> None:
    notebook, script = start(lab, provider, "before-1", header_delay=60)
    view = notebook.view(0)

    def stop() -> float:
        conn = begin(notebook, script)
        expect(view).to_have_attribute("data-status", "submitted")
        view.get_by_role("button", name="Stop", exact=True).click()
        seconds = seconds_to_close(notebook, conn)
        assert assert_stopped(notebook, view) == ""
        return seconds

    in_time(stop)


def test_stop_in_a_silent_gap(lab: Lab, provider: FakeProvider) -> None:
    notebook, script = start(lab, provider, "gap-1", rate=None, faults=[faults.Hang(25)])
    view = notebook.view(0)

    def stop() -> float:
        conn = begin(notebook, script)
        expect(view).to_contain_text("word24", timeout=30_000)
        view.get_by_role("button", name="Stop", exact=True).click()
        seconds = seconds_to_close(notebook, conn)
        assert assert_stopped(notebook, view) == "".join(WORDS[:25])
        return seconds

    in_time(stop)


def test_keys_on_our_button_do_nothing_to_the_notebook_and_its_chords_still_work(lab: Lab, provider: FakeProvider) -> None:
    notebook, script = start(lab, provider, "keys-1")
    begin(notebook, script)
    view = notebook.view(0)
    expect(view).to_contain_text("word5", timeout=30_000)
    notebook.command_mode(0)
    cells = notebook.page.locator(".jp-Notebook .jp-Cell").count()
    view.get_by_role("button", name="Stop", exact=True).focus()
    for key in ("d", "d", "a", "b", "x"):
        notebook.page.keyboard.press(key)
    assert notebook.page.locator(".jp-Notebook .jp-Cell").count() == cells
    expect(view).to_have_attribute("data-status", "streaming")
    with notebook.page.expect_response(lambda r: "/api/contents/" in r.url and r.request.method == "PUT"):
        notebook.page.keyboard.press("Control+s")
    notebook.page.keyboard.press("Escape")
    expect(view).to_have_attribute("data-status", "stopped", timeout=10_000)


def test_the_stop_button_stays_where_it_is_until_the_end_and_leaves_its_place_empty(lab: Lab, provider: FakeProvider) -> None:
    notebook, script = start(lab, provider, "place-1")
    begin(notebook, script)
    view = notebook.view(0)
    button = view.get_by_role("button", name="Stop", exact=True)
    expect(view).to_contain_text("word3", timeout=30_000)
    before = button.bounding_box()
    expect(view).to_contain_text("word60", timeout=30_000)
    assert button.bounding_box() == before
    assert before is not None
    button.click()
    expect(view).to_have_attribute("data-status", "stopped", timeout=10_000)
    x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    assert notebook.page.evaluate(_UNDER, [x, y]) is None
