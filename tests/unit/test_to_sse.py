"""A stream as server-sent events, in each form, and read back again."""

from __future__ import annotations

import json
from typing import Any

import pytest

import nbstream as nb
from nbstream._errors import RateLimitError
from nbstream._stream import Stream

CALL = {"name": "get_weather", "arguments": {"city": "Köln"}, "id": "call_7"}
FULL: dict[str, Any] = {
    "thinking": "Hm. Well.",
    "content": "It rains\nin Köln 🌧.",
    "tool_calls": [CALL],
    "rate": None,
    "ttft": 0,
}


def frames(stream: Any, **keywords: Any) -> list[str]:
    """The events of `stream` as text."""
    return [frame.decode() for frame in nb.to_sse(stream, **keywords)]


def values(body: list[str]) -> list[Any]:
    """The JSON in the events `body`."""
    data = [line[6:] for frame in body for line in frame.splitlines() if line.startswith("data: ")]
    return [json.loads(item) if item != "[DONE]" else item for item in data]


def back(body: list[str]) -> Stream:
    """`body` read again."""
    return nb.display_stream(nb.from_sse("".join(body).encode()), display=False, wait=True)


def sections(s: Stream) -> list[Any]:
    """What `s` holds, without the times."""
    return [(e.kind, e.text, {k: v for k, v in e.meta.items() if k != "duration_us"}, e.closed) for e in s.sections]


def test_our_events_read_again_are_the_same_stream() -> None:
    s = nb.display_stream(nb.fake(**FULL, usage={"input_tokens": 3, "output_tokens": 9}), display=False, wait=True)
    again = back(frames(s))
    assert sections(again) == sections(s)
    assert (again.status, again.finish_reason) == (s.status, s.finish_reason) == ("done", "tool_calls")
    assert (again.usage.input_tokens, again.usage.output_tokens) == (3, 9)


def test_our_events_carry_their_numbers_and_go_on_after_the_last_one_seen() -> None:
    s = nb.display_stream(nb.fake(**FULL), display=False, wait=True)
    body = frames(s)
    assert [int(frame.partition("\n")[0].removeprefix("id: ")) for frame in body] == list(range(1, len(body) + 1))
    assert frames(s, last_id="5") == body[5:]
    assert frames(s, last_id="nonsense") == body


def test_the_plain_form_is_the_answer_and_done() -> None:
    body = frames(nb.fake(**{**FULL, "tool_calls": ()}), form="data")
    assert all(frame.startswith("data: ") and frame.endswith("\n\n") and frame.count("\n") == 2 for frame in body)
    found = values(body)
    assert found[-1] == "[DONE]"
    assert "".join(item["content"] for item in found[:-1]) == FULL["content"]
    again = back(body)
    assert (again.content, again.status) == (FULL["content"], "done")


@pytest.mark.parametrize("form", ["own", "data", "ui"])
def test_an_error_is_an_error_at_the_other_end(form: Any) -> None:
    error = RateLimitError("slow down, sk-abcdefghijklmnop", hint="Wait.")
    s = nb.display_stream(nb.fake("Half", error=error, rate=None, ttft=0), display=False, wait=True)
    body = frames(s, form=form)
    assert "[DONE]" not in "".join(body) or form == "ui"
    again = back(body)
    assert (again.content, again.status) == ("Half", "error")
    assert again.error is not None
    assert "slow down" in str(again.error)
    assert "sk-abc" not in "".join(body)
    if form == "own":
        assert (type(again.error), again.error.hint) == (RateLimitError, "Wait.")


@pytest.mark.parametrize("form", ["own", "data", "ui"])
def test_half_an_answer_never_reads_whole(form: Any) -> None:
    cut = nb.fake("Half", finish_reason="", rate=None, ttft=0)
    again = back(frames(cut, form=form))
    assert again.content == "Half"
    assert again.status != "done"


def test_the_ui_form_says_each_part_and_reads_back() -> None:
    s = nb.display_stream(nb.fake(**FULL), display=False, wait=True)
    body = frames(s, form="ui")
    found = values(body)
    kinds = [item if isinstance(item, str) else item["type"] for item in found]
    order = [kind for at, kind in enumerate(kinds) if kind != kinds[at - 1]]
    assert order == [
        *("start", "start-step", "reasoning-start", "reasoning-delta", "reasoning-end", "text-start", "text-delta", "text-end"),
        *("tool-input-start", "tool-input-delta", "tool-input-available", "finish-step", "finish", "[DONE]"),
    ]
    ready = next(item for item in found if item["type"] == "tool-input-available")
    assert ready == {
        "type": "tool-input-available",
        "toolCallId": "call_7",
        "toolName": "get_weather",
        "input": {"city": "Köln"},
    }
    assert next(item for item in found if item["type"] == "finish")["finishReason"] == "tool-calls"
    assert sections(back(body)) == sections(s)


def test_the_headers_say_what_it_is() -> None:
    s = nb.display_stream(nb.fake("x", rate=None, ttft=0), display=False, wait=True)
    assert nb.to_sse(s).headers["content-type"] == "text/event-stream"
    assert nb.to_sse(s, form="ui").headers["x-vercel-ai-ui-message-stream"] == "v1"


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ValueError, match="own, data or ui"):
        nb.to_sse(nb.fake("x"), form="json")  # type: ignore[arg-type]


@pytest.mark.parametrize(("form", "status"), [("data", "stopped"), ("own", "streaming")])
def test_a_client_that_leaves_stops_the_stream_unless_it_may_come_back(form: Any, status: str) -> None:
    s = nb.display_stream(nb.fake("word " * 10_000, rate=50, ttft=0), display=False, wait=False)
    body = iter(nb.to_sse(s, form=form))
    for frame in body:
        if b"word" in frame:
            break
    body.close()  # type: ignore[attr-defined]
    if status == "stopped":
        s.wait(10)
    assert s.status == status
    s.stop()
    s.wait(10)
