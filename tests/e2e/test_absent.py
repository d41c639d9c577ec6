"""A page that the browser has frozen: nobody's memory grows for it, and it is whole again within a second of its return."""

from __future__ import annotations

import time
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser

from e2e.bare import BarePage
from e2e.harness import Lab
from e2e.owed import Owed, renderers
from e2e.server import Server

RATE = 1_000
"""Tokens a second."""
ALLOWED = 5_000_000
"""So many bytes, beside the text, may the kernel and the server grow by."""
BACK_MS = 1_000
OWED_MS = 4_000
"""The longest that a busy machine, which has no processor for the kernel, the server and the page, is forgiven besides."""
BODY = """[...document.querySelectorAll('.jp-OutputArea-output, .jp-OutputArea-output *')]
  .map(e => e.shadowRoot?.querySelector("[data-kind='content'] [data-part='body']")).find(e => e)"""
CURRENT = "globalThis.jupyterapp?.shell?.currentWidget"
RUN = f"""(({{content}}) => {{
  content.activeCellIndex = 1;
  content.activate();
  void globalThis.jupyterapp.commands.execute('notebook:run-cell');
}})({CURRENT})"""
COUNTS = "globalThis[Symbol.for('nbstream.page.1')].counts"
# The page itself notes when it is woken, and when it shows so much text.
WATCH = """
globalThis.e2eTicks = 0;
setInterval(() => { globalThis.e2eTicks += 1 }, 50);
document.addEventListener('freeze', () => { globalThis.e2eFrozen = true });
document.addEventListener('resume', () => {
  const woken = performance.now();
  const shown = () => (%s).textContent.length;
  globalThis.e2eBefore = shown();
  const look = () => {
    const need = globalThis.e2eNeeds;
    if (need !== undefined && shown() >= need) globalThis.e2eBack = performance.now() - woken;
    else setTimeout(look, 5);
  };
  look();
});
"""


def memory(pid: int) -> int:
    """What a process has for itself, in bytes."""
    return int(psutil.Process(pid).memory_full_info().uss)


@pytest.mark.parametrize("seconds", [14, pytest.param(60, marks=pytest.mark.soak)])
@pytest.mark.timeout(240)
def test_a_frozen_page_costs_no_memory_and_is_whole_within_a_second_of_its_return(
    lab: Lab, server: Server, browser: Browser, record_property: Any, seconds: int
) -> None:
    tokens = RATE * (seconds + 60)
    code = f"s = nb.display_stream(nb.fake([f'w{{i}}, ' for i in range({tokens})], rate={RATE}, ttft=0.2), render='text')"
    notebook = lab.open("import nbstream as nb, os, gc", code)
    notebook.run(0, wait=True)
    kernel = int(notebook.value("os.getpid()"))
    notebook.save()
    notebook.close()
    url = f"{server.url}/lab/workspaces/absent{seconds}/tree/{notebook.path}?token={server.token}"
    page = BarePage(browser, url, notebook.context.new_page())
    page.until(f"{CURRENT}?.sessionContext?.session?.kernel?.status === 'idle' && {CURRENT}?.content?.widgets?.length > 1")
    page.evaluate(RUN)
    page.until(f"({BODY})?.textContent.length > 10000")
    page.evaluate(WATCH % BODY)
    page.until("e2eTicks > 3")
    notebook.execute("gc.collect()")

    page.set_state("frozen")
    ticks = page.evaluate("e2eTicks")
    shown = page.evaluate(f"({BODY}).textContent.length")
    began, text = time.monotonic(), int(notebook.value("len(s.content)"))
    before = {"kernel": memory(kernel), "server": memory(server.pid)}
    while time.monotonic() < began + seconds:
        time.sleep(1)  # the freeze itself
    text = int(notebook.value("len(s.content)")) - text
    grown = {"kernel": memory(kernel) - before["kernel"], "server": memory(server.pid) - before["server"]}
    stood = {"ticks": page.evaluate("e2eTicks") - ticks, "text": page.evaluate(f"({BODY}).textContent.length") - shown}
    held = notebook.value("s._view._delivery.outbox.held")
    # What the handle held when the page was woken is what it must show a second later.
    page.evaluate(f"void (e2eNeeds = {int(notebook.value('len(s.content)'))})")
    owed = Owed([kernel], [server.pid], renderers())
    page.set_state("active")
    page.until("globalThis.e2eBack !== undefined", 20)
    late = min(round(1_000 * owed.seconds()), OWED_MS)
    back = page.evaluate("[e2eBefore, Math.round(e2eBack)]")
    figures = {"text": text, "grown": grown, "stood": stood, "held": held, "back": back, "owed": late}
    record_property("figures", figures)
    print(seconds, figures)
    notebook.execute("s.stop(); s.wait(10)")
    page.until(f"({BODY}).textContent.length === {int(notebook.value('len(s.content)'))}", 10)
    assert page.evaluate(f"({BODY}).textContent") == notebook.value("s.content")
    counts = page.evaluate(COUNTS)
    page.close()

    assert stood["ticks"] <= 1, "the page was not frozen"
    assert held == 0
    assert grown["kernel"] <= text + ALLOWED
    assert grown["server"] <= text + ALLOWED
    assert back[1] - late <= BACK_MS
    assert counts["mismatches"] == counts["illegal"] == 0
