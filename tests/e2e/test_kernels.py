"""Stop, interrupt, restart and shutdown on the oldest and the newest ipykernel, in both front-ends.

The suite has each kernel and each front-end once, `make soak` the other pairs and more. `scripts/stop_table.py` measures the
versions between, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty

import pytest
from playwright.sync_api import Browser, expect

from e2e import kernels
from e2e.conftest import FAILED, RESULTS
from e2e.harness import Host, Lab
from e2e.server import Server
from e2e.stopping import SITUATIONS, WORDS, Stopping, in_time
from provider import FakeProvider

KERNELS: list[tuple[str, Host]] = [("6.29", "lab"), (kernels.NEWEST, "notebook")]
MORE_KERNELS: list[tuple[str, Host]] = [("6.29", "notebook"), (kernels.NEWEST, "lab")]
INTERRUPTED = {
    "wait": "KeyboardInterrupt",
    "for": "KeyboardInterrupt",
    "body of for": "KeyboardInterrupt",
    "await": "CancelledError",
    "async for": "CancelledError",
    "body of async for": "CancelledError",
}
"""What the cell shows."""
CLOSED = re.compile(r"(?m)^.*Exception in message handler:\n(?:Traceback.*\n|  .*\n)+zmq.*: Socket operation on non-socket$")
"""What ipykernel says when it is shut down while a cell runs: it has closed its sockets before it replies."""
ENDED = re.compile("Kernel gone|Stopped by an interrupt")
"""What a view says of a kernel that was ended while a cell waited: the server interrupts it first."""
BODIES = {
    "body of for": "s = go()\nfor event in s.events():\n    time.sleep(0.3)",
    "body of async for": "import asyncio\ns = go()\nasync for event in s.events():\n    await asyncio.sleep(0.3)",
}


@pytest.fixture(
    scope="module",
    params=[*KERNELS, *(pytest.param(kernel, marks=pytest.mark.soak) for kernel in MORE_KERNELS)],
    ids=lambda kernel: "-".join(kernel),
)
def opened(server: Server, browser: Browser, provider: FakeProvider, request: pytest.FixtureRequest) -> Iterator[Stopping]:
    """A notebook for all tests on one kernel in one front-end; neither page nor kernel may complain."""
    version, host = request.param
    kernels.install(version)
    begin = server.log.stat().st_size
    lab = Lab(server, browser, f"kernels-{version}-{host}")
    try:
        stopping = Stopping(lab, provider, version, host, BODIES)
        assert stopping.notebook.value("__import__('ipykernel').__version__").startswith(version.replace(kernels.NEWEST, ""))
        yield stopping
        assert not stopping.notebook.complaints()
    finally:
        lab.close()
    said = CLOSED.sub("", server.log.read_text(errors="replace")[begin:])
    assert not re.findall(r"^.*(?:Traceback|Exception|UNKNOWN|Unknown subshell|Warning:).*$", said, re.MULTILINE)


@pytest.fixture
def stopping(opened: Stopping, request: pytest.FixtureRequest) -> Iterator[Stopping]:
    """The shared notebook, with a picture of it where the test fails."""
    yield opened
    if request.node.stash.get(FAILED, True):
        opened.notebook.record(RESULTS / re.sub(r"\W+", "-", request.node.name).strip("-"))


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_click_on_stop_closes_the_socket_whatever_the_kernel_does(stopping: Stopping, situation: str) -> None:
    in_time(lambda: stopping.click(situation))
    assert stopping.notebook.value("s.stopped_by") == "user"
    errors = stopping.notebook.page.locator("[data-mime-type='application/vnd.jupyter.stderr']")
    assert errors.all_text_contents() == []


@pytest.mark.parametrize("situation", INTERRUPTED)
def test_an_interrupt_stops_the_run_that_a_cell_waits_for(stopping: Stopping, situation: str) -> None:
    conn = stopping.begin(situation)
    stopping.interrupt()
    conn.wait_closed(timeout=10)
    assert conn.closed_by == "client"
    stopping.notebook.wait_idle()
    cell = stopping.shown(situation)
    view = stopping.notebook.view(cell)
    expect(view).to_have_attribute("data-status", "stopped", timeout=10_000)
    expect(view.get_by_role("status")).to_contain_text("Stopped by an interrupt")
    expect(stopping.notebook.output(cell)).to_contain_text(INTERRUPTED[situation])
    content: str = stopping.notebook.value("s.content")
    assert content
    assert "".join(WORDS).startswith(content)
    assert stopping.notebook.value("s.stopped_by") == "interrupt"


def test_an_interrupt_leaves_alone_what_no_cell_waits_for(stopping: Stopping) -> None:
    conn = stopping.begin("sleeping")
    stopping.interrupt()
    stopping.notebook.wait_idle()
    assert stopping.notebook.value("s.status") == "streaming"
    stopping.interrupt()
    with suppress(Empty):  # an idle kernel of 6.29 loses the request that the signal meets
        stopping.notebook.value("None", timeout=5)
    assert stopping.notebook.value("s.status") == "streaming"
    stopping.notebook.execute("s.stop()")
    conn.wait_closed(timeout=10)


@pytest.mark.parametrize("situation", ["idle", pytest.param("wait", marks=pytest.mark.soak)])
def test_a_restart_closes_the_socket(stopping: Stopping, situation: str) -> None:
    conn = stopping.begin(situation)
    stopping.restart()
    conn.wait_closed(timeout=10)
    assert conn.closed_by == "client"
    view = stopping.notebook.view(stopping.shown(situation))
    expect(view.get_by_role("status")).to_contain_text("Kernel gone" if situation == "idle" else ENDED)
    expect(view).to_contain_text("word3 ")


def test_a_shutdown_closes_the_socket(stopping: Stopping) -> None:
    """The last test: it leaves no kernel."""
    conn = stopping.begin("wait")
    stopping.shut_down()
    conn.wait_closed(timeout=10)
    assert conn.closed_by == "client"
    expect(stopping.notebook.view(stopping.shown("wait")).get_by_role("status")).to_contain_text(ENDED)
