"""Streams that a real FastAPI application sends under uvicorn, read by httpx and by ourselves."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx
import pytest

import nbstream as nb
from nbstream._stream import Stream
from wire.app import CONTENT, running


@pytest.fixture
def made() -> list[Stream]:
    """The streams that the application has made."""
    return []


@pytest.fixture
def address(made: list[Stream]) -> Iterator[str]:
    """Where the application runs."""
    with running(made) as found:
        yield found


def data(text: str) -> list[str]:
    """The data of the events in `text`."""
    return [line[6:] for line in text.splitlines() if line.startswith("data: ")]


def test_seed_1_7_the_plain_form_is_what_a_small_client_reads(address: str) -> None:
    with httpx.stream("POST", f"{address}/chat", timeout=20) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        found = data("".join(response.iter_text()))
    assert found[-1] == "[DONE]"
    assert "".join(json.loads(item)["content"] for item in found[:-1]) == CONTENT


@pytest.mark.parametrize(("path", "method"), [("/chat", "POST"), ("/ui", "POST"), ("/events", "GET"), ("/starlette", "GET")])
def test_seed_3_4_each_form_also_of_sse_starlette_is_read_back_exactly(address: str, path: str, method: str) -> None:
    s = nb.display_stream(nb.from_sse(address + path, method=method), display=False, wait=True)
    assert (s.status, s.content, s.error) == ("done", CONTENT, None)
    assert s.thinking == ("" if path == "/chat" else "Hm.")


def test_the_ui_form_has_its_header(address: str) -> None:
    response = httpx.post(f"{address}/ui", timeout=20)
    assert response.headers["x-vercel-ai-ui-message-stream"] == "v1"
    assert data(response.text)[-1] == "[DONE]"


def test_a_client_that_comes_back_gets_the_rest(address: str) -> None:
    whole = httpx.get(f"{address}/events", timeout=20).text
    rest = httpx.get(f"{address}/events", timeout=20, headers={"Last-Event-ID": "9"}).text
    assert whole.endswith(rest)
    assert rest.startswith("id: 10\n")


def test_a_client_that_leaves_stops_the_stream(address: str, made: list[Stream]) -> None:
    with httpx.stream("POST", f"{address}/chat", params={"rate": 20}, timeout=20) as response:
        next(response.iter_text())
    deadline = time.monotonic() + 10
    while made[0].status == "streaming" and time.monotonic() < deadline:
        made[0].wait(10)
    assert made[0].status == "stopped"
    assert CONTENT.startswith(made[0].content)
