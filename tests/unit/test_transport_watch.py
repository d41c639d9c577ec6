"""What the watch reads from the events of each wire format, and what the faults make of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from nbstream._errors import AuthError, ProviderError, RateLimitError, RequestError, ServerError
from nbstream.sources import _faults
from nbstream.sources._watch import Watch, finish_reason

FINISHED: list[tuple[str, Any, dict[int, str]]] = [
    ("openai", {"choices": [{"index": 1, "finish_reason": "length"}]}, {1: "length"}),
    ("openai, unfinished", {"choices": [{"index": 0, "finish_reason": None}]}, {}),
    ("openai, empty", {"choices": [{"index": 0, "finish_reason": ""}]}, {}),
    ("anthropic", {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {0: "end_turn"}),
    ("anthropic, first", {"type": "message_start", "message": {"stop_reason": None}}, {}),
    ("gemini", {"candidates": [{"finishReason": "MAX_TOKENS"}]}, {0: "MAX_TOKENS"}),
    ("gemini, unset", {"candidates": [{"finishReason": "FINISH_REASON_UNSPECIFIED"}]}, {}),
    ("gemini, blocked", {"promptFeedback": {"blockReason": "SAFETY"}}, {0: "content_filter"}),
    ("gemini, array", [{"candidates": [{"finishReason": "STOP"}]}], {0: "STOP"}),
    ("ollama", {"message": {}, "done": True, "done_reason": "length"}, {0: "length"}),
    ("ollama, old", {"message": {}, "done": True}, {0: "stop"}),
    ("ollama, unfinished", {"message": {}, "done": False}, {}),
    ("responses", {"type": "response.completed", "response": {}}, {0: "stop"}),
    (
        "responses, cut",
        {"type": "response.incomplete", "response": {"incomplete_details": {"reason": "max_output_tokens"}}},
        {0: "max_output_tokens"},
    ),
    ("cohere", {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}, {0: "COMPLETE"}),
    ("cohere, old", {"is_finished": True, "finish_reason": "MAX_TOKENS"}, {0: "MAX_TOKENS"}),
    ("anything else", {"a": 1}, {}),
    ("a number", 3, {}),
]


@pytest.mark.parametrize(("event", "finished"), [case[1:] for case in FINISHED], ids=[case[0] for case in FINISHED])
def test_a_finish_reason_is_seen_where_there_is_one(event: Any, finished: dict[int, str]) -> None:
    watch = Watch()
    watch.see(event)
    assert watch.finished == finished
    assert watch.whole == bool(finished)


def test_a_stream_is_whole_when_every_choice_is_finished() -> None:
    watch = Watch()
    watch.see({"choices": [{"index": 0, "delta": {}}, {"index": 1, "delta": {}}]})
    watch.see({"choices": [{"index": 0, "finish_reason": "stop"}]})
    assert not watch.whole
    watch.see({"choices": [{"index": 1, "finish_reason": "stop"}]})
    assert watch.whole


def test_finish_reasons_are_told_in_openais_words() -> None:
    words = ("end_turn", "STOP", "MAX_TOKENS", "tool_use", "SAFETY", "COMPLETE", "function_call", "MALFORMED_FUNCTION_CALL")
    said = ["stop", "stop", "length", "tool_calls", "content_filter", "stop", "function_call", "malformed_function_call"]
    assert [finish_reason(word) for word in words] == said


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "overloaded_error", "message": "no"}, ServerError),
        ({"type": "rate_limit_error", "message": "no"}, RateLimitError),
        ({"code": 503, "status": "UNAVAILABLE", "message": "no"}, ServerError),
        ({"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "no"}, RateLimitError),
        ({"code": "context_length_exceeded", "message": "no"}, ProviderError),
        ("no", ProviderError),
    ],
)
def test_an_error_event_is_told_by_what_it_says(error: Any, kind: type[ProviderError]) -> None:
    watch = Watch()
    watch.see({"error": error})
    told = _faults.complaint(watch)
    assert type(told) is kind
    assert str(told) == "The provider broke off: no"


def test_an_error_of_null_is_none() -> None:
    watch = Watch()
    watch.see({"error": None, "response": "text", "done": False})
    assert watch.complaint is None


def test_retry_after_is_read_as_seconds_milliseconds_or_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert _faults.retry_after({"retry-after": "1.5"}) == 1.5
    assert _faults.retry_after({"retry-after": "9", "retry-after-ms": "250"}) == 0.25
    assert 90 < (_faults.retry_after({"retry-after": later}) or 0) <= 100
    assert _faults.retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert _faults.retry_after({"retry-after": "soon"}) is None
    assert _faults.retry_after({}) is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "no credit"}}', "no credit"),
        (b'[{"error": {"message": "no credit"}}]', "no credit"),
        (b'{"detail": "no credit"}', "no credit"),
        (b"<html><style>p{}</style><p>no\n credit</p></html>", "no credit"),
        (b"no credit", "no credit"),
    ],
)
def test_the_reason_of_a_refusal_is_found_in_its_body(body: bytes, said: str) -> None:
    watch = Watch()
    watch.status, watch.body = 402, body
    told = _faults.refusal(watch, "openai")
    assert (type(told), str(told)) == (RequestError, f"openai answered 402: {said}")


def test_geminis_400_for_a_bad_key_is_an_auth_error() -> None:
    assert type(_faults.by_status(400, "API key not valid. Please pass a valid API key.")) is AuthError
    assert type(_faults.by_status(400, "Invalid temperature")) is RequestError


def test_a_tidied_error_is_masked_and_clipped() -> None:
    error = _faults.tidy(RequestError("key hunter22 " + "x" * 900), ("hunter22",))
    assert str(error).startswith("key [secret] xxx")
    assert len(str(error)) == 500
