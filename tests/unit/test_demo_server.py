"""The demo's server: over real sockets, what it answers, refuses and survives."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from nbstream import demo
from nbstream.demo.http import MOST_BODY_BYTES
from nbstream.demo.service import DemoServer

CHAT = "/v1/chat/completions"
HELLO = {"model": "demo", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
async def server() -> AsyncIterator[DemoServer]:
    running = DemoServer()
    await running.start()
    yield running
    await running.close()


@pytest.fixture
async def client(server: DemoServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url) as made:
        yield made


async def talk(server: DemoServer, request: bytes) -> bytes:
    """Send bytes, return the whole response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    try:
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


async def test_the_demo_streams_thinking_then_content_then_its_end(client: httpx.AsyncClient) -> None:
    body = {**HELLO, "max_tokens": 100, "stream_options": {"include_usage": True}}
    begun = time.monotonic()
    async with client.stream("POST", CHAT, json=body) as response:
        events = [line[6:] async for line in response.aiter_lines() if line]
    assert response.headers["content-type"] == "text/event-stream"
    assert events.pop() == "[DONE]"
    *chunks, end, usage = map(json.loads, events)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    kinds = [key for delta in deltas for key in delta if key != "role" and delta[key]]
    assert kinds == sorted(kinds, reverse=True)  # reasoning_content before content
    assert set(kinds) == {"reasoning_content", "content"}
    assert end["choices"][0]["finish_reason"] == "length"
    assert usage["usage"]["completion_tokens"] in (100, 101)  # thinking and content are rounded up each
    assert time.monotonic() - begun > 0.4


async def test_the_list_of_models_names_the_demo(client: httpx.AsyncClient) -> None:
    assert [model["id"] for model in (await client.get("/v1/models")).json()["data"]] == ["demo"]
    assert (await client.get("/v1/models/demo")).json()["id"] == "demo"
    assert "scripted" in (await client.get("/")).text


async def test_what_is_no_question_is_refused_with_a_reason(client: httpx.AsyncClient) -> None:
    assert (await client.get("/nowhere")).status_code == 404
    assert (await client.get(CHAT)).status_code == 400
    for body in (b"", b"{", b"[1]", b"\xff"):
        answer = await client.post(CHAT, content=body)
        assert (answer.status_code, bool(answer.json()["error"]["message"])) == (400, True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": None},
        {"messages": [1, None, {"content": [{"text": 3}, [[]], {"content": {}}]}], "tools": [{"function": 1}, 2]},
        {"messages": [{"role": 7}], "max_tokens": "many", "stream_options": []},
        {"model": {"a": 1}, "messages": "Hi", "max_tokens": -1},
    ],
)
@pytest.mark.parametrize("path", [CHAT, "/v1/responses", "/v1/messages", "/v1/models/m:generateContent", "/api/chat"])
async def test_any_json_object_gets_an_answer(client: httpx.AsyncClient, path: str, body: dict[str, object]) -> None:
    if path == "/v1/responses":
        body = {**body, "input": body.get("messages")}
    answer = await client.post(path, json={**body, "contents": body.get("messages"), "stream": False})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: evil.example:%d\r\n\r\n", 403),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n", 403),
        (b"GET / HTTP/1.1\r\n\r\n", 403),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: LOCALHOST:80\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200),
    ],
)
async def test_only_sound_requests_to_a_loopback_address_are_answered(server: DemoServer, head: bytes, status: int) -> None:
    head = head.replace(b"%d", str(server.port).encode())
    answer = await talk(server, head)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"access-control" not in answer.lower()


async def test_a_request_in_chunks_is_read(client: httpx.AsyncClient) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for byte in json.dumps({**HELLO, "stream": False}).encode():
            yield bytes([byte])

    assert (await client.post(CHAT, content=parts())).json()["choices"][0]["finish_reason"] == "stop"
    assert MOST_BODY_BYTES > 1_000_000


async def test_clients_that_leave_are_forgotten(server: DemoServer, client: httpx.AsyncClient) -> None:
    async with client.stream("POST", CHAT, json=HELLO) as response:
        await anext(response.aiter_bytes())
    for _ in range(2):
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"POST / HT")
        writer.close()
        await writer.wait_closed()
    async with asyncio.timeout(5):
        while server.connections:  # noqa: ASYNC110 -- the server has no event for this
            await asyncio.sleep(0.01)


def test_a_process_has_one_demo_whoever_asks_first() -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(demo.url())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert set(found) == {demo.url()}
    assert httpx.get(f"{demo.url()}/v1/models").status_code == 200


def run(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in an interpreter of its own that complains about everything but a slow machine."""
    patient = 'import logging; logging.getLogger("asyncio").setLevel("ERROR")\n'
    command = [sys.executable, "-X", "dev", "-W", "error", *options, "-c", patient + code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_interpreter_ends_in_peace_amid_a_stream() -> None:
    code = f"""
import socket
from nbstream import demo
address, _, port = demo.url().removeprefix("http://").partition(":")
body = {json.dumps(HELLO)!r}
with socket.create_connection((address, int(port))) as client:
    client.sendall(f"POST {CHAT} HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: {{len(body)}}\\r\\n\\r\\n{{body}}".encode())
    print(client.recv(15).decode())
    raise SystemExit(3)
"""
    ended = run(code)
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "HTTP/1.1 200 OK\n", "")


FORK = """
import os, urllib.request
from nbstream import demo

def alive(url):
    with urllib.request.urlopen(url + "/v1/models") as answer:
        return answer.status == 200

before = demo.url()
assert alive(before)
child = os.fork()
if child == 0:
    os._exit(0 if demo.url() != before and alive(demo.url()) and alive(before) else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert demo.url() == before and alive(before)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_after_a_fork_the_child_has_a_demo_of_its_own() -> None:
    # From Python 3.12 on, forking beside threads is warned of; people do it all the same.
    ended = run(FORK, "-W", "ignore::DeprecationWarning")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_demo_needs_nothing_but_the_standard_library() -> None:
    code = """
import sys
before = set(sys.modules)
from nbstream.demo import formats, scripts, server, service, thread
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(new - set(sys.stdlib_module_names) - {"nbstream"}))
"""
    # nbstream itself may need more; what counts is what the demo adds to it.
    ended = run("import nbstream\n" + code)
    assert (ended.stdout, ended.stderr) == ("[]\n", "")
