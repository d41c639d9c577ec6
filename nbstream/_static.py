"""The static forms of a run: text that keeps every character, and html that is readable anywhere and does nothing.

Belongs here: `to_markdown` (the `text/plain` of an output, and an export) and `to_html` (its `text/html`: the island that the
live view adopts). Does not belong here: when they are published (`_island`), Markdown as html (`_markdown_html`).

The html needs no stylesheet and no script, survives the sanitisers of notebook hosts, and has one line for each block, so that
a diff shows what changed. Model text gets into it as escaped text only. Its tags are those of `TAGS`; its only attribute is the
class of the outer element, by which the view finds it (`nbs-island`, the key, the revision) and by which the two generations of
MathJax, which hosts run over every output, leave it alone: dollar amounts stay dollar amounts, and no formula becomes a link.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from nbstream import _words
from nbstream._inline_html import escape, paragraphs, preformatted
from nbstream._markdown_html import open_fence, render
from nbstream._transcript import Section, Transcript
from nbstream._visible import reveal

TAGS: Final = frozenset(
    "div p b strong em details summary blockquote h4 ul ol li table thead tbody tr th td pre code small".split()  # noqa: SIM905  # reason: a list of words reads better
)
LIMIT: Final = 200_000
"""The most characters of text in one island, so that a notebook of many long answers still opens; `text/plain` has all."""

PROMPT_LIMIT: Final = 10_000
PROMPT_SHORT: Final = 600
"""A longer prompt is folded away."""

_MARKDOWN: Final = frozenset(("thinking", "content"))
_WHERE: Final = {"content": "s.content", "thinking": "s.thinking", "tool": "s.tool_calls"}


def to_markdown(transcript: Transcript) -> str:
    """Return the run as text: title, prompt, each section under its heading with its exact text, how it ended, figures."""
    meta = transcript.meta
    parts = [f"**{_words.title(meta)}**"]
    if prompt := str(meta.get("prompt", "")):
        parts.append("\n".join(f"> {line}" if line else ">" for line in prompt.split("\n")))
    for section in tuple(transcript.sections):
        parts += [f"## {_words.heading(section)}", _body(section)]
        if note := section.meta.get("hint"):
            parts.append(str(note))
    parts.append("---\n\n" + " · ".join(filter(None, (_words.status(transcript), _words.figures(meta)))))
    if not _has_error(transcript):
        parts.append(_words.hint(transcript.end))
    return "\n\n".join(part for part in parts if part) + "\n"


def _body(section: Section) -> str:
    text = section.text
    if section.kind not in (*_MARKDOWN, "error"):
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
        return f"{fence}{'json' if section.kind == 'tool' else ''}\n{text}\n{fence}"
    fence = open_fence(text)
    return text + ("" if text.endswith("\n") else "\n") + fence if fence else text


def to_html(transcript: Transcript, key: str, rev: int, limit: int = LIMIT) -> str:
    """Return the run as html, in one `div` that the live view with `key` can find.

    Args:
        transcript: a run, under way or ended.
        key: of the widget model; letters and digits.
        rev: the number of this refresh, from 0.
        limit: the most characters of model text; the answer takes its share first, and what is cut says so.

    Raises:
        ValueError: `key` could not stand in a class.
    """
    if not (key.isascii() and key.isalnum()):
        raise ValueError(f"the key {key!r} is not made of letters and digits")
    sections = tuple(transcript.sections)
    shares = _shares(sections, limit)
    blocks = [_header(transcript), *_prompt(str(transcript.meta.get("prompt", "")))]
    for section, share in zip(sections, shares, strict=True):
        blocks += _section(transcript, section, share)
    blocks += _footer(transcript)
    root = f'<div class="nbs-island nbs-{key} nbs-r{rev} mathjax_ignore tex2jax_ignore">'
    return "\n".join([root, *blocks, "</div>"])


def _shares(sections: Iterable[Section], limit: int) -> list[int]:
    """How many characters of each section are shown: answers first, then the others in their order."""
    shares: dict[int, int] = {}
    order = sorted(enumerate(sections), key=lambda pair: pair[1].kind not in ("content", "error"))
    for at, section in order:
        shares[at] = min(section.length, limit)
        limit -= shares[at]
    return [shares[at] for at in sorted(shares)]


def _header(transcript: Transcript) -> str:
    words = _words.status(transcript).partition(":")[0]
    demo = " · scripted answer of the demo" if transcript.meta.get("demo") else ""
    return f"<p><b>{_line(_words.title(transcript.meta))}</b> · {_line(words[:1].lower() + words[1:])}{demo}</p>"


def _prompt(prompt: str) -> list[str]:
    if not prompt.strip():
        return []
    quote = _wrapped("blockquote", paragraphs(reveal(prompt[:PROMPT_LIMIT])))
    if len(prompt) <= PROMPT_SHORT:
        return [quote]
    cut = f"<p><em>Cut here: {PROMPT_LIMIT:,} of {len(prompt):,} characters.</em></p>" if len(prompt) > PROMPT_LIMIT else ""
    return [_details("Prompt", quote, cut)]


def _section(transcript: Transcript, section: Section, share: int) -> list[str]:
    text = reveal(section.prefix(share))
    layout = _LAYOUTS.get(section.kind, _verbatim)
    if section.kind in _MARKDOWN and transcript.meta.get("render") in ("text", "json"):
        text = preformatted(text)
    elif section.kind in _MARKDOWN:
        text = render(text)
    cut = ""
    if share < section.length:
        where = _WHERE.get(section.kind, "s.sections")
        cut = f"<p><em>Cut here: {share:,} of {section.length:,} characters. The full text is in <code>{where}</code>.</em></p>"
    return [block for block in layout(section, text, cut) if block]


def _thinking(section: Section, text: str, cut: str) -> list[str]:
    took = _words.duration(section)
    choice = _words.heading(section).removeprefix("Thinking")
    summary = f"Thought for {took}{choice}" if took else f"Thinking{choice}"
    return [_details(summary, _wrapped("blockquote", text), cut)]


def _answer(section: Section, text: str, cut: str) -> list[str]:
    choice = f"<p><b>{_line(_words.heading(section))}</b></p>" if section.meta.get("choice") else ""
    return [choice, text, cut]


def _verbatim(section: Section, text: str, cut: str) -> list[str]:
    state = section.meta.get("state")
    marks = (_words.heading(section), _words.duration(section), str(state) if state in ("bad", "denied") else "")
    return [_details(" · ".join(filter(None, marks)), preformatted(text) if text else "", cut)]


def _error(section: Section, text: str, cut: str) -> list[str]:
    return [f"<p><strong>Error</strong></p>\n{paragraphs(text)}", cut, paragraphs(reveal(str(section.meta.get("hint", ""))))]


def _source(section: Section, text: str, cut: str) -> list[str]:
    names = [str(section.meta[name]) for name in ("title", "url") if section.meta.get(name)]
    return [f"<p>Source: {_line(' · '.join([*names, *text.split()]))}</p>", cut]


_LAYOUTS: Final[dict[str, Callable[[Section, str, str], list[str]]]] = {
    "thinking": _thinking,
    "content": _answer,
    "error": _error,
    "source": _source,
}


def _footer(transcript: Transcript) -> list[str]:
    end = transcript.end
    words = _words.status(transcript)
    if end is None:
        last = [f"<p><em>This run was {words}: the text above is what had arrived.</em></p>"]
    elif end.status == "error" and not _has_error(transcript):
        last = [f"<p><strong>{_line(words)}</strong></p>", paragraphs(reveal(_words.hint(end)))]
    elif end.status in ("stopped", "truncated"):
        last = [f"<p><em>{_line(words)}. The text above is all that arrived.</em></p>"]
    else:
        last = [f"<p><em>{_line(words)}.</em></p>"] if words.startswith("Done:") else []
    figures = _words.figures(transcript.meta)
    return [block for block in (*last, f"<p><small>{escape(figures)}</small></p>" if figures else "") if block]


def _has_error(transcript: Transcript) -> bool:
    return any(section.kind == "error" for section in tuple(transcript.sections))


def _details(summary: str, *blocks: str) -> str:
    return "\n".join(["<details>", f"<summary>{_line(summary)}</summary>", *filter(None, blocks), "</details>"])


def _wrapped(tag: str, html: str) -> str:
    return f"<{tag}>\n{html}\n</{tag}>" if html else ""


def _line(text: str) -> str:
    """`text` on one line, visible, escaped."""
    return escape(" ".join(reveal(text).split()))
