"""Approvals: a producer asks, waits and is answered."""

from __future__ import annotations

import asyncio
import json

import pytest

from nbstream import StreamStopped
from unit.pushing import brief, call, chunk, in_thread, push, until


@pytest.mark.parametrize(("answer", "state"), [(True, "input-available"), (False, "output-denied")])
def test_an_approval_blocks_until_it_is_answered(answer: bool, state: str) -> None:
    s = push()
    thread, results = in_thread(lambda: s.approval("delete", {"path": "é.txt"}))
    until(s, "ask")
    assert [(a.name, a.arguments) for a in s.approvals] == [("delete", {"path": "é.txt"})]
    assert s.tool_calls[0].state == "approval-requested"
    assert results == []
    (s.approve if answer else s.deny)()
    thread.join(10)
    s.finish()
    assert results == [answer]
    assert s.approvals == []
    assert [(c.name, json.loads(c.arguments), c.state) for c in s.tool_calls] == [("delete", {"path": "é.txt"}, state)]


async def test_an_approval_may_be_awaited() -> None:
    async with push() as s:
        question = asyncio.create_task(s.approval_async("f", "{}"))
        async for event in s:
            if event.meta.get("state") == "ask":
                break
        s.approve(s.approvals[0].id)
        assert await question is True


def test_an_approval_of_a_call_that_was_streamed_shows_in_its_section() -> None:
    s = push()
    s.on_token(chunk(tool_calls=call(1, name="look", arguments='{"at": "x"}'), role="assistant"))
    s.on_token(chunk(finish="tool_calls"))
    thread, results = in_thread(lambda: s.approval("look", {"at": "x"}))
    until(s, "ask")
    s.approve()
    thread.join(10)
    s.tool_output("seen", name="look")
    s.finish()
    assert results == [True]
    assert brief(s) == [("tool", '{"at": "x"}'), ("result", "seen")]
    assert s.tool_calls[0].state == "output-available"


def test_approvals_are_answered_by_id_in_any_order() -> None:
    s = push()
    first, said_first = in_thread(lambda: s.approval("f", {}, id="1"))
    while len(s.approvals) < 1:
        first.join(0.001)
    second, said_second = in_thread(lambda: s.approval("f", {}, id="2"))
    while len(s.approvals) < 2:
        second.join(0.001)
    s.deny("2")
    second.join(10)
    s.approve()
    first.join(10)
    s.finish()
    assert (said_first, said_second) == ([True], [False])
    assert [(c.id, c.state) for c in s.tool_calls] == [("1", "input-available"), ("2", "output-denied")]


def test_a_stop_ends_an_approval_that_waits() -> None:
    s = push()
    thread, results = in_thread(lambda: s.approval("f", {}))
    until(s, "ask")
    s.stop()
    thread.join(10)
    assert isinstance(results[0], StreamStopped)
    assert s.wait(10).status == "stopped"


def test_an_answer_that_nobody_waits_for_is_an_error() -> None:
    with push() as s, pytest.raises(LookupError, match="no tool call waits for approval"):
        s.approve()


def test_an_approval_says_which_arguments_it_is_about_although_others_were_streamed() -> None:
    s = push()
    s.tool_input_delta('{"path": "a"}', name="delete", id="1")
    thread, _ = in_thread(lambda: s.approval("delete", {"path": "b"}, id="1"))
    until(s, "ask")
    asked = s.sections[0].meta["asked"]
    s.deny()
    thread.join(10)
    s.finish()
    assert (s.sections[0].text, asked) == ('{"path": "a"}', '{"path": "b"}')
