"""`from_sse` in five wire formats against the local provider: exact without any library, and truthful under every fault."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

import nbstream as nb
from nbstream._stream import Stream
from provider import Answer, Call, FakeProvider, faults

FORMATS = {
    "openai-chat": ("openai", "/chat/completions"),
    "openai-responses": ("openai", "/responses"),
    "anthropic": ("anthropic", "/v1/messages"),
    "gemini": ("gemini", "/v1beta/models/{model}:streamGenerateContent?alt=sse"),
    "ollama": ("ollama", "/api/chat"),
}
"""The base of the provider, and the path of each format."""

WHOLE = {"gemini", "ollama"}
"""Formats that send a call as a value: its arguments are compared as one."""

TEN = [f"{n} " for n in range(10)]
HARD = "a\u2028b\u2029c\u0085d [DONE] 🌧 \\n data: x\n\n: y\r\n\tcombining e\u0301 <b> \x00\x1b[31m"
CALLS = [Call("call_1", "f", ['{"x":', ' "é\u2028"}']), Call("call_2", "f", "{}"), Call("call_3", "g", '{"n": [1, 2.5, null]}')]


async def streamed(provider: FakeProvider, wire: str, name: str, answer: Answer, *given: Any, **script: Any) -> Stream:
    """The stream of `answer` in the format `wire`, as it ended."""
    model = f"sse-{name}-{wire}"
    provider.script(model, answer, faults=given, **script)
    s = nb.display_stream(nb.from_sse(address(provider, wire, model), json=asked(model)), display=False, wait=False)
    return await asyncio.wait_for(_ended(s), 30)


async def _ended(s: Stream) -> Stream:
    return await s


def address(provider: FakeProvider, wire: str, model: str) -> str:
    """Where `model` answers in the format `wire`."""
    base, path = FORMATS[wire]
    return provider.base(base) + path.format(model=model)


def asked(model: str) -> dict[str, Any]:
    """A request that every format understands."""
    message = {"role": "user", "content": "?"}
    options = {"include_usage": True}
    return {
        "model": model,
        "stream": True,
        "messages": [message],
        "input": "?",
        "contents": [{"parts": [{"text": "?"}]}],
        "stream_options": options,
    }


@pytest.mark.parametrize("wire", FORMATS)
@pytest.mark.parametrize("raw", [True, False], ids=["raw", "escaped"])
@pytest.mark.parametrize("given", [(), (faults.Split.every_byte(),), (faults.Coalesce(7),), (faults.KeepAlive(), faults.Bom())])
async def test_every_character_arrives_however_it_is_sent(provider: FakeProvider, wire: str, raw: bool, given: Any) -> None:
    answer = Answer.of(HARD, thinking=HARD[::-1], calls=CALLS, cut=5)
    name = f"exact-{raw}-{'-'.join(type(f).__name__ for f in given)}"
    s = await streamed(provider, wire, name, answer, *given, raw=raw)
    assert (s.status, s.error) == ("done", None)
    assert s.content == HARD
    assert s.thinking == HARD[::-1]
    assert [(c.id, c.name) for c in s.tool_calls] == [("call_1", "f"), ("call_2", "f"), ("call_3", "g")]
    texts = ['{"x": "é\u2028"}', "{}", '{"n": [1, 2.5, null]}']
    assert [c.parsed for c in s.tool_calls] == [json.loads(t) for t in texts]
    if wire not in WHOLE:
        assert [c.arguments for c in s.tool_calls] == texts
    assert all(c.state == "input-available" for c in s.tool_calls)
    assert (s.usage.input_tokens or 0) > 0
    assert (s.usage.output_tokens or 0) > 0


FAULTS: dict[str, tuple[Any, str, str, str | None]] = {
    "cut off (FIN)": (faults.Cut(5), "error", "".join(TEN[:5]), "connection"),
    "reset (RST)": (faults.Reset(5), "error", "".join(TEN[:5]), "connection"),
    "no finish reason": (faults.NoEnd(), "truncated", "".join(TEN), None),
    "error event": (faults.ErrorEvent(5), "error", "".join(TEN[:5]), "server"),
    "an event that is no JSON": (faults.BadJson(5), "error", "".join(TEN), "bad_response"),
    "a byte that is no UTF-8": (faults.BadUtf8(5), "done", "", None),
    "an event without data": (faults.EmptyData(5), "done", "".join(TEN), None),
    "keep-alive comments": (faults.KeepAlive(), "done", "".join(TEN), None),
    "a byte order mark": (faults.Bom(), "done", "".join(TEN), None),
    "status 429": (faults.Status(429), "error", "", "rate_limit"),
    "status 401, the key quoted": (faults.Status(401, echo_key=True), "error", "", "auth"),
    "status 500": (faults.Status(500), "error", "", "server"),
    "a web page": (faults.Html(), "error", "", "bad_response"),
    "a JSON error": (faults.JsonError(), "error", "", None),
    "refused": (faults.Refuse(), "error", "", "connection"),
}
"""A fault, how the run ends, what is kept, the code of its error (None: not fixed)."""


@pytest.mark.parametrize("wire", FORMATS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_ends_as_what_it_is_and_keeps_what_came(provider: FakeProvider, wire: str, fault: str) -> None:
    given, status, content, code = FAULTS[fault]
    if isinstance(given, faults.Status | faults.Refuse) and given != faults.Status(401, echo_key=True):
        begun = time.monotonic()
    else:
        begun = None
    if (fault, wire) == ("error event", "ollama"):
        code = "provider"  # its errors are a sentence, which names no kind
    s = await streamed(provider, wire, f"fault-{list(FAULTS).index(fault)}", Answer.of(TEN), given)
    assert (s.status, s.error and code and s.error.code) == (status, code)
    if fault == "a byte that is no UTF-8":
        assert s.content.replace("\ufffd", "").startswith("".join(TEN[:5]))
        assert s.content.endswith("".join(TEN[5:]))
    else:
        assert s.content == content
    if s.error is not None:
        assert s.error.hint
        assert s.error.__cause__ is s.error.__context__ is None
    if begun is not None and code in ("rate_limit", "server", "connection"):
        assert time.monotonic() - begun > 0.5  # it was tried again
