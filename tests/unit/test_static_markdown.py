"""Markdown as html: what each construct becomes, and that no text costs more than its length."""

from __future__ import annotations

import pytest

from corpora import rows
from nbstream._markdown_html import DEPTH, open_fence, render
from nbstream._visible import reveal
from unit.islands import Island, words


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# A\n### B #\n#no", "<h4>A</h4>\n<h4>B</h4>\n<p>#no</p>"),
        ("A\n===\nB\n---", "<h4>A</h4>\n<h4>B</h4>"),
        ("a\nb\n\nc", "<p>a\nb</p>\n<p>c</p>"),
        ("a  \nb\\\nc", "<p>a</p>\n<p>b</p>\n<p>c</p>"),
        ("a\n\n***\n\n- - -", "<p>a</p>\n<p>* * *</p>\n<p>* * *</p>"),
        ("> a\n> > b\nc", "<blockquote>\n<p>a</p>\n<blockquote>\n<p>b</p>\n</blockquote>\n</blockquote>\n<p>c</p>"),
        ("- a\n- b\n  - c\n\n  d", "<ul>\n<li>a</li>\n<li><p>b</p>\n<ul>\n<li>c</li>\n</ul>\n<p>d</p></li>\n</ul>"),
        ("- a\nlazy\n- b", "<ul>\n<li>a\nlazy</li>\n<li>b</li>\n</ul>"),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("1. a\n1. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("- [x] a", "<ul>\n<li>[x] a</li>\n</ul>"),
        ("```py\na\n\n\n  b\n```\nc", "<pre><code>a\n&#10;&#10;  b</code></pre>\n<p>c</p>"),
        ("~~~~\n```\n~~~\n~~~~", "<pre><code>```\n~~~</code></pre>"),
        ("```\nnot closed", "<pre><code>not closed</code></pre>"),
        ("    code\n\n    more\ntext", "<pre><code>code\n&#10;more</code></pre>\n<p>text</p>"),
        ("*a **b** c* __d__", "<p><em>a <strong>b</strong> c</em> <strong>d</strong></p>"),
        ("***a*** snake_case_name 2 * 3 * 4", "<p><em><strong>a</strong></em> snake_case_name 2 * 3 * 4</p>"),
        ("**not closed", "<p>**not closed</p>"),
        ("`a*b*` ``c`d`` `e", "<p><code>a*b*</code> <code>c`d</code> `e</p>"),
        (r"\*a\* \<b> &amp;", "<p>*a* &lt;b&gt; &amp;amp;</p>"),
        ("[a *b*](https://x.example/c_d_e)", "<p>a <em>b</em> (https://x.example/c_d_e)</p>"),
        ("[https://x.example](https://x.example)", "<p>https://x.example</p>"),
        ('![a](https://x.example/i.png "t")', "<p>[image not loaded: a; https://x.example/i.png, t]</p>"),
        ("<https://x.example> https://y.example", "<p>&lt;https://x.example&gt; https://y.example</p>"),
        ("<b onclick=x>hi</b>", "<p>&lt;b onclick=x&gt;hi&lt;/b&gt;</p>"),
        ("| a | b |\n|:--|--:|\n| 1 \\| 2 | *3* |\n| 4 |", None),
    ],
)
def test_a_construct_becomes_plain_html(text: str, html: str | None) -> None:
    table = (
        "<table>\n<thead><tr><th>a</th><th>b</th></tr></thead>\n<tbody>\n"
        "<tr><td>1 | 2</td><td><em>3</em></td></tr>\n<tr><td>4</td></tr>\n</tbody>\n</table>"
    )
    assert render(text) == (table if html is None else html)


def test_a_list_that_goes_on_after_code_keeps_its_numbers() -> None:
    html = render("1. a\n```\nx\n```\n2. b\n\n   more\n3. c")
    assert html.split("</pre>")[1] == "\n<p>2. b</p>\n<p>more</p>\n<p>3. c</p>"


@pytest.mark.parametrize(
    "formula", [r"\(a_1 * b_2 * c\)", "\\[\n\\frac{a}{b} \\\\ *c*\n\\]", "$$x_1 *y* z_2$$", "$a_1 * b_2$", "$5x$"]
)
def test_a_formula_is_shown_as_its_source(formula: str) -> None:
    assert render(f"So {formula}.") == f"<p>So <code>{formula}</code>.</p>"


