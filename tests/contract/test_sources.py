"""What holds for every kind of source: exactness, stop, limits, faults, nothing left behind. The kinds are rows of `kinds`.

Each property has a case for every kind in the suite; its other cases run there for a few kinds, and for all of them with
`make soak`.
"""

from __future__ import annotations

import gc
import random
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psutil
import pytest

import nbstream as nb
import tables
from kinds import KEY, KINDS, Kind, Site, warm
from provider import Answer, Call, FakeProvider, Gate, faults
from remains import threads

HOSTILE = 'Häuser 🏠👨‍👩‍👧, "quoted" \\ back\r\nlines\n\n\tand \x00\x1b[31m <b>tags</b>\n'
SEPARATORS = "one\u2028two\u2029three\x85four\ndata: [DONE]"
CLOSE = 0.25
"""Seconds from Stop to the close that the server sees."""
OVERSHOOT = 2
"""Chunks that the server may still have sent by then."""


def ids(kind: Kind) -> str:
    return kind.name


every = pytest.mark.parametrize("kind", KINDS, ids=ids)

FEW = {
    *("openai create(stream=True)", "anthropic async messages.stream", "litellm completion, openai"),
    *("an async def that drives a sync client", "nb.stream, anthropic"),
}
"""One kind of each way to be pulled: these have every case in the suite."""


def soaked(kind: Kind, *values: Any, kept: bool = False) -> Any:
    """One case, which is left to the soak unless it is kept or its kind is one of FEW."""
    marks = () if kept or kind.name in FEW else pytest.mark.soak
    return pytest.param(kind, *values, id="-".join([kind.name, *map(str, values[:1])]), marks=marks)


def few(kinds: Sequence[Kind]) -> pytest.MarkDecorator:
    """A case for each kind, in the suite for FEW of them."""
    return pytest.mark.parametrize("kind", [soaked(kind) for kind in kinds])


def each(names: str, *rows: Sequence[Any], kept: Sequence[Any]) -> pytest.MarkDecorator:
    """A case for every kind and row, in the suite for FEW kinds, and for the others where it is the row `kept`."""
    cases = [soaked(kind, *row, kept=row == kept) for kind in KINDS for row in rows]
    return pytest.mark.parametrize(f"kind,{names}", cases)


@pytest.fixture(scope="module")
def site(provider: FakeProvider) -> Iterator[Site]:
    found = Site(provider)
    warm(found)
    gc.collect()
    gc.freeze()  # what is imported stays: looking through it for each count of what is left takes longer than the rest
    yield found
    gc.unfreeze()


@pytest.fixture(scope="module")
def secure() -> Iterator[Site]:
    with FakeProvider(tls=True) as provider:
        yield Site(provider)


def name(kind: Kind, purpose: str) -> str:
    return f"{purpose}-{KINDS.index(kind)}"


def play(site: Site, kind: Kind, purpose: str, answer: Answer, **script: Any) -> nb.Stream:
    """Have the provider answer and show it to the end."""
    model = name(kind, purpose)
    site.provider.script(model, answer, **script)
    return kind.start(site, model).wait(30)


# -- exactness --------------------------------------------------------------------------------------------------------------


@each("cut", [1], [7], [None], kept=[7])
def test_the_text_is_exact(site: Site, kind: Kind, cut: int | None) -> None:
    text = HOSTILE + (SEPARATORS if kind.exact else "")
    calls = [Call("call_a", "search", ['{"q": "', "ä🏠", '"}']), Call("call_b", "now", "{}")]
    dice = random.Random(cut)
    splits = faults.Split(*sorted(dice.sample(range(1, 6000), 50)))
    s = play(site, kind, f"exact-{cut}", Answer.of(text, thinking="Hm…\n so", calls=calls, cut=cut), faults=[splits])
    assert (s.status, s.error) == ("done", None)
    assert s.content == text
    if kind.thinking:
        assert s.thinking == "Hm…\n so"
    if kind.tools:
        assert [(c.name, c.parsed) for c in s.tool_calls] == [("search", {"q": "ä🏠"}), ("now", {})]
    if kind.finish:
        assert s.finish_reason in ("tool_calls", "stop")


@pytest.mark.parametrize("kind", [k for k in KINDS if not k.exact], ids=ids)
def test_litellm_still_loses_line_separators(site: Site, kind: Kind) -> None:
    """When this fails, LiteLLM has been mended: take `exact=False` from its rows."""
    s = play(site, kind, "separators", Answer.of([SEPARATORS, " end"]))
    assert s.content != SEPARATORS + " end"


