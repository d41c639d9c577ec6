"""A real kernel without a browser: what nbstream's own threads say reaches the front-end, on every ipykernel.

Belongs here: which messages leave the kernel. Does not belong here: Stop and its times (`test_kernels`).
"""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from e2e import kernels

TEXT = "said from any thread"
STREAM = f"import nbstream as nb\ns = nb.display_stream(nb.fake({TEXT!r}, rate=20), render='text')"
HELLO = {"type": "hello", "view": "v", "run": "", "have": 0, "n": 1, "adopt": True, "fallback": False}


@pytest.fixture(params=["7.0", kernels.NEWEST])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlockingKernelClient]:
    """A client of a new kernel."""
    kernels.install(request.param)
    kernels.write_specs(tmp_path)
    specs = KernelSpecManager(kernel_dirs=[str(tmp_path / "kernels")])
    manager = KernelManager(kernel_name=kernels.spec(request.param)["name"], kernel_spec_manager=specs)
    manager.start_kernel()
    made: BlockingKernelClient = manager.client()
    made.start_channels()
    try:
        made.wait_for_ready(timeout=60)
        yield made
    finally:
        made.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def test_a_view_that_speaks_on_the_control_channel_is_told_everything(client: BlockingKernelClient) -> None:
    _greet(client)
    have = 0
    told: list[str] = []
    while told[-1:] != ["end"]:
        said = _message(client, "comm_msg")["data"]["content"]
        told.append(said["type"])
        if said["type"] == "snapshot":
            have = said["state"]["seq"]
        elif said["type"] == "frame" and said["to"] > have:
            assert said["from"] == have + 1, "a frame was lost in the kernel"
            have = said["to"]
            told.extend(event["op"] for event in said["events"])
    assert "welcome" in told


def test_the_saved_form_is_refreshed_at_the_end(client: BlockingKernelClient) -> None:
    _greet(client)
    while TEXT not in _message(client, "update_display_data")["data"]["text/plain"]:
        pass


def _greet(client: BlockingKernelClient) -> None:
    """Start a stream and say hello as a view does, on the control channel alone."""
    client.execute(STREAM, allow_stdin=True)
    state: dict[str, Any] = {}
    while "key" not in state:  # the widget's layout is a model, too
        state = _message(client, "comm_open")["data"]["state"]
    key = state["key"]
    _message(client, "display_data")  # only then is the control channel certain to be heard
    client.control_channel.send(client.session.msg("nbstream", {"key": key, "message": HELLO}))


def _message(client: BlockingKernelClient, kind: str) -> dict[str, Any]:
    """Return the content of the next message of this kind."""
    deadline = time.monotonic() + 20
    seen: list[str] = []
    while time.monotonic() < deadline:
        try:
            message = client.get_iopub_msg(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        if message["msg_type"] == kind:
            content: dict[str, Any] = message["content"]
            return content
        seen.append(f"{message['msg_type']}: {str(message['content'])[:200]}")
    raise AssertionError(f"no {kind} came, but:\n" + "\n".join(seen[-20:]))
