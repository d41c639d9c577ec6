"""Every fault in every wire format ends truthfully: done only with the whole text, else what came before it, exactly."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

import nbstream as nb
import tables
from provider import Answer, FakeProvider, faults
from wire import tool_faults

KEY = "sk-test-0123456789abcdef"
PIECES = [f"Stück {n} 🏠 " for n in range(10)]
WHOLE = "".join(PIECES)
BIG = "0123456789abcde\n" * 327_680
"""5 MB in one event."""

HALF = b'data: {"x": "\xf0\x9f'

_MESSAGES = [{"role": "user", "content": "Go on"}]
FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "openai chat": ("/v1/chat/completions", {"messages": _MESSAGES, "stream_options": {"include_usage": True}}),
    "openai responses": ("/v1/responses", {"input": "Go on"}),
    "anthropic": ("/v1/messages", {"messages": _MESSAGES, "max_tokens": 99}),
    "gemini": ("/v1beta/models/{model}:streamGenerateContent?alt=sse", {"contents": [{"parts": [{"text": "Go on"}]}]}),
    "ollama": ("/api/chat", {"messages": _MESSAGES}),
}
ROUTES = {"openai chat": "openai", "anthropic": "anthropic", "gemini": "gemini", "ollama": "ollama_chat"}


def from_sse(provider: FakeProvider, wire: str, model: str) -> nb.Stream:
    path, body = FORMATS[wire]
    url = provider.url + path.format(model=model)
    source = nb.from_sse(url, method="POST", json={"model": model, "stream": True, **body})
    return nb.display_stream(source, display=False, wait=True)


def stream(provider: FakeProvider, wire: str, model: str) -> nb.Stream:
    base = provider.base({"openai chat": "openai"}.get(wire, wire))
    return nb.stream("Go on", model=f"{ROUTES[wire]}/{model}", api_base=base, api_key=KEY, display=False, wait=True)


def squeezed(arguments: str) -> str:
    """The arguments as text; formats that send a value are written out anew, with white space of our own."""
    try:
        return json.dumps(json.loads(arguments), separators=(",", ":"))
    except ValueError:
        return arguments


TEN = Answer.of(PIECES)


@dataclass(frozen=True)
class Case:
    """A fault and how it must end: the statuses that are true of it, the error's code, the text (`more`: or all of it).

    `steps`: a tool call as it should not be, after the text; `calls`: what was meant, by name.
    """

    name: str
    given: tuple[faults.Fault, ...]
    status: str
    code: str | None = None
    text: str = WHOLE
    more: bool = False
    framing: str = "chunked"
    answer: Answer = TEN
    steps: Sequence[tool_faults.Step] = ()
    calls: Mapping[str, str] = field(default_factory=dict)


FIRST = "".join(PIECES[:4])
CASES = [
    Case("a clean end without a finish reason", (faults.NoEnd(),), "truncated"),
    Case("the connection ends in mid-answer", (faults.Cut(4),), "error", "connection", FIRST),
    Case("the same where the body ends with the connection", (faults.Cut(4),), "truncated", None, FIRST, framing="close"),
    Case("an error event", (faults.ErrorEvent(4),), "error", None, FIRST),
    # nb.from_sse reads on behind a broken event, and says at the end what it met; a library beneath nb.stream cannot.
    Case("an event that is no JSON", (faults.BadJson(4),), "error", "bad_response", FIRST, more=True),
    Case("an event with a byte that is no UTF-8", (faults.BadUtf8(4),), "error|done", None, FIRST, more=True),
    Case("half a character at the end", (faults.NoEnd(), faults.Raw(99, HALF)), "truncated|error"),
    Case("half a character behind a whole answer", (faults.Raw(99, HALF),), "done"),
    Case("gzip, though identity was asked for", (faults.Compressed("gzip"),), "done"),
    Case("deflate, likewise", (faults.Compressed("deflate"),), "done"),
    Case("br, likewise", (faults.Compressed("br"),), "done"),
    Case("gzip, cut in mid-answer", (faults.Compressed("gzip"), faults.Cut(4)), "error", "connection", FIRST),
    Case("a coding that nobody knows", (faults.Compressed("x-own"),), "error", "bad_response", ""),
    Case("tool calls whose indices are out of order", (), "done", steps=tool_faults.OUT_OF_ORDER, calls=tool_faults.PLAIN),
    Case("two tool calls with one index", (), "done", steps=tool_faults.DUPLICATE, calls=tool_faults.PLAIN),
    Case("arguments that are no JSON", (), "done", steps=tool_faults.NO_JSON, calls={"f": tool_faults.HALF}),
    Case("keep-alive comments", (faults.KeepAlive(),), "done"),
    Case("an event with empty data", (faults.EmptyData(4),), "done"),
    Case("a byte order mark", (faults.Bom(),), "done"),
    Case("several events in one packet", (faults.Coalesce(5),), "done"),
    Case("5 MB in one event", (), "done", None, BIG, answer=Answer.of([BIG])),
    Case(
        "U+2028, U+2029 and U+0085 raw",
        (),
        "done",
        None,
        "a\u2028b\u2029c\x85d",
        answer=Answer.of(["a\u2028b\u2029", "c\x85d"]),
    ),
    Case("401, the key quoted", (faults.Status(401, echo_key=True),), "error", "auth", ""),
    Case("404", (faults.Status(404),), "error", "request", ""),
    Case("429 with Retry-After above our patience", (faults.Status(429, retry_after=60),), "error", "rate_limit", ""),
    Case("500 once, then the answer", (faults.Status(500, times=1),), "done"),
    Case("a connection refused once, then the answer", (faults.Refuse(times=1),), "done"),
    Case("a web page with status 200", (faults.Html(),), "error", "bad_response", ""),
    Case("a JSON error with status 200", (faults.JsonError(),), "error", None, ""),
]


WAYS: Final = [*((from_sse, wire) for wire in FORMATS), *((stream, wire) for wire in ROUTES)]
"""`nb.stream` speaks to OpenAI by chat completions, not by Responses."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize(("way", "wire"), WAYS, ids=[f"nb.{way.__name__}-{wire}" for way, wire in WAYS])
def test_a_fault_ends_truthfully(
    provider: FakeProvider, way: Callable[[FakeProvider, str, str], nb.Stream], case: Case, wire: str
) -> None:
    model = f"matrix-{way.__name__}-{CASES.index(case)}"
    given = case.given
    if case.steps:  # behind the text, before the end
        given = (*given, faults.Raw(len(PIECES), tool_faults.events(wire, case.steps)))
    provider.script(model, case.answer, faults=given, framing=case.framing)
    s = way(provider, wire, model)
    code = s.error.code if s.error else None
    if way is from_sse:
        tables.note("faults", case.name, wire, s.status + (f" ({code})" if code else ""))
    assert s.content == case.text or (case.more and s.content == WHOLE)
    assert s.status in case.status.split("|"), s.error
    assert s.status != "done" or not case.more or s.content == WHOLE
    assert {call.name: squeezed(call.arguments) for call in s.tool_calls} == dict(case.calls)
    if case.code:
        assert code == case.code
    if s.error is not None:
        assert s.error.hint
        assert KEY not in f"{s.error} {s.error.hint}"
