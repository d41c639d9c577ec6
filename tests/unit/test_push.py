"""Push mode: what a producer hands over arrives exactly, in order, and a Stop reaches the producer."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nbstream import NbstreamError, Stream, StreamStopped, Timeout, WouldDeadlock, _threads, display_stream, fake
from nbstream.sources._buffer import LIMIT


def push(**more: Any) -> Stream:
    return Stream(display=False, **more)


def chunk(content: str | None = None, **more: Any) -> dict[str, Any]:
    """A chunk of a chat completion; `id`, `finish` and `usage` are its own, the rest belongs to the delta."""
    head = {"id": more.pop("id", "c1"), "object": "chat.completion.chunk"}
    finish, usage = more.pop("finish", None), more.pop("usage", None)
    choices = [{"index": 0, "delta": {"content": content, **more}, "finish_reason": finish}]
    return {**head, "choices": [] if usage and content is None and not more else choices, **({"usage": usage} if usage else {})}


def call(number: int, **function: str) -> list[dict[str, Any]]:
    return [{"index": 0, "id": f"call_{number}", "type": "function", "function": function}]


def brief(s: Stream) -> list[tuple[str, str]]:
    return [(section.kind, section.text) for section in s.sections]


def in_thread(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Run `work` on a thread; the list gets what it returned or raised."""
    results: list[Any] = []

    def target() -> None:
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001  # reason: the test looks at it
            results.append(error)

    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread, results


def until(s: Stream, kind: str) -> None:
    """Wait for the first event of `kind`."""
    for event in s.events():
        if kind in (event.type, event.meta.get("state"), event.kind):
            return


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """While it is not set, nbstream's own loop is blocked: nothing that is pushed is taken."""
    release, blocked = threading.Event(), threading.Event()
    _threads.event_loop().call_soon_threadsafe(lambda: (blocked.set(), release.wait(30)))
    assert blocked.wait(10)
    yield release
    release.set()


def test_a_with_block_ends_as_done() -> None:
    with push(title="agent") as s:
        s.thinking_delta("hm")
        s.text_delta("Hel")
        s.text_delta("lo 😀")
    assert (s.status, s.thinking, s.content) == ("done", "hm", "Hello 😀")
    assert brief(s) == [("thinking", "hm"), ("content", "Hello 😀")]
    assert s.finish_reason is None
    assert s.stopped_by is None


def test_it_streams_while_it_is_pushed_to() -> None:
    with push() as s:
        assert s.status == "submitted"
        s.text_delta("first")
        until(s, "append")
        assert (s.status, s.content) == ("streaming", "first")


def test_an_exception_ends_it_in_error_and_is_raised_again() -> None:
    s = push()

    def produce() -> None:
        with s:
            s.text_delta("partial")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        produce()
    assert (s.status, s.content) == ("error", "partial")
    assert s.error is not None
    assert s.error.code == "source"
    assert "ZeroDivisionError" in str(s.error)


def test_an_interrupt_stops_it() -> None:
    with pytest.raises(KeyboardInterrupt), push() as s:
        raise KeyboardInterrupt
    assert (s.status, s.stopped_by) == ("stopped", "interrupt")


def test_an_error_of_the_producer_reaches_the_reader_after_all_that_came_before() -> None:
    s = push()
    for n in range(5):
        s.text_delta(f"{n} ")
    s.fail(ConnectionError("lost with sk-abcdefghijklmnop"))
    assert (s.status, s.content) == ("error", "0 1 2 3 4 ")
    assert "sk-abc" not in str(s.error)


def test_finish_may_name_a_reason_and_is_heard_once() -> None:
    s = push()
    s.text_delta("a")
    s.finish("length")
    s.finish("stop")
    s.fail(ValueError())
    assert (s.status, s.finish_reason) == ("done", "length")


def test_a_push_after_the_end_is_refused() -> None:
    s = push()
    s.finish()
    with pytest.raises(StreamStopped, match="has ended \\(done\\)"):
        s.text_delta("late")
    assert s.content == ""