@pytest.mark.parametrize("kind", [k for k in KINDS if "text_stream" in k.name], ids=ids)
def test_a_text_stream_still_holds_text_alone(site: Site, kind: Kind) -> None:
    answer = Answer.of("Hello", thinking="Hm.", calls=[Call("call_a", "now", "{}")])
    s = play(site, kind, "texts", answer)
    assert (s.content, s.thinking, s.tool_calls) == ("Hello", "", [])


# -- the truth about the end ------------------------------------------------------------------------------------------------

TEN = Answer.of([f"{n} " for n in range(10)])


@every
def test_an_end_without_a_finish_reason_is_truncated(site: Site, kind: Kind) -> None:
    s = play(site, kind, "noend", TEN, faults=[faults.NoEnd()])
    assert s.content == "".join(f"{n} " for n in range(10))
    if kind.invents:  # when this fails, LiteLLM has been mended: take `invents=True` from its row
        assert s.status == "done"
    elif kind.finish:
        assert (s.status, s.finish_reason) == ("truncated", None)
    else:  # texts have no finish reason: their end is the end
        assert s.status == "done"


@every
def test_a_cut_connection_is_an_error_and_keeps_the_text(site: Site, kind: Kind) -> None:
    s = play(site, kind, "cut", TEN, faults=[faults.Cut(4)])
    assert s.status == "error"
    assert s.content == "0 1 2 3 " if kind.keeps else "0 1 2 3 ".startswith(s.content)
    assert s.error is not None
    assert s.error.hint
    assert KEY not in f"{s.error} {s.error.hint}"


@every
def test_an_error_event_is_an_error_and_keeps_the_text(site: Site, kind: Kind) -> None:
    s = play(site, kind, "event", TEN, faults=[faults.ErrorEvent(4, message="Too much of it")])
    assert s.content == "0 1 2 3 "
    assert s.status == "error"
    if "groq" not in kind.name:  # where LiteLLM stumbles over the error's code
        assert "Too much of it" in str(s.error)


# -- stop -------------------------------------------------------------------------------------------------------------------


TRIES = 4
"""At most: a machine that does other things, too, is late for some of them."""


def stopped(site: Site, kind: Kind, purpose: str, *given: faults.Fault) -> tuple[int, float]:
    """Stop at 50 chunks a second; return the chunks that the server sent after it, and the seconds until it saw the close."""
    over, seconds = _stopped(site, kind, purpose, *given)
    tries = 1
    while (over > OVERSHOOT or seconds >= CLOSE) and tries < TRIES:
        over, seconds = _stopped(site, kind, f"{purpose}-{tries}", *given)
        tries += 1
    return over, seconds


def _stopped(site: Site, kind: Kind, purpose: str, *given: faults.Fault) -> tuple[int, float]:
    model = name(kind, purpose)
    script = site.provider.script(model, Answer.of([f"word{n} " for n in range(200)]), rate=50, faults=given)
    s = kind.start(site, model)
    connection = script.wait_for_connection()
    for event in s.events():
        if event.type == "append" and s.content.count(" ") >= 5:
            break
    if given:
        connection.wait_chunks(8)
        threading.Event().wait(0.1)  # well within the silence
    clicked = time.monotonic()
    s.stop()
    closed = connection.wait_closed() - clicked
    assert s.wait(5).status == "stopped"
    assert s.stopped_by == "user"
    assert connection.closed_by == "client"
    shown = s.content
    assert "".join(f"word{n} " for n in range(200)).startswith(shown)
    return sum(t > clicked for t in connection.chunk_times), closed


@each("moment", ["in mid-stream"], ["in a silent gap"], kept=["in a silent gap"])
def test_stop_closes_the_socket_at_once(site: Site, kind: Kind, moment: str) -> None:
    over, seconds = stopped(site, kind, f"stop-{moment}", *([faults.Hang(8)] if "gap" in moment else []))
    tables.note("stops", kind.name, moment, f"{over} / {seconds * 1000:.0f} ms")
    assert over <= OVERSHOOT
    assert seconds < CLOSE


