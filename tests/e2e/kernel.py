"""A connection of our own to a kernel, beside the browser's: to run code there and to read values.

Belongs here: the kernel's messages. Does not belong here: starting kernels (the server does), pages (see `harness`).
"""

from __future__ import annotations

import ast
import json
import time
from pathlib import Path
from queue import Empty
from typing import Any, Final

from jupyter_client.blocking.client import BlockingKernelClient

START_SECONDS: Final = 60.0


class Kernel:
    """A connection of our own to a kernel of the server, beside the browser's."""

    def __init__(self, connection_file: Path) -> None:
        self._client = BlockingKernelClient(connection_file=str(connection_file))
        self._client.load_connection_file()
        # Not wait_for_ready: it waits for silence, which a streaming kernel does not keep.
        self._client.start_channels(stdin=False, hb=False, control=False)
        self._subscribed = False

    def execute(self, code: str, timeout: float = 60.0) -> str:
        """Run `code`; return what it printed. Raise `AssertionError` with the traceback where it raised."""
        printed: list[str] = []
        self._subscribe()

        def on_output(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = self._client.execute_interactive(
            code, silent=True, store_history=False, allow_stdin=False, output_hook=on_output, timeout=timeout
        )
        _check(reply["content"])
        return "".join(printed)

    def value(self, expression: str, timeout: float = 60.0) -> Any:
        """Return the value of `expression`, which must be of a type that JSON can carry."""
        asked = {"value": f"__import__('json').dumps({expression})"}
        message_id = self._client.execute("", silent=True, store_history=False, user_expressions=asked)
        reply = self._reply(message_id, timeout)["user_expressions"]["value"]
        _check(reply)
        return json.loads(ast.literal_eval(reply["data"]["text/plain"]))

    def _subscribe(self) -> None:
        """Wait until the kernel's output reaches us: what is printed before a subscription has gone through is lost."""
        deadline = time.monotonic() + START_SECONDS
        while not self._subscribed and time.monotonic() < deadline:
            self._client.kernel_info()
            try:
                self._client.get_iopub_msg(timeout=0.3)
                self._subscribed = True
            except Empty:
                continue

    def close(self) -> None:
        """Close our channels; the kernel goes on."""
        self._client.stop_channels()

    def _reply(self, message_id: str, timeout: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        while True:
            reply = self._client.get_shell_msg(timeout=max(0.0, deadline - time.monotonic()))
            if reply["parent_header"].get("msg_id") == message_id:
                _check(reply["content"])
                content: dict[str, Any] = reply["content"]
                return content


def _check(content: dict[str, Any]) -> None:
    if content["status"] != "ok":
        raise AssertionError("\n".join(content.get("traceback", [])) or f"{content.get('ename')}: {content.get('evalue')}")
