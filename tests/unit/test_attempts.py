"""Retry and Continue: another attempt is a new run of the same stream, and its handle and view go over to it."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Queue
from typing import Any

import pytest

import nbstream as nb
from nbstream._events import Delta
from nbstream.demo.answer import Answer
from nbstream.demo.formats.shape import Ask, Message
from nbstream.demo.scripts import answer
from nbstream.sources._litellm import GO_ON, LiteLLMSource
from nbstream.sources._scripted import ScriptedSource
from unit.test_view import Line, hello, line, run_of, until_heard, widget_line

__all__ = ["line"]  # the fixture

WORDS = ["one ", "two ", "three ", "four"]


class Told(ScriptedSource):
    """Says `WORDS`, or, asked to go on, what is left of them; each attempt says `said` of them and then ends unfinished."""

    def __init__(self, said: int = 2, thinking: bool = False, skip: int = 0) -> None:
        self.asked: list[str] = []
        self._thinks = thinking
        whole = skip + said >= len(WORDS)
        deltas = [Delta("thinking", "hm")] if thinking else []
        deltas += [Delta("content", word) for word in WORDS[skip : skip + said]]
        super().__init__([*deltas, *([Delta(finish_reason="stop")] if whole else [])])

    def going_on(self, partial: str) -> ScriptedSource:
        self.asked.append(partial)
        done = len(partial.split())
        return Told(len(WORDS) - done, self._thinks, done)


def shown(source: object, **more: Any) -> nb.Stream:
    return nb.display_stream(source, display=False, wait=True, **more)


def test_a_retry_is_a_new_run_of_the_same_source() -> None:
    s = shown(nb.fake("Hello", rate=None, ttft=0))
    first = s._run.id
    assert s.retry() is s
    assert s.wait().content == "Hello"
    assert s.status == "done"
    assert s._run.id != first
    assert [row.status for row in nb.runs() if row.id in s._attempts.ids] == ["done", "done"]


def test_a_continued_answer_is_one_text_of_one_section() -> None:
    source = Told()
    s = shown(source)
    assert (s.content, s.status) == ("one two ", "truncated")
    s.resume().wait()
    assert (s.content, s.status) == ("one two three four", "done")
    assert [section.kind for section in s.sections] == ["content"]
    assert source.asked == ["one two "]


def test_what_a_continued_answer_thinks_stands_before_it() -> None:
    s = shown(Told(thinking=True))
    s.resume().wait()
    assert [(section.kind, section.text) for section in s.sections] == [("thinking", "hm"), ("content", "one two three four")]


def test_text_that_was_carried_over_counts_for_no_figure_and_no_limit() -> None:
    s = shown(Told(), max_output_tokens=4)
    assert s.usage.output_tokens == 2
    s.resume().wait()
    assert s.status == "done"
    assert s.usage.output_tokens == 3  # "three four", estimated


def test_an_answer_that_is_still_coming_has_no_next_attempt() -> None:
    s = nb.display_stream(nb.fake("word " * 50, rate=20, ttft=0), display=False, wait=False)
    for another in (s.retry, s.resume):
        with pytest.raises(RuntimeError, match=r"s\.wait\(\)"):
            another()
    s.stop()
    assert s.wait().retry() is s
    s.stop()
    s.wait()


def test_a_stream_that_was_handed_over_or_pushed_cannot_be_asked_again() -> None:
    def words() -> Iterator[str]:
        yield "x"

    pushed = nb.Stream("push", display=False)
    pushed.finish()
    for s in (shown(words()), pushed.wait()):
        assert s._attempts.ways == []
        with pytest.raises(TypeError):
            s.retry()
        with pytest.raises(TypeError):
            s.resume()


@pytest.mark.parametrize(
    "source",
    [nb.fake("Hello", rate=None, ttft=0), Told(said=0), nb.fake("x", tool_calls=[{"name": "f"}], rate=None, ttft=0)],
    ids=["no-way", "no-text", "tools"],
)
def test_where_there_is_nothing_to_go_on_from_continue_is_refused(source: object) -> None:
    s = shown(source)
    with pytest.raises(TypeError, match="continued"):
        s.resume()


def test_callbacks_hear_every_attempt() -> None:
    heard: Queue[str] = Queue()
    s = shown(nb.fake("Hello", rate=None, ttft=0), on_complete=lambda s: heard.put(s._run.id))
    first = heard.get(timeout=20)
    s.retry()
    assert [first, heard.get(timeout=20)] == s._attempts.ids


def test_a_model_is_asked_to_go_on_after_its_own_words() -> None:
    source = LiteLLMSource("openai/gpt-5", [{"role": "user", "content": "Count"}], temperature=0).going_on("one two")
    assert [message["role"] for message in source._messages] == ["user", "assistant", "user"]
    assert source._messages[1]["content"] == "one two"
    assert source._provider == {"temperature": 0}


def test_the_demo_goes_on_where_it_broke_off() -> None:
    asked = Message("user", "Why is the sky blue?")
    whole = answer(Ask("demo", True, [asked])).text("content")
    rest = answer(Ask("demo", True, [asked, Message("assistant", whole[:100]), Message("user", GO_ON)]))
    assert isinstance(rest, Answer)
    assert whole[:100] + rest.text("content") == whole


def test_a_view_asks_for_another_attempt_and_is_shown_it(line: list[Line]) -> None:
    s = shown(Told())
    assert s.widget.key
    link = widget_line(line, s)
    first = run_of(link)
    assert link.sent[0]["state"]["snapshot"]["ways"] == ["retry", "continue"]
    link.answer(hello(link))
    for _ in range(2):  # it comes by two ways
        link.answer({"type": "again", "run": first, "way": "continue"})
    link.until(lambda messages: any(m["type"] == "snapshot" and m["state"]["run"] != first for m in messages))
    link.until(lambda messages: s._attempts.latest.id != first and _has_end(messages, s._run.id))
    assert s._attempts.ids == [first, s._run.id]
    assert s.content == "one two three four"


def test_an_earlier_attempt_stays_readable(line: list[Line]) -> None:
    s = shown(Told())
    assert s.widget.key
    link = widget_line(line, s)
    first = run_of(link)
    link.answer(hello(link))
    s.retry().wait()
    link.answer({"type": "attempt", "run": first})
    link.until(lambda messages: any(m["type"] == "attempt" for m in messages))
    state = next(m["state"] for m in link.messages if m["type"] == "attempt")
    assert (state["run"], state["sections"][0]["text"]) == (first, "one two ")
    assert state["attempts"] == s._attempts.ids


@pytest.mark.parametrize("way", ["continue", "destroy", ""])
def test_a_way_that_is_not_open_is_refused_and_counted(line: list[Line], way: str) -> None:
    s = shown(nb.fake("Hello", rate=None, ttft=0))
    assert s.widget.key
    link = widget_line(line, s)
    link.answer(hello(link))
    before = s._shown()._channel.refused
    link.answer({"type": "again", "run": run_of(link), "way": way})
    link.answer({"type": "attempt", "run": "nobody"})
    until_heard(s)
    assert s._shown()._channel.refused == before + 2
    assert len(s._attempts.ids) == 1


def _has_end(messages: list[dict[str, Any]], run: str) -> bool:
    ended = [m["state"] for m in messages if m["type"] == "snapshot" and m["state"]["run"] == run and "end" in m["state"]]
    frames = [m for m in messages if m["type"] == "frame" and m["run"] == run and m["events"][-1]["op"] == "end"]
    return bool(ended or frames)
