"""The faults of the fake provider, seen with a plain HTTP client.

Belongs here: each fault does what its name says. Does not belong here: what our sources make of it.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from itertools import pairwise

import httpx
import openai
import pytest

from provider import Answer, FakeProvider, Gate, Recording, faults

HELLO = Answer.of(["one ", "two ", "three ", "four"])
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages", "ollama": "/api/chat"}


def post(provider: FakeProvider, model: str, path: str = "/v1/chat/completions") -> httpx.Response:
    key = {"authorization": "Bearer sk-secret-1"}
    return httpx.post(provider.url + path, json={"model": model, "stream": True}, headers=key)


def partial(provider: FakeProvider, model: str) -> tuple[str, httpx.HTTPError | None]:
    """Read a stream to its end or its failure."""
    read = b""
    try:
        with httpx.stream("POST", f"{provider.url}/v1/chat/completions", json={"model": model, "stream": True}) as response:
            for part in response.iter_raw():
                read += part
    except httpx.HTTPError as error:
        return read.decode(), error
    return read.decode(), None


def test_a_cut_ends_the_connection_in_mid_response(provider: FakeProvider) -> None:
    script = provider.script("cut", HELLO, faults=[faults.Cut(2)])
    text, error = partial(provider, "cut")
    assert isinstance(error, httpx.RemoteProtocolError)
    assert "two " in text
    assert "three" not in text
    conn = script.wait_for_connection()
    conn.wait_closed()
    assert (conn.closed_by, conn.chunks_sent, conn.chunks_total) == ("server", 2, 5)


def test_a_cut_of_a_body_that_ends_with_the_connection_looks_like_its_end(provider: FakeProvider) -> None:
    provider.script("cut-close", HELLO, faults=[faults.Cut(2)], framing="close")
    text, error = partial(provider, "cut-close")
    assert error is None
    assert "two " in text
    assert "three" not in text


def test_a_reset_is_seen_as_one(provider: FakeProvider) -> None:
    provider.script("reset", HELLO, faults=[faults.Reset(2)])
    text, error = partial(provider, "reset")
    assert isinstance(error, httpx.ReadError)
    assert "three" not in text


def test_no_end_leaves_out_the_finish_reason_and_ends_cleanly(provider: FakeProvider) -> None:
    provider.script("no-end", HELLO, faults=[faults.NoEnd()])
    text, error = partial(provider, "no-end")
    assert error is None
    assert "four" in text
    assert "[DONE]" not in text
    assert '"finish_reason":"' not in text


def test_an_error_event_ends_the_stream(provider: FakeProvider) -> None:
    for name, path in PATHS.items():
        provider.script("error-event", HELLO, faults=[faults.ErrorEvent(2, message="Too much")])
        body = post(provider, "error-event", path).text
        assert "two " in body, name
        assert "three" not in body, name
        last = body.rstrip("\n").split("\n")[-1].removeprefix("data: ")
        assert "Too much" in json.dumps(json.loads(last)["error"]), name


def test_bad_events_stand_before_the_chunk_they_name(provider: FakeProvider) -> None:
    faulty = [faults.BadJson(1), faults.BadUtf8(2), faults.EmptyData(3), faults.Raw(99, b"data: last\n\n"), faults.Bom()]
    provider.script("bad", HELLO, faults=faulty)
    body = post(provider, "bad").content
    marks = [b"\xef\xbb\xbf", b"one ", b"lost\n\n", b"two ", b"\xff\xfe", b"three ", b"data:\n\n", b"four", b"[DONE]", b"last"]
    assert [body.count(mark) for mark in marks] == [1] * len(marks)
    assert sorted(marks, key=body.index) == marks
    assert body.startswith(b"\xef\xbb\xbf")


def test_comments_keep_the_connection_alive(provider: FakeProvider) -> None:
    provider.script("comments", HELLO, faults=[faults.KeepAlive(every=2)])
    assert post(provider, "comments").text.count(": keep-alive\n\n") == 3


def test_a_status_is_sent_in_the_shape_of_the_format_as_often_as_was_said(provider: FakeProvider) -> None:
    script = provider.script("busy", HELLO, faults=[faults.Status(429, times=2, retry_after=1.5)])
    answers = [post(provider, "busy") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "1.5"
    assert answers[0].json()["error"]["message"]
    assert "four" in answers[2].text
    assert len(script.connections) == 3


def test_a_status_may_echo_the_key(provider: FakeProvider) -> None:
    provider.script("key", HELLO, faults=[faults.Status(401, echo_key=True)])
    assert "sk-secret-1" in post(provider, "key").json()["error"]["message"]
    assert "sk-secret-1" in post(provider, "key", "/v1/messages").json()["error"]["message"]


def test_an_unknown_model_is_a_404_that_the_sdk_understands(provider: FakeProvider) -> None:
    refusal = pytest.raises(openai.NotFoundError, match="`nobody` does not exist")
    with openai.OpenAI(api_key="k", base_url=provider.base("openai"), max_retries=0) as client, refusal:
        client.chat.completions.create(model="nobody", messages=[{"role": "user", "content": "Hi"}])


def test_status_200_may_carry_a_page_or_an_error(provider: FakeProvider) -> None:
    provider.script("page", HELLO, faults=[faults.Html()])
    page = post(provider, "page")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    provider.script("json-error", HELLO, faults=[faults.JsonError("Gone")])
    assert post(provider, "json-error").json()["error"]["message"] == "Gone"


def test_a_refused_connection_sends_nothing_and_then_succeeds(provider: FakeProvider) -> None:
    provider.script("refused", HELLO, faults=[faults.Refuse(times=1)])
    with pytest.raises(httpx.ReadError):
        post(provider, "refused")
    assert "four" in post(provider, "refused").text


def test_coalescing_and_splitting_change_the_writes_and_not_the_bytes(provider: FakeProvider) -> None:
    def writes(model: str, *faulty: faults.Fault) -> list[bytes]:
        provider.script(model, HELLO, faults=faulty)
        with httpx.stream("POST", f"{provider.url}/api/chat", json={"model": model}) as response:
            return list(response.iter_raw())

    whole = writes("writes")
    assert len(whole) >= 1
    assert len(b"".join(writes("writes", faults.Coalesce(3)))) == len(b"".join(whole))
    assert [len(part) for part in writes("writes", faults.Coalesce(99), faults.Split(3, 5))][:2] == [3, 2]
    assert {len(part) for part in writes("writes", faults.Split.every_byte())} == {1}


def test_a_recording_is_sent_as_it_is(provider: FakeProvider) -> None:
    provider.script("recorded", Recording([b"data: 1\n\n", b"\xff"], "text/event-stream"))
    assert post(provider, "recorded").content == b"data: 1\n\n\xff"


def test_answers_in_a_list_are_given_in_turn(provider: FakeProvider) -> None:
    provider.script("turns", [Answer.of("first"), Answer.of("second")])
    assert [word in post(provider, "turns").text for word in ("first", "second", "second")] == [True] * 3


def test_chunks_keep_the_rate_and_never_hurry(provider: FakeProvider) -> None:
    script = provider.script("paced", Answer.of("abcdefghij", cut=1), rate=100, first_delay=0.05, header_delay=0.05)
    begun = time.monotonic()
    post(provider, "paced")
    times = script.wait_for_connection().chunk_times
    assert times[0] - begun >= 0.1
    assert all(later - earlier >= 0.009 for earlier, later in pairwise(times))


def test_a_gate_holds_each_chunk_until_it_is_let_through(provider: FakeProvider) -> None:
    gate = Gate()
    script = provider.script("gated", HELLO, gate=gate)
    with httpx.stream("POST", f"{provider.url}/v1/chat/completions", json={"model": "gated", "stream": True}) as response:
        reader = response.iter_text()
        conn = script.wait_for_connection()
        for n, word in enumerate(["one ", "two "], start=1):
            gate.open()
            assert word in next(reader)
            conn.wait_chunks(n)
            assert conn.chunks_sent == n
        gate.open_all()
        assert "four" in "".join(reader)


@pytest.mark.parametrize("how", ["hang", "gate", "first_delay", "header_delay", "rate"])
def test_a_client_that_leaves_in_a_silent_gap_is_noticed_at_once(provider: FakeProvider, how: str) -> None:
    waits = {"first_delay": 60, "header_delay": 60, "rate": 0.01}
    keywords = {"faults": [faults.Hang(1)]} if how == "hang" else {"gate": Gate()} if how == "gate" else {how: waits[how]}
    script = provider.script(f"gap-{how}", HELLO, **keywords)
    client = httpx.Client(timeout=0.5 if how == "header_delay" else 30)
    with client:
        try:
            with client.stream("POST", f"{provider.url}/v1/chat/completions", json={"model": f"gap-{how}", "stream": True}):
                conn = script.wait_for_connection()
                if how in ("hang", "rate"):
                    conn.wait_chunks(1)
                assert conn.closed_at is None
        except httpx.ReadTimeout:
            assert how == "header_delay"
            conn = script.wait_for_connection()
        left = time.monotonic()
    assert conn.wait_closed() - left < 1
    assert conn.closed_by == "client"
    assert conn.chunks_sent == (1 if how in ("hang", "rate") else 0)


def test_a_client_that_leaves_amid_a_fast_stream_stops_it(provider: FakeProvider) -> None:
    script = provider.script("fast", Answer.of("x" * 20_000_000, cut=1000))
    with httpx.stream("POST", f"{provider.url}/v1/chat/completions", json={"model": "fast", "stream": True}) as response:
        next(response.iter_raw())
    conn = script.wait_for_connection()
    conn.wait_closed()
    assert conn.closed_by == "client"
    assert conn.chunks_sent < conn.chunks_total


def test_connections_are_handed_out_in_order_and_waiting_has_a_limit(provider: FakeProvider) -> None:
    script = provider.script("order", HELLO)
    with pytest.raises(TimeoutError):
        script.wait_for_connection(timeout=0.01)
    threads = [threading.Thread(target=post, args=(provider, "order")) for _ in range(3)]
    for thread in threads:
        thread.start()
    handed = [script.wait_for_connection() for _ in threads]
    assert handed == script.connections
    for thread in threads:
        thread.join()
    for conn in handed:
        conn.wait_closed()
        assert conn.closed_by == "server"
        assert conn.request.json == {"model": "order", "stream": True}
        assert conn.bytes_sent > 0


def test_an_https_provider_serves_those_who_trust_its_authority() -> None:
    with FakeProvider(tls=True) as provider:
        script = provider.script("tls", HELLO, faults=[faults.Hang(2)])
        trusting = httpx.Client(verify=ssl.create_default_context(cafile=str(provider.ca_file)))
        with (
            trusting,
            trusting.stream("POST", f"{provider.url}/v1/chat/completions", json={"model": "tls", "stream": True}) as r,
        ):
            assert "one " in next(r.iter_text())
        conn = script.wait_for_connection()
        conn.wait_closed()
        assert conn.closed_by == "client"
        with pytest.raises(httpx.ConnectError):
            httpx.get(provider.url)