def test_after_a_stop_the_next_push_raises() -> None:
    s = push()
    s.text_delta("kept")
    until(s, "append")
    s.stop()
    with pytest.raises(StreamStopped, match="was stopped \\(user\\)"):
        s.on_token("late")
    assert s.wait(10).status == "stopped"
    assert (s.stopped_by, s.content) == ("user", "kept")
    s.finish()
    assert s.status == "stopped"


def test_after_a_stop_pushes_may_be_ignored() -> None:
    with push(raise_on_stop=False) as s:
        s.text_delta("kept")
        until(s, "append")
        s.stop()
        s.text_delta("late")
        assert s.approval("f", {}) is False
    assert (s.status, s.content) == ("stopped", "kept")


def test_a_condition_stops_the_producer() -> None:
    s = push(stop_when=lambda transcript: "three" in transcript.content)

    def produce() -> None:
        while True:
            s.text_delta("one two three ")

    _, results = in_thread(produce)
    assert s.wait(10).stopped_by == "condition"
    until(s, "end")
    thread, results = in_thread(produce)
    thread.join(10)
    assert isinstance(results[0], StreamStopped)


def test_limits_are_off_unless_they_are_set() -> None:
    s = push(timeout=Timeout(first_token=0.05))
    assert s.wait(10).status == "error"
    assert s.error is not None
    assert s.error.code == "first_token_timeout"
    with pytest.raises(StreamStopped):
        s.text_delta("late")
    assert push()._run._timeout == Timeout(None, None, None)


def test_the_producer_waits_while_the_buffer_is_full(held: threading.Event) -> None:
    s = push()
    pushed: list[int] = []

    def produce() -> None:
        for n in range(3 * LIMIT):
            s.text_delta(f"{n},")
            pushed.append(n)
        s.finish()

    thread, results = in_thread(produce)
    while len(s._push._buffer) < LIMIT:  # type: ignore[union-attr]  # reason: it is there in push mode
        thread.join(0.001)
    thread.join(0.05)
    assert len(pushed) == LIMIT
    held.set()
    thread.join(20)
    assert results == [None]
    assert (s.status, s.content) == ("done", "".join(f"{n}," for n in range(3 * LIMIT)))


def test_a_stop_frees_a_producer_that_waits(held: threading.Event) -> None:
    s = push()

    def produce() -> None:
        while True:
            s.text_delta("x")

    thread, results = in_thread(produce)
    while len(s._push._buffer) < LIMIT:  # type: ignore[union-attr]  # reason: it is there in push mode
        thread.join(0.001)
    s.stop()
    thread.join(10)
    assert isinstance(results[0], StreamStopped)
    held.set()
    assert s.wait(10).status == "stopped"


def test_many_threads_may_push_at_once() -> None:
    s = push()
    threads = [in_thread(lambda n=n: [s.text_delta(f"<{n}:{i}>") for i in range(200)])[0] for n in range(6)]  # type: ignore[misc]  # reason: binds the loop variable
    for thread in threads:
        thread.join(30)
    s.finish()
    for n in range(6):
        places = [s.content.index(f"<{n}:{i}>") for i in range(200)]
        assert places == sorted(places)
    assert s.content.count("<") == 1200


async def test_coroutines_push_without_blocking_their_loop(held: threading.Event) -> None:
    s = push()

    async def produce() -> None:
        for n in range(2 * LIMIT):
            await s.on_token_async(f"{n},")

    work = asyncio.create_task(produce())
    done, _ = await asyncio.wait({work}, timeout=0.1)
    assert not done
    held.set()
    await work
    async with s:
        pass
    assert (s.status, s.content) == ("done", "".join(f"{n}," for n in range(2 * LIMIT)))


