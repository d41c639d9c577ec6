"""Fixtures of the browser tests: one server and one browser for all, one context, its notebooks and kernels for each.

Belongs here: life cycles and what fails a test after its end. Does not belong here: how to drive a notebook (see `harness`).
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from e2e.harness import FLAGS, Lab
from e2e.server import Server
from e2e.stage import Stage
from e2e.warm import Warm

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "test-results"
FAILED = pytest.StashKey[bool]()


def pytest_configure() -> None:
    """Let a `kill` end the run as Ctrl-C does, so that no server, kernel or browser is left behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test itself failed, for its fixtures."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Jupyter server for all tests."""
    running = Server(tmp_path_factory.mktemp("jupyter"))
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium for all tests."""
    found = subprocess.run([sys.executable, ROOT / "scripts" / "chromium.py"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found.stdout.strip(), args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def warm(server: Server, browser: Browser) -> Warm:
    """A page with JupyterLab loaded, for one test after the other."""
    return Warm(server, browser)


@pytest.fixture
def lab(server: Server, browser: Browser, warm: Warm, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Opens notebooks; afterwards nobody may have heard a console error or seen a request that left the machine."""
    name = re.sub(r"\W+", "-", request.node.name).strip("-")
    made = Lab(server, browser, name, warm)
    failed = True
    try:
        yield made
        complaints = [complaint for notebook in made.opened for complaint in notebook.complaints()]
        if complaints or request.node.stash.get(FAILED, True):
            for number, notebook in enumerate(made.opened):
                notebook.record(RESULTS / f"{name}-{number}")
        failed = bool(complaints) or request.node.stash.get(FAILED, True)
        assert not complaints, "\n".join(complaints)
    finally:
        made.close(failed=failed)


@pytest.fixture(scope="module")
def shared(browser: Browser) -> Iterator[Stage]:
    """One page for the tests of a module that need no notebook, and nothing of its own."""
    stage = Stage(browser)
    yield stage
    stage.close()


@pytest.fixture
def stage(shared: Stage) -> Iterator[Stage]:
    """The shared page, empty; nothing may have failed on it afterwards."""
    shared.clear()
    yield shared
    assert shared.errors == []
