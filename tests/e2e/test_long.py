"""Long answers in a real browser: a list is one list and a table one table whatever they hold, nothing jumps while they grow,
and however much comes at once, a frame does a bounded share of it.

Belongs here: what needs layout or an accessible tree. Does not belong here: what the elements are (`js/test/markdown.test.ts`),
what it costs (`benchmarks/render.py`).
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Locator

from e2e.stage import Stage
from e2e.states import ANSWER, begun, ended
from nbstream._events import Append, Close, Open

ITEMS = "".join(f"{n + 1}. item {n} of *many*\n" for n in range(150))
ROWS = "| name | value | note |\n| --- | --: | --- |\n" + "".join(
    f"| row {n} | {n * n} | {'a note that is longer than those above it, ' * (n == 140)}x |\n" for n in range(150)
)
LINE = 24
"""The height of the highest line of text, in px."""


def told(stage: Stage) -> list[dict[str, Any]]:
    """What a screen reader is told of."""
    session = stage.page.context.new_cdp_session(stage.page)
    nodes: list[dict[str, Any]] = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [node for node in nodes if not node["ignored"]]


def show(stage: Stage, text: str) -> Locator:
    """Show a view whose answer is `text` so far; return the answer."""
    view = stage.show(*begun(), Open("content"))
    for at in range(0, len(text), 4_000):
        stage.play(Append(0, text[at : at + 4_000]))
    return view.locator(".nb-md")


def lefts(answer: Locator) -> list[set[int]]:
    """Where each column's cells begin, in px."""
    found: list[list[float]] = answer.evaluate(
        """answer => [...answer.querySelectorAll("tr")].map(
          row => [...row.children].map(cell => cell.getBoundingClientRect().left))"""
    )
    return [{round(left) for left in column} for column in zip(*found, strict=True)]


def test_a_long_list_is_one_list_that_counts_on(stage: Stage) -> None:
    show(stage, ITEMS)
    nodes = told(stage)
    assert [node["role"]["value"] for node in nodes].count("list") == 1
    marks = [int(node["name"]["value"].strip(" .")) for node in nodes if node["role"]["value"] == "ListMarker"]
    # This browser tells of what stands near the reader; the rest follows when it comes near.
    assert marks == [n + 1 for n in range(150) if n + 1 in marks]
    assert {1, 32, 149, 150} <= set(marks)


def test_a_long_table_is_one_table_with_the_same_columns_at_every_width(stage: Stage) -> None:
    answer = show(stage, ROWS)
    roles = Counter(node["role"]["value"] for node in told(stage))
    assert (roles["table"], roles["columnheader"]) == (1, 3)
    assert roles["cell"] == 3 * (roles["row"] - 1) > 3 * 64
    before = lefts(answer)
    assert [len(column) for column in before] == [1, 1, 1]
    stage.page.evaluate("() => { document.querySelector('#stage').style.maxWidth = '150px' }")
    stage.painted()
    narrow = lefts(answer)
    stage.page.evaluate("() => { document.querySelector('#stage').style.maxWidth = '760px' }")
    stage.painted()
    assert [len(column) for column in narrow] == [1, 1, 1]
    assert lefts(answer) == before
    text: str = answer.evaluate(
        "answer => { getSelection().selectAllChildren(answer.querySelector('table')); return getSelection().toString() }"
    )
    lines = [line.split("\t") for line in text.strip().split("\n")]
    assert len(lines) == 151
    assert lines[100] == ["row 99", "9801", "x"]


GROW = """async (view, [key, messages]) => {
  const seen = []
  for (const message of messages) {
    globalThis.stage.tell(key, message)
    await new Promise(requestAnimationFrame)
    const answer = view.querySelector(".nb-md")
    if (answer) seen.push([answer.getBoundingClientRect().height, answer.textContent])
  }
  return seen
}"""


def grow(stage: Stage, pieces: list[str]) -> list[tuple[float, str]]:
    """Let an answer grow by a piece a frame; return its height and its text after each."""
    view = stage.show(*begun(), Open("content"))
    messages: list[dict[str, Any]] = [stage.message(Append(0, piece)) for piece in pieces]
    seen: list[tuple[float, str]] = [(h, text) for h, text in view.evaluate(GROW, ["a", messages])]
    return seen


def test_no_height_is_taken_back_while_an_answer_grows(stage: Stage) -> None:
    more = "\n1. one **bold** `code`\n2. two\n   - inner\n\n$$\nx^2 + y^2\n$$\n\nSetext\n===\n\n- [ ] task\n- [x] done\n\n"
    pieces = re.findall(r" ?\w{1,5}|\s+|[^\w\s]{1,2}", ANSWER + more + "> quote *and* [link](https://e.org)\n")
    seen = grow(stage, pieces)
    assert len(seen) == len(pieces)
    lost = [
        (round(before - after), text[-40:]) for (before, _), (after, text) in itertools.pairwise(seen) if before - after > LINE
    ]
    assert lost == []
    heights = [height for height, _ in seen]
    jumps = [
        seen[at][1][-40:]
        for at in range(2, len(heights))
        if abs(heights[at] - heights[at - 2]) < 1 and abs(heights[at] - heights[at - 1]) > LINE
    ]
    assert jumps == []


HUGE = {
    "line": "word " * 60_000,
    "items": "- item\n" * 10_000,
    "columns": f"{'| a ' * 1_000}|\n{'|---' * 1_000}|\n" + f"{'| b ' * 1_000}|\n" * 3,
    "nesting": f"{'> ' * 20_000}deep\n",
    "fence": "```\n" + "a line of code\n" * 20_000,
}
SHARE = 32_768
"""At most so many characters are read in a frame; a few that were held back may show with them."""


@pytest.mark.parametrize("name", HUGE)
def test_however_much_comes_at_once_a_frame_writes_a_bounded_share_of_it(stage: Stage, name: str) -> None:
    text = HUGE[name]
    view = stage.show(*begun(), Open("content"))
    lengths: list[int] = view.evaluate(
        """async (view, [key, message, end]) => {
          const lengths = [0]
          globalThis.stage.tell(key, message)
          globalThis.stage.tell(key, end)
          while (view.dataset.status !== "done" || lengths.at(-1) !== lengths.at(-2)) {
            await new Promise(requestAnimationFrame)
            lengths.push(view.querySelector(".nb-md")?.textContent.length ?? 0)
          }
          return lengths
        }""",
        ["a", stage.message(Append(0, text)), stage.message(Close(0), *ended())],
    )
    assert max(after - before for before, after in itertools.pairwise(lengths)) <= SHARE + 100
    words = re.sub(r"[^a-z]", "", text)
    shown: str = view.locator(".nb-md").evaluate("answer => answer.textContent")
    assert re.sub(r"[^a-z]", "", shown).startswith(words[:1000])
    assert len(lengths) > len(text) / SHARE