async def test_its_own_loop_is_never_blocked() -> None:
    """Code on nbstream's own loop, such as a callback of asyncio there, pushes to a stream."""
    s = push()

    async def flood() -> bool:
        try:
            for _ in range(2 * LIMIT):
                s.text_delta("x")
        except WouldDeadlock:
            for _ in range(2 * LIMIT):
                await s.on_token_async("y")
            return True
        return False

    assert await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(flood(), _threads.event_loop()))
    s.finish()
    assert s.content == "x" * LIMIT + "y" * 2 * LIMIT


def test_a_stream_that_nobody_can_push_to_any_more_ends_as_truncated() -> None:
    s = push()
    s.text_delta("cut")
    run = s._run
    del s
    gc.collect()
    assert run.ended.wait(10)
    assert (run.status, run.transcript.content) == ("truncated", "cut")


def test_more_streams_than_places_may_be_open_at_once() -> None:
    streams = [push() for _ in range(40)]
    for n, s in enumerate(streams):
        s.text_delta(str(n))
        s.finish()
    assert [s.content for s in streams] == [str(n) for n in range(40)]


def test_a_stream_that_is_pulled_cannot_be_pushed_to() -> None:
    s = display_stream(fake("x", rate=None, ttft=0), display=False, wait=True)
    with pytest.raises(TypeError, match=r"only one made with nb.Stream\(\)"):
        s.text_delta("y")
    assert s.approvals == []


@pytest.mark.parametrize("item", [7, b"bytes", object()])
def test_what_cannot_be_read_is_refused_with_what_can(item: object) -> None:
    with push() as s:
        with pytest.raises(TypeError, match="which nbstream cannot read"):
            s.on_token(item)
        s.text_delta("goes on")
    assert (s.status, s.content) == ("done", "goes on")


def test_texts_must_be_texts() -> None:
    with push() as s, pytest.raises(TypeError, match="text is NoneType; give a string"):
        s.text_delta(None)  # type: ignore[arg-type]  # reason: what is tested
    with push() as s, pytest.raises(TypeError, match="error is str; give an exception"):
        s.fail("broken")  # type: ignore[arg-type]  # reason: what is tested


# -- chunks and steps -------------------------------------------------------------------------------------------------------


def agent(s: Stream) -> None:
    """Two model calls, with a tool between them, as an agent's token callback sees them."""
    s.on_token(chunk(role="assistant", reasoning_content="I must look."))
    s.on_token(chunk("Let me see. "))
    s.on_token(chunk(tool_calls=call(1, name="look", arguments='{"at"')))
    s.on_token(chunk(tool_calls=[{"index": 0, "function": {"arguments": ': "x"}'}}]))
    s.on_token(chunk(finish="tool_calls"))
    s.on_token(chunk(usage={"prompt_tokens": 10, "completion_tokens": 5}))
    s.tool_output({"found": 1}, id="call_1")
    s.on_token(chunk(id="c2", role="assistant", reasoning_content="There."))
    s.on_token(chunk("It is there.", id="c2", finish="stop"))
    s.on_token(chunk(id="c2", usage={"prompt_tokens": 20, "completion_tokens": 7}))


def test_model_calls_with_a_tool_between_them_are_steps() -> None:
    with push() as s:
        agent(s)
    assert brief(s) == [
        ("thinking", "I must look."),
        ("content", "Let me see. "),
        ("tool", '{"at": "x"}'),
        ("result", '{"found": 1}'),
        ("thinking", "There."),
        ("content", "It is there."),
    ]
    assert [section.meta.get("step", 1) for section in s.sections] == [1, 1, 1, 1, 2, 2]
    assert [(c.id, c.name, c.parsed, c.state) for c in s.tool_calls] == [("call_1", "look", {"at": "x"}, "output-available")]
    assert (s.status, s.finish_reason) == ("done", "stop")


def test_usage_is_summed_over_the_steps() -> None:
    with push() as s:
        agent(s)
    assert (s.usage.input_tokens, s.usage.output_tokens, s.usage.estimated) == (30, 12, False)


