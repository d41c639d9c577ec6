"""The budget: never more than a hundred messages in any second, and fair turns, on a clock that is set by hand."""

from __future__ import annotations

import random
from bisect import bisect_left

import pytest

from nbstream._budget import BURST, MESSAGES_PER_SECOND, RATE, budget_of
from nbstream._events import Append, End, Open
from nbstream._outbox import PACE, Outbox
from nbstream._transcript import Transcript
from nbstream.testing import ManualClock


def busiest(times: list[float]) -> int:
    """The most messages in any second that begins with one."""
    times = sorted(times)
    return max(bisect_left(times, start + 1) - bisect_left(times, start) for start in times)


class Talker:
    """Sends as often as it is let."""

    def __init__(self, clock: ManualClock, *, urgent: bool = False) -> None:
        self.clock = clock
        self.urgent = urgent
        self.sent: list[float] = []
        self.ask()

    def ask(self) -> None:
        """Ask for a turn."""
        budget_of(self.clock).ask(self, urgent=self.urgent)

    def turn(self) -> bool:
        """Take it, and ask for another one."""
        self.sent.append(self.clock.time())
        self.ask()
        return True


@pytest.mark.parametrize("count", [1, 4, 20, 150])
def test_no_second_sees_more_than_a_hundred_messages_and_all_get_the_same(count: int) -> None:
    clock = ManualClock()
    talkers = [Talker(clock) for _ in range(count)]
    clock.advance(10)
    times = sorted(time for talker in talkers for time in talker.sent)
    assert busiest(times) <= MESSAGES_PER_SECOND
    assert len(times) >= 10 * RATE
    shares = [len(talker.sent) for talker in talkers]
    assert max(shares) - min(shares) <= 1


def test_the_limit_holds_after_a_pause_of_any_length() -> None:
    clock, chance = ManualClock(), random.Random(5)
    sent: list[float] = []

    class Burst:
        def turn(self) -> bool:
            sent.append(clock.time())
            return True

    for _ in range(300):
        for _ in range(chance.choice([1, 5, 60])):
            budget_of(clock).ask(Burst())
        clock.advance(chance.choice([0, 0.001, 0.3, 1, 3]))
    clock.advance(1000)
    assert len(sent) > 3000
    assert busiest(sent) <= MESSAGES_PER_SECOND


def test_the_urgent_go_first_and_count_like_the_others() -> None:
    clock = ManualClock()
    talkers = [Talker(clock) for _ in range(5)]
    clock.advance(5)
    before = [len(talker.sent) for talker in talkers]
    urgent = Talker(clock, urgent=True)
    clock.advance(1)
    assert [len(talker.sent) for talker in talkers] == before
    everything = urgent.sent + [time for talker in talkers for time in talker.sent]
    assert busiest(sorted(everything)) <= MESSAGES_PER_SECOND


def test_one_that_has_nothing_to_say_takes_no_share() -> None:
    clock = ManualClock()

    class Silent:
        def turn(self) -> bool:
            return False

    for _ in range(1000):
        budget_of(clock).ask(Silent())
    talker = Talker(clock)
    clock.advance(0)
    assert len(talker.sent) == BURST


def test_a_message_beside_the_budget_is_paid_for_later() -> None:
    clock = ManualClock()
    talker = Talker(clock)
    clock.advance(0)
    before = len(talker.sent)
    for _ in range(40):
        budget_of(clock).charge()
    clock.advance(0.4)
    assert len(talker.sent) == before
    clock.advance(0.5)
    assert len(talker.sent) > before


def test_a_clock_that_is_gone_takes_its_budget_along() -> None:
    first = budget_of(ManualClock())
    assert budget_of(ManualClock()) is not first


@pytest.mark.parametrize("streams", [1, 4, 20])
def test_streams_share_the_budget_and_lose_nothing(streams: int) -> None:
    clock = ManualClock()
    sent: list[tuple[float, int]] = []
    transcripts = []

    def begin(number: int) -> None:
        transcript = Transcript()
        outbox = Outbox(f"r{number}", lambda _: sent.append((clock.time(), number)), transcript.snapshot, clock)
        transcript.subscribe(outbox.push)
        outbox.resume(0)
        outbox.set_pace(PACE)
        transcripts.append((transcript, outbox))
        transcript.apply(Open("content"))

    for number in range(streams):
        begin(number)
    for _ in range(1700):
        for transcript, _ in transcripts:
            transcript.apply(Append(0, "word "))
        clock.advance(1 / 340)
    for transcript, _ in transcripts:
        transcript.apply(End("done"))
    clock.advance(2)
    assert busiest([time for time, _ in sent]) <= MESSAGES_PER_SECOND
    assert all(outbox.sent == transcript.seq and outbox.held == 0 for transcript, outbox in transcripts)
    shares = [sum(who == number for _, who in sent) for number in range(streams)]
    assert max(shares) - min(shares) <= 2
    # A slow second counts as well: five seconds hold at least what the bucket lets through, or 30 for each.
    assert sum(shares) >= 5 * min(25 * streams, RATE)


def test_a_chatty_stream_waits_as_long_as_a_quiet_one() -> None:
    clock = ManualClock()
    waits: list[float] = []
    transcript = Transcript()
    said = 0.0

    def note(_: object) -> None:
        waits.append(clock.time() - said)

    outbox = Outbox("quiet", note, transcript.snapshot, clock)
    transcript.subscribe(outbox.push)
    outbox.resume(0)
    outbox.set_pace(PACE)
    transcript.apply(Open("content"))
    transcript.apply(Append(0, "begin"))
    chatty = [Talker(clock) for _ in range(19)]
    clock.advance(2)
    waits.clear()
    for _ in range(10):
        said = clock.time()
        transcript.apply(Append(0, "a word"))
        clock.advance(1)
    assert len(waits) == 10
    assert max(waits) <= 20 / RATE + PACE
    assert all(talker.sent for talker in chatty)