def test_dollars_are_dollars_and_an_unfinished_formula_is_text() -> None:
    assert render("$5 and $10, *not* $6-$7") == "<p>$5 and $10, <em>not</em> $6-$7</p>"
    assert render(r"So \(a + b") == r"<p>So \(a + b</p>"


def test_the_fence_that_is_left_open_is_found() -> None:
    assert [open_fence(text) for text in ("a", "```\na", "```\na\n```", "~~~~ x\n```\n~~~", "- a\n  ```\n  b\n  ```")] == [
        *("", "```", "", "~~~~", "")
    ]


@pytest.mark.parametrize(
    "section",
    [
        *("Tabs", "Precedence", "Thematic breaks", "ATX headings", "Setext headings", "Indented code blocks"),
        *("Fenced code blocks", "Paragraphs", "Blank lines", "Block quotes", "Code spans", "Soft line breaks"),
    ],
)
def test_the_text_is_what_commonmark_makes_of_it(section: str) -> None:
    cases = [row for row in rows("commonmark_examples") if row["section"] == section]
    assert cases
    for row in cases:
        expected = row["expected"].replace("<hr />", "<p>* * *</p>")
        assert words(text_of(render(row["text"]))) == words(text_of(expected)), row["text"]


def text_of(html: str) -> str:
    from html.parser import HTMLParser

    pieces: list[str] = []
    parser = HTMLParser()
    parser.handle_data = pieces.append  # type: ignore[method-assign]  # reason: the shortest way to the text
    parser.feed(html)
    parser.close()
    return "".join(pieces)


N = 200_000
HOSTILE = {
    "a word": "x" * N,
    "a long paragraph": "word *a* _b_ `c` [d](e) " * (N // 24),
    "white space": " " * N,
    "blank lines": "- a\n" + "\n" * N + "x",
    "quotes in quotes": ">" * (N // 20) + " x",
    "lines of quotes in quotes": ("> " * 50 + "x\n") * (N // 102),
    "lists in lists": "".join("  " * level + "- a\n" for level in range(400)),
    "lists in lists on a line": "- " * (N // 2),
    "items": "- a\n" * (N // 4),
    "lazy lines": "- a\nb\n" * (N // 6),
    "brackets": "[" * N,
    "links that begin": "[a](" * (N // 4),
    "images that begin": "![a](" * (N // 5),
    "parentheses in an address": "[a](" + "(" * N,
    "backticks of every length": "".join("`" * n + "a" for n in range(1, 600)),
    "a run of stars": "*" * (N // 2) + "a" + "*" * (N // 2),
    "emphasis that begins": "*a **b _c " * (N // 10),
    "emphasis that ends": "a* b** c_ " * (N // 10),
    "emphasis in emphasis": "*a " * (N // 6) + "a* " * (N // 6),
    "formulas that begin": "\\(" * (N // 2),
    "displays that begin": "\\[ " * (N // 3) + "\\]",
    "dollars": "$a " * (N // 3),
    "pairs of dollars": "$$a" * (N // 3),
    "a wide table": "|" * 4000 + "\n" + "|-" * 4000 + "\n" + "|\n" * 20_000,
    "a table that begins": "a|b\n" * (N // 4),
    "headings": "a\n=\n" * (N // 4),
    "hashes": "#" * N,
    "fences": "```\nx\n" * (N // 6),
    "a fence that stays open": "```\n" + "x\n" * (N // 2),
    "code": "    x\n\n" * (N // 7),
    "dashes": "-" * N + "\n" + "- " * (N // 2),
    "angles": "<" * N,
    "hidden characters": "\u200b\u202ea" * (N // 3),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    html = render(reveal(text))
    assert len(html) < 20 * len(text) + 1000
    seen = Island(f'<div class="nbs-island nbs-a nbs-r0 mathjax_ignore tex2jax_ignore">\n<p>-</p>\n{html or chr(45)}\n</div>')
    assert seen.depth < 4 * DEPTH + 40


def test_beyond_the_depth_the_source_is_shown() -> None:
    html = render(">" * 100 + " *x*")
    assert html.count("<blockquote>") == DEPTH + 1
    assert "<pre><code>" + "&gt;" * (100 - DEPTH - 1) + " *x*</code></pre>" in html
