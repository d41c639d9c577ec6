"""The text form of a run: exact, complete, the same each time."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunking import events_of, fold
from corpora import texts
from nbstream._events import Amend, Close, Delta, End, MetaValue, Note, Open
from nbstream._static import to_html, to_markdown
from nbstream._transcript import Transcript

MARK = "a line that no text holds"
FIGURES: dict[str, MetaValue] = {
    "ttft_us": 480_000,
    "duration_us": 1_500_000,
    "input_tokens": 1_204,
    "output_tokens": 132,
    "cost_nanousd": 22_200_000,
}


def run(deltas: Iterable[Delta], meta: dict[str, MetaValue] | None = None, end: End | None = None) -> Transcript:
    transcript = fold([Note(meta or {}), *events_of(deltas)])
    if end is not None:
        transcript.apply(end)
    return transcript


def everywhere(text: str) -> Transcript:
    """A run with `text` in every place that a provider can fill."""
    deltas = [
        Delta("thinking", text),
        Delta("content", text + MARK),
        Delta("tool", text, index=0, id="1", name=text + MARK),
        Delta(finish_reason="tool_calls"),
        Delta("unheard", text),
        Delta("source", text, meta={"title": text, "url": text}),
    ]
    meta = {"prompt": text, "model": text, "title": text}
    return run(deltas, meta, End("error", error={"code": "server", "message": text, "hint": text}))


@pytest.mark.parametrize("name", ["naughty_strings", "unicode_smuggling", "xss_html", "trojan_source", "commonmark_examples"])
def test_the_text_of_every_section_stands_in_it_verbatim(name: str) -> None:
    for text in texts(name):
        transcript = everywhere(text)
        whole = to_markdown(transcript)
        assert all(section.text in whole for section in transcript.sections)


@given(st.lists(st.tuples(st.sampled_from(["thinking", "content", "tool", "result"]), st.text(min_size=1)), max_size=6))
def test_sections_stand_in_their_order(parts: list[tuple[str, str]]) -> None:
    transcript = run(Delta(kind, text) for kind, text in parts)
    whole, at = to_markdown(transcript), 0
    for section in transcript.sections:
        at = whole.index(section.text, at) + len(section.text)


def test_every_section_has_a_heading_with_its_name() -> None:
    transcript = run(
        [
            Delta("thinking", "hm"),
            Delta("content", "so"),
            Delta("tool", "{}", index=0, name="get_weather"),
            Delta("content", "other", choice=1),
        ]
    )
    transcript.apply(Open("result", {"name": "get_weather"}))
    transcript.apply(Close(4))
    transcript.apply(Open("error", {"hint": "Wait a little."}))
    lines = to_markdown(transcript).splitlines()
    headings = [line for line in lines if line.startswith("## ")]
    assert headings == [
        "## Thinking",
        "## Answer",
        "## Tool call get_weather",
        "## Answer of choice 1",
        "## Result get_weather",
        "## Error",
    ]
    assert "Wait a little." in lines


def test_model_and_prompt_come_first() -> None:
    whole = to_markdown(run([Delta("content", "4")], {"model": "openai/gpt-5", "prompt": "2 + 2?\n\n  Be brief"}))
    assert whole.startswith("**openai/gpt-5**\n\n> 2 + 2?\n>\n>   Be brief\n\n## Answer\n\n4\n")


@pytest.mark.parametrize(
    ("end", "meta", "words"),
    [
        (None, {}, "streaming when saved"),
        (End("done", "stop"), {}, "Done"),
        (End("done", "length"), {}, "Done: the answer was cut at the provider's length limit"),
        (End("done", "content_filter"), {}, "Done: the answer was cut by the provider's content filter"),
        (End("stopped", "user"), {}, "Stopped by you before the first token"),
        (End("stopped", "user"), {"output_tokens": 1}, "Stopped by you after 1 token"),
        (End("stopped", "user"), {"output_tokens": 132, "estimated": True}, "Stopped by you after ~132 tokens"),
        (End("stopped", "condition"), {"output_tokens": 1_320}, "Stopped by your condition after 1,320 tokens"),
        (End("stopped", "max_tokens"), {"output_tokens": 400}, "Stopped at 400 tokens (your limit)"),
        (End("stopped", "max_duration"), {"duration_us": 30_000_000}, "Stopped at 30.0 s (your limit)"),
        (End("stopped", "interrupt"), {"output_tokens": 2}, "Stopped by an interrupt after 2 tokens"),
        (End("stopped", "shutdown"), {"output_tokens": 2}, "Stopped because Python ended after 2 tokens"),
        (End("truncated"), {"output_tokens": 2}, "Cut off: the provider ended without a finish reason"),
        (End("error", error={"code": "auth", "message": "No key\nat all", "hint": "Set it."}), {}, "Error: No key at all"),
    ],
)
def test_the_last_lines_say_how_it_ended(end: End | None, meta: dict[str, MetaValue], words: str) -> None:
    transcript = run([], meta, end)
    last = to_markdown(transcript).rpartition("---\n\n")[2]
    assert last.partition(" · ")[0].partition("\n")[0] == words
    assert words.partition(":")[0].lower() in to_html(transcript, "a", 0).lower()
    assert ("done" in to_html(transcript, "a", 0).lower()) == (end is not None and end.status == "done")


def test_a_stop_after_text_of_unknown_length_does_not_deny_the_text() -> None:
    assert to_markdown(run([Delta("content", "x")], {}, End("stopped", "user"))).endswith("\n\nStopped by you\n")


def test_an_error_says_what_to_do() -> None:
    transcript = run(
        [Delta("content", "so far")], {}, End("error", error={"code": "auth", "message": "No key", "hint": "Set it."})
    )
    assert to_markdown(transcript).endswith("Error: No key\n\nSet it.\n")
    assert "<p><strong>Error: No key</strong></p>\n<p>Set it.</p>" in to_html(transcript, "a", 0)


def test_figures_stand_at_the_end_and_estimates_are_marked() -> None:
    done = End("done", "stop")
    assert to_markdown(run([], FIGURES, done)).endswith(
        "Done · TTFT 0.48 s · 129 tok/s · 1,204 in · 132 out · $0.0222 · 1.5 s\n"
    )
    about = to_markdown(run([], {**FIGURES, "estimated": True}, done))
    assert about.endswith("Done · TTFT 0.48 s · ~129 tok/s · 1,204 in · ~132 out · ~$0.0222 · 1.5 s\n")


def test_a_tiny_cost_does_not_read_as_nothing() -> None:
    assert "$0.000003" in to_markdown(run([], {"cost_nanousd": 3_000}))


def test_one_run_gives_one_text() -> None:
    deltas = [Delta("thinking", "a"), Delta("content", "b"), Delta("tool", "{}", index=0, name="f")]
    one, other = run(deltas, FIGURES), run(deltas, dict(reversed(FIGURES.items())))
    assert to_markdown(one) == to_markdown(one) == to_markdown(other) == to_markdown(Transcript.from_snapshot(one.snapshot()))
    assert to_html(one, "a", 0) == to_html(other, "a", 0)


def test_a_fence_that_an_answer_leaves_open_does_not_swallow_what_follows() -> None:
    transcript = run([Delta("content", "Try\n````py\nx = '```'\n")], {}, End("stopped", "user"))
    assert "x = '```'\n````\n\n---\n\nStopped by you" in to_markdown(transcript)
    closed = run([Delta("content", "Try\n```py\nx\n```")], {}, End("done", "stop"))
    assert "x\n```\n\n---\n\nDone" in to_markdown(closed)


def test_arguments_stand_in_a_fence_that_they_cannot_close() -> None:
    whole = to_markdown(run([Delta("tool", '{"code": "\n````\n"}', index=0, name="run")]))
    assert '`````json\n{"code": "\n````\n"}\n`````' in whole


def test_a_state_after_the_close_does_not_change_the_text() -> None:
    transcript = run([Delta("tool", "{}", index=0, name="run")])
    before = to_markdown(transcript)
    transcript.apply(Amend(0, {"state": "run"}))
    assert to_markdown(transcript) == before
