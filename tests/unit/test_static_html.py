"""The html form of a run: inert, readable without a stylesheet, bounded, the same in every exporter."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora import texts
from nbstream._events import Delta, End, MetaValue
from nbstream._static import PROMPT_LIMIT, to_html
from nbstream._transcript import Transcript
from nbstream._visible import reveal
from unit.islands import KEY, Island, in_order, words
from unit.test_static_text import FIGURES, everywhere, run

COLLECTIONS = ["xss_html", "active_content", "dompurify_expect", "naughty_strings", "unicode_smuggling", "trojan_source"]


def answer(text: str, meta: dict[str, MetaValue] | None = None) -> Transcript:
    return run([Delta("content", text)], meta)


def island(transcript: Transcript, **more: int) -> Island:
    return Island(to_html(transcript, KEY, 3, **more))


@pytest.mark.parametrize("name", COLLECTIONS)
def test_hostile_text_in_every_place_stays_text(name: str) -> None:
    for text in texts(name):
        seen = island(everywhere(text), limit=1_000_000)
        assert seen.text.count(reveal(text)) >= 1 or not text.strip(), "the arguments of the tool call are shown as they are"


@pytest.mark.parametrize("name", [*COLLECTIONS, "commonmark_examples"])
def test_all_text_of_an_answer_is_there_in_its_order(name: str) -> None:
    for text in texts(name):
        if re.search(r"```|~~~|\[(.*)\]\(\1\)|^[ >]*\d+[.)]", text, re.MULTILINE):
            continue  # the language of a fence, the second of two equal addresses and the numbers of a list are not text
        assert in_order(words(reveal(text)), words(island(answer(text)).text)), text


@given(st.text(alphabet=st.sampled_from("ab \n\t*_`[]()!<>&#-+1.|\\$~=:'\"\r\0\x1b\u2028\u202e")))
def test_no_arrangement_of_marks_breaks_it(text: str) -> None:
    seen = island(run([Delta("thinking", text), Delta("content", "-"), Delta("content", text)], {"prompt": text}))
    assert in_order(words(text).replace("1", ""), words(seen.text))


@given(st.text())
def test_no_character_breaks_it(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    raw = island(answer(text, {"render": "text"}))
    assert reveal(text) in raw.text


def test_an_answer_reads_as_in_the_mock_up() -> None:
    deltas = [
        Delta("thinking", "Each operation *rounds*.", final=True),
        Delta("content", "### Rounding\n\nIt is **not associative** & `+` rounds.\n\n- one\n- two\n"),
        Delta("tool", '{"city": "Oslo"}', index=0, id="c1", name="get_weather"),
        Delta(finish_reason="tool_calls"),
    ]
    meta: dict[str, MetaValue] = {"model": "openai/gpt-5", "prompt": "Add <b>?", **FIGURES}
    transcript = run(deltas, meta, End("stopped", "user"))
    assert to_html(transcript, KEY, 3).splitlines() == [
        f'<div class="nbs-island nbs-{KEY} nbs-r3 mathjax_ignore tex2jax_ignore">',
        "<p><b>openai/gpt-5</b> · stopped by you after 132 tokens</p>",
        "<blockquote>",
        "<p>Add &lt;b&gt;?</p>",
        "</blockquote>",
        "<details>",
        "<summary>Thinking</summary>",
        "<blockquote>",
        "<p>Each operation <em>rounds</em>.</p>",
        "</blockquote>",
        "</details>",
        "<h4>Rounding</h4>",
        "<p>It is <strong>not associative</strong> &amp; <code>+</code> rounds.</p>",
        "<ul>",
        "<li>one</li>",
        "<li>two</li>",
        "</ul>",
        "<details>",
        "<summary>Tool call get_weather</summary>",
        '<pre><code>{"city": "Oslo"}</code></pre>',
        "</details>",
        "<p><em>Stopped by you after 132 tokens. The text above is all that arrived.</em></p>",
        "<p><small>TTFT 0.48 s · 129 tok/s · 1,204 in · 132 out · $0.0222 · 1.5 s</small></p>",
        "</div>",
    ]


def test_the_answer_is_open_and_thinking_and_tools_are_folded() -> None:
    html = to_html(run([Delta("thinking", "hm"), Delta("content", "so"), Delta("tool", "{}", index=0, name="f")]), KEY, 0)
    folded = re.findall(r"<details>.*?</details>", html, re.DOTALL)
    assert [re.findall("<summary>(.*)</summary>", part) for part in folded] == [["Thinking"], ["Tool call f"]]
    assert "<p>so</p>" in re.sub(r"<details>.*?</details>", "", html, flags=re.DOTALL)


def test_a_section_says_how_long_it_took() -> None:
    transcript = run(
        [Delta("thinking", "hm", meta={"duration_us": 3_200_000}), Delta("tool", "{}", name="f", meta={"duration_us": 410_000})]
    )
    assert re.findall("<summary>(.*)</summary>", to_html(transcript, KEY, 0)) == ["Thought for 3.2 s", "Tool call f · 0.41 s"]


def test_an_answer_shown_as_text_is_shown_as_text() -> None:
    html = to_html(answer("# *a*\n\n\n  b", {"render": "text"}), KEY, 0)
    assert "<pre><code># *a*\n&#10;&#10;  b</code></pre>" in html
    assert Island(html).text.count("# *a*\n\n\n  b") == 1


def test_a_scripted_answer_says_so() -> None:
    assert "scripted answer of the demo" in island(answer("x", {"demo": True})).text
    assert "scripted" not in island(answer("x")).text


def test_a_long_prompt_is_folded_and_cut() -> None:
    seen = island(answer("x", {"prompt": "word " * PROMPT_LIMIT}))
    assert "summary" in seen.tags
    assert f"Cut here: {PROMPT_LIMIT:,} of {5 * PROMPT_LIMIT:,} characters." in seen.text


def test_beyond_the_limit_the_answer_comes_first_and_each_cut_says_where_the_text_is() -> None:
    transcript = run([Delta("thinking", "t" * 900), Delta("content", "c" * 900), Delta("tool", "a" * 900, index=0, name="f")])
    seen = island(transcript, limit=1000)
    assert (seen.text.count("ttttt"), seen.text.count("ccccc"), seen.text.count("aaaaa")) == (20, 180, 0)
    assert "Cut here: 100 of 900 characters. The full text is in s.thinking." in seen.text
    assert "Cut here: 0 of 900 characters. The full text is in s.tool_calls." in seen.text
    assert "s.content" not in seen.text
    assert "Cut here: 500 of 900 characters. The full text is in s.content." in island(transcript, limit=500).text


@pytest.mark.parametrize("key", ["", 'a"', "a b", "a>", "ключ", "a-b"])
def test_a_key_that_could_leave_its_class_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="not made of letters and digits"):
        to_html(Transcript(), key, 0)


def test_more_text_leaves_the_lines_before_it_alone() -> None:
    text = (
        "# One\n\nTwo *three*.\n\n- four\n- five\n\n```\nsix\n\nseven\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nEight\n\nNine"
    )
    whole = to_html(answer(text), KEY, 0).splitlines()
    for at in (place.end() for place in re.finditer(r"\n\n(?!seven)", text)):
        part = to_html(answer(text[:at]), KEY, 0).splitlines()
        assert part[:-2] == whole[: len(part) - 2]


@pytest.mark.filterwarnings("default")  # nbconvert's own dependencies warn
def test_nbconvert_passes_it_on_unaltered(tmp_path: Path) -> None:
    html = to_html(everywhere("# $5 & $10\n\n```py\nx\n\n\n<script>*y*</script>\n```\n\n| a |\n|---|\n| 1 |\n"), KEY, 0)
    book = notebook(html)
    assert export("HTMLExporter", book).count(html.replace("&#10;", "\n")) == 1
    markdown = export("MarkdownExporter", book)
    assert in_order(re.sub(r"\s", "", html), re.sub(r"\s", "", markdown))


def notebook(html: str) -> object:
    import nbformat

    output = nbformat.v4.new_output("display_data", {"text/html": html, "text/plain": "plain"})  # type: ignore[no-untyped-call]  # reason: nbformat has no types
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("s", outputs=[output])])  # type: ignore[no-untyped-call]  # reason: as above


def export(exporter: str, book: object) -> str:
    import nbconvert

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return str(getattr(nbconvert, exporter)().from_notebook_node(book)[0])
