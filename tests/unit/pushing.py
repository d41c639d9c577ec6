"""A stream that the test pushes to.

Belongs here: making one, chunks written short, waiting for what comes of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from nbstream import Stream


def push(**more: Any) -> Stream:
    return Stream(display=False, **more)


def chunk(content: str | None = None, **more: Any) -> dict[str, Any]:
    """A chunk of a chat completion; `id`, `finish` and `usage` are its own, the rest belongs to the delta."""
    head = {"id": more.pop("id", "c1"), "object": "chat.completion.chunk"}
    finish, usage = more.pop("finish", None), more.pop("usage", None)
    choices = [{"index": 0, "delta": {"content": content, **more}, "finish_reason": finish}]
    return {**head, "choices": [] if usage and content is None and not more else choices, **({"usage": usage} if usage else {})}


def call(number: int, **function: str) -> list[dict[str, Any]]:
    return [{"index": 0, "id": f"call_{number}", "type": "function", "function": function}]


def brief(s: Stream) -> list[tuple[str, str]]:
    return [(section.kind, section.text) for section in s.sections]


def in_thread(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Run `work` on a thread; the list gets what it returned or raised."""
    results: list[Any] = []

    def target() -> None:
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001  # reason: the test looks at it
            results.append(error)

    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread, results


def until(s: Stream, kind: str) -> None:
    """Wait for the first event of `kind`."""
    for event in s.events():
        if kind in (event.type, event.meta.get("state"), event.kind):
            return