# LiteLLM's own async client for Anthropic takes its trust when it is imported, and cannot be told later.
@few([k for k in KINDS if k.name != "litellm acompletion, anthropic"])
def test_stop_closes_the_socket_over_tls(secure: Site, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    if not kind.tls or kind.starts:
        monkeypatch.setenv("SSL_CERT_FILE", str(secure.provider.ca_file))
        monkeypatch.setattr("litellm.ssl_verify", str(secure.provider.ca_file))
        _forget_clients()
    over, seconds = stopped(secure, kind, "stop-tls", faults.Hang(8))
    tables.note("stops", kind.name, "over TLS, in a gap", f"{over} / {seconds * 1000:.0f} ms")
    assert over <= OVERSHOOT
    assert seconds < CLOSE


_kept: list[Any] = []


def _forget_clients() -> None:
    """LiteLLM keeps its clients, which then trust whom they trusted when they were made."""
    import litellm

    _kept.append(dict(litellm.in_memory_llm_clients_cache.cache_dict))  # they complain if they go without being closed
    litellm.in_memory_llm_clients_cache.flush_cache()
    litellm.module_level_client = litellm.llms.custom_httpx.http_handler.HTTPHandler()


@few(KINDS)
def test_stop_before_the_first_byte_closes_the_socket(site: Site, kind: Kind) -> None:
    if kind.name.startswith(("openai create", "openai async", "openai responses", "anthropic create", "litellm")) or (
        "text_stream" in kind.name or kind.name == "anthropic async"
    ):
        delays: dict[str, Any] = {"first_delay": 60.0}  # its call returns with the headers
    else:
        delays = {"header_delay": 60.0}
    model = name(kind, "early")
    script = site.provider.script(model, TEN, **delays)
    s = kind.start(site, model)
    connection = script.wait_for_connection()
    threading.Event().wait(0.05)
    clicked = time.monotonic()
    s.stop()
    assert connection.wait_closed() - clicked < CLOSE
    assert s.wait(5).status == "stopped"


# -- limits -----------------------------------------------------------------------------------------------------------------


IDLE = ("idle", "idle_timeout")


@each("limit,code", ("first_token", "first_token_timeout"), IDLE, ("total", "max_duration"), kept=IDLE)
def test_a_time_limit_ends_the_run_and_closes_the_socket(site: Site, kind: Kind, limit: str, code: str) -> None:
    model = name(kind, f"limit-{limit}")
    script = site.provider.script(model, TEN, faults=[faults.Hang(0 if limit == "first_token" else 3)])
    started = time.monotonic()
    s = kind.start(site, model, timeout=nb.Timeout(**{"first_token": None, "idle": None, limit: 0.3}))
    connection = script.wait_for_connection()
    s.wait(10)
    assert time.monotonic() - started >= 0.3
    assert s.content == ("" if limit == "first_token" else "0 1 2 ")
    assert (s.error.code if s.error else s.stopped_by) == code
    connection.wait_closed(1)


@every
def test_a_size_limit_stops_the_run(site: Site, kind: Kind) -> None:
    model = name(kind, "size")
    gate = Gate()
    site.provider.script(model, Answer.of([f"word{n} " for n in range(50)]), gate=gate)
    gate.open(20)
    s = kind.start(site, model, max_output_tokens=4).wait(10)
    assert (s.status, s.stopped_by) == ("stopped", "max_tokens")


# -- nothing left -----------------------------------------------------------------------------------------------------------


LOOP = "nbstream-user"


def left() -> tuple[int, int]:
    gc.collect()
    loops = threads().count(LOOP)  # few, kept for good; three descriptors each
    return len(threads(LOOP)), psutil.Process().num_fds() - 3 * loops


@pytest.mark.parametrize("runs", [6, pytest.param(12, marks=pytest.mark.soak)])
@every
def test_nothing_is_left_of_runs_and_stops(site: Site, kind: Kind, runs: int) -> None:
    model = name(kind, f"leak-{runs}")
    script = site.provider.script(model, Answer.of([f"{n} " for n in range(20)]), rate=400)

    def some(count: int) -> None:
        for number in range(count):
            s = kind.start(site, model)
            if number % 2:
                s.stop()
            s.wait(10)
        for connection in script.connections:
            if connection.closed_at is None and connection.chunks_sent < connection.chunks_total:
                connection.wait_closed()

    gc.collect()
    gc.freeze()  # the same for what earlier cases have left
    some(runs // 2)
    before = left()
    some(runs)
    for _ in range(40):
        after = left()
        if after <= before or (after[0] <= before[0] and after[1] <= before[1] + 1):
            break
        threading.Event().wait(0.05)
    assert after[0] <= before[0]
    assert after[1] <= before[1] + 1  # a pooled connection may come and go