def test_a_call_that_is_tried_again_is_another_step() -> None:
    with push() as s:
        s.on_token(chunk("Hal", role="assistant"))
        s.on_token(chunk("Hello", id="c2", role="assistant"))
        s.on_token(chunk(" you", id="c2", finish="stop"))
    assert brief(s) == [("content", "Hal"), ("content", "Hello you")]


def test_another_id_for_each_chunk_is_no_step() -> None:
    with push() as s:
        for n, text in enumerate("abc"):
            s.on_token(chunk(text, id=f"c{n}", **({"role": "assistant"} if n == 0 else {})))
        s.on_token(chunk(id="c9", finish="stop"))
    assert brief(s) == [("content", "abc")]


def test_texts_of_two_calls_are_parted_by_a_step() -> None:
    with push() as s:
        for text in ("<think>a</think>b", "<think>c</think>d"):
            s.step()
            s.on_token(text)
    assert brief(s) == [("thinking", "a"), ("content", "b"), ("thinking", "c"), ("content", "d")]
    assert [section.meta.get("step") for section in s.sections] == [None, None, 2, 2]


def test_other_callbacks_and_their_arguments_do_no_harm() -> None:
    """LangChain hands over the token with keywords, a list of callbacks calls one after the other."""
    log: list[str] = []
    with push() as s:
        for token in ("a", "b"):
            for callback in (s.on_token, lambda token, **_: log.append(token)):
                callback(token, chunk=None, run_id="r", parent_run_id=None)
    assert (s.content, log) == ("ab", ["a", "b"])


def test_a_chunk_without_a_delta_is_nothing() -> None:
    with push() as s:
        s.on_token({"choices": [{"index": 0, "delta": None}]})
        s.on_token({"choices": []})
        s.on_token(None)
    assert brief(s) == []


def test_an_error_that_is_pushed_ends_the_stream_and_reaches_both_sides() -> None:
    s = push()
    s.text_delta("partial")
    with pytest.raises(NbstreamError):
        s.on_token({"choices": [], "error": {"message": "overloaded", "code": 503}})
    assert s.wait(10).status == "error"
    assert s.content == "partial"


def test_arguments_in_pieces_and_their_outputs_find_each_other() -> None:
    with push() as s:
        s.tool_input_delta("", name="f", id="1")
        s.tool_input_delta("", name="g", id="2")
        s.tool_input_delta('{"a":', id="1")
        s.tool_input_delta("[]", id="2")
        s.tool_input_delta("1}", id="1")
        s.tool_output("went wrong", id="2", error=True)
        s.tool_output({"ok": True}, name="f")
    assert [(c.name, c.arguments, c.state) for c in s.tool_calls] == [
        ("f", '{"a":1}', "output-available"),
        ("g", "[]", "output-error"),
    ]
    assert [(x.meta["name"], x.text) for x in s.sections if x.kind == "result"] == [("g", "went wrong"), ("f", '{"ok": true}')]


def test_an_output_without_a_name_belongs_to_the_first_call_that_waits() -> None:
    with push() as s:
        for name in ("f", "g"):
            s.tool_input_delta("{}", name=name)
        s.tool_output("1")
        s.tool_output("2")
    assert [(x.meta["name"], x.text) for x in s.sections if x.kind == "result"] == [("f", "1"), ("g", "2")]


# -- approvals --------------------------------------------------------------------------------------------------------------


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


def test_json_that_is_pushed_is_read_as_it_comes() -> None:
    told: list[tuple[Any, Any]] = []
    done = threading.Event()
    schema = {"type": "object", "properties": {"title": {"type": "string"}}}
    given: dict[str, Any] = {"on_field": lambda *field: told.append(field), "on_complete": lambda _: done.set()}
    with Stream(display=False, response_format=schema, **given) as s:
        for piece in ('{"title": "So', 'up", "minutes": 1', "25}"):
            s.text_delta(piece)
    assert done.wait(5)
    assert told == [(("title",), "Soup"), (("minutes",), 125)]
    assert s.parsed == {"title": "Soup", "minutes": 125}
    with pytest.raises(TypeError, match="response_format is int"):
        Stream(display=False, response_format=3)
