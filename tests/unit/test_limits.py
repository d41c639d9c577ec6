"""Time limits fire at their moment, by a clock that is set by hand."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from nbstream import Timeout
from nbstream._arguments import MAX_DURATION, limits
from nbstream._limits import Deadlines
from nbstream.testing import ManualClock

FIELDS = ("first_token", "idle", "total")


class Watched:
    """Deadlines on a manual clock, with what they said and when."""

    def __init__(self, timeout: Timeout) -> None:
        self.clock = ManualClock()
        self.expired: list[tuple[str, float]] = []
        self.deadlines = Deadlines(self.clock, timeout, lambda reason: self.expired.append((reason, self.clock.time())))


def test_the_first_token_limit_counts_from_the_request() -> None:
    watched = Watched(Timeout(first_token=2, idle=5))
    watched.clock.advance(10)
    watched.deadlines.begin()
    watched.clock.advance(1.9)
    assert watched.expired == []
    watched.clock.advance(0.2)
    assert watched.expired == [("first_token_timeout", 12.0)]


def test_chunks_without_text_do_not_end_the_wait_for_the_first_token() -> None:
    watched = Watched(Timeout(first_token=2, idle=5))
    watched.deadlines.begin()
    watched.clock.advance(1)
    watched.deadlines.chunk(visible=False)
    watched.clock.advance(1.5)
    assert watched.expired == [("first_token_timeout", 2.0)]


def test_an_idle_limit_shorter_than_the_first_token_limit_holds_from_the_first_text() -> None:
    watched = Watched(Timeout(first_token=120, idle=3))
    watched.deadlines.begin()
    watched.clock.advance(1)
    watched.deadlines.chunk(visible=True)
    watched.clock.advance(10)
    assert watched.expired == [("idle_timeout", 4.0)]


def test_each_chunk_puts_the_idle_limit_off() -> None:
    watched = Watched(Timeout(first_token=2, idle=3))
    watched.deadlines.begin()
    for _ in range(10):
        watched.clock.advance(1.5)
        watched.deadlines.chunk(visible=True)
    assert watched.expired == []
    watched.clock.advance(3.1)
    assert watched.expired == [("idle_timeout", 18.0)]


def test_the_total_limit_holds_however_busy_the_stream_is() -> None:
    watched = Watched(Timeout(first_token=None, idle=1, total=5))
    watched.deadlines.begin()
    for _ in range(20):
        watched.clock.advance(0.5)
        watched.deadlines.chunk(visible=True)
        if watched.expired:
            break
    assert watched.expired == [("max_duration", 5.0)]


@pytest.mark.parametrize("seconds", [0.2, 3.0, 45.0, 300.0])
@pytest.mark.parametrize("gap", [0.0003, 0.007, 0.13], ids=["many chunks", "some", "few"])
@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("first_token", "first_token_timeout"),
        ("idle", "idle_timeout"),
        ("total", "max_duration"),
        ("environment", "max_duration"),
        ("module", "max_duration"),
    ],
)
def test_a_limit_fires_within_a_tenth_of_its_setting(
    limit: str, reason: str, gap: float, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many chunks come, and whoever set it; `gap` is the time between two chunks as a share of the limit."""
    timeout = Timeout(**{"first_token": None, "idle": None, "total": None, **({limit: seconds} if limit in FIELDS else {})})
    if limit == "environment":
        monkeypatch.setenv(MAX_DURATION, str(seconds))
    elif limit == "module":
        monkeypatch.setitem(sys.modules, "litellm", SimpleNamespace(**{MAX_DURATION: seconds}))
    watched = Watched(limits(timeout, None, ())["timeout"])
    watched.deadlines.begin()
    began = 0.0
    for number in range(20 + round(1.5 / gap)):
        watched.clock.advance(seconds * gap)
        if watched.expired:
            break
        if limit == "idle" and number >= 20:
            continue  # silence from here on
        began = watched.clock.time() if limit == "idle" else 0.0
        watched.deadlines.chunk(visible=limit != "first_token")
    [(said, when)] = watched.expired
    assert said == reason
    assert when - began == pytest.approx(seconds, rel=0.1)
    assert when - began >= seconds * (1 - 1e-9)  # never early


def test_the_smaller_of_two_limits_in_total_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MAX_DURATION, "30")
    assert limits(Timeout(total=10), None, ())["timeout"].total == 10
    assert limits(Timeout(total=50), None, ())["timeout"].total == 30
    assert limits(None, None, ())["timeout"].total == 30
    monkeypatch.setenv(MAX_DURATION, "soon")
    with pytest.raises(ValueError, match="give seconds as a number"):
        limits(None, None, ())


def test_cancelled_limits_never_fire() -> None:
    watched = Watched(Timeout(first_token=1, idle=1, total=1))
    watched.deadlines.begin()
    watched.deadlines.cancel()
    watched.clock.advance(100)
    assert watched.expired == []


def test_no_limit_sets_no_timer() -> None:
    watched = Watched(Timeout(first_token=None, idle=None, total=None))
    watched.deadlines.begin()
    watched.deadlines.chunk(visible=True)
    watched.clock.advance(1e6)
    assert watched.expired == []


@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_limit_must_be_positive(value: float) -> None:
    with pytest.raises(ValueError, match="more than 0 seconds"):
        Timeout(idle=value)


@pytest.mark.parametrize("value", ["3", True, [1]])
def test_a_limit_must_be_a_number(value: object) -> None:
    with pytest.raises(TypeError, match="give seconds as a number"):
        Timeout(total=value)  # type: ignore[arg-type]  # reason: what is tested
