"""Parts: a view gets what it asks for once a moment, and a hostile one gets little."""

from __future__ import annotations

from typing import Any

import pytest

from nbstream._events import Wire
from nbstream._parts import FILES, PAUSE_SECONDS, REPEATS, Parts, part
from nbstream.testing import ManualClock


class Sent:
    """Parts on a manual clock, and what they sent: when, which."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.log: list[tuple[float, str]] = []
        self.parts = Parts(self._send, self.clock)

    def _send(self, message: Wire, buffers: list[bytes]) -> None:
        assert message["type"] == "part"
        assert buffers == [part(message["name"])]
        self.log.append((self.clock.time(), message["name"]))

    def ask(self, name: object = "mathfont") -> bool:
        return self.parts.ask({"type": "part", "name": name})


def test_a_part_is_given_with_its_bytes_at_once() -> None:
    sent = Sent()
    assert sent.ask()
    sent.clock.advance(0.1)
    assert [name for _, name in sent.log] == ["mathfont"]
    found = part("mathfont")
    assert found is not None
    assert found[:4] == b"wOF2"


def test_many_questions_within_a_moment_are_one_answer() -> None:
    sent = Sent()
    assert [sent.ask() for _ in range(REPEATS)] == [True] * REPEATS
    sent.clock.advance(60)
    assert len(sent.log) == 1


def test_each_part_is_given() -> None:
    sent = Sent()
    assert all(sent.ask(name) for name in FILES)
    sent.clock.advance(1)
    assert sorted(name for _, name in sent.log) == sorted(FILES)


@pytest.mark.parametrize("name", ["", "widget", "../widget.js", "highlight.js", "/etc/passwd", None, 3, ["math"], {"a": 1}])
def test_what_is_no_part_is_refused(name: Any) -> None:
    sent = Sent()
    assert not sent.ask(name)
    assert not sent.parts.ask({"type": "part"})
    sent.clock.advance(60)
    assert sent.log == []


def test_a_flood_is_refused_and_gets_a_part_every_two_seconds() -> None:
    sent = Sent()
    answers = []
    for _ in range(10_000):
        answers.append(sent.ask())
        sent.clock.advance(0.001)
    assert len(sent.log) == 10 / PAUSE_SECONDS
    assert all(later - earlier >= PAUSE_SECONDS for (earlier, _), (later, _) in zip(sent.log, sent.log[1:], strict=False))
    assert answers.count(True) <= REPEATS * (len(sent.log) + 1)
