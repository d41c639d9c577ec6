"""What is loaded on demand really comes, looks as it should, and leaves text where it does not come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, expect

from e2e.harness import Lab
from e2e.stage import Stage
from nbstream._events import Append, Close, Open

PYTHON: Final = 'def area(r):\n    """Of a\n\n    circle."""\n    return 3.14 * r ** 2  # exact\n'
FENCE: Final = f"```python\n{PYTHON}```\n"
FORMULA: Final = (
    "$$\n\\sum_{i=1}^{n} \\frac{|x_i|}{\\mathbb{R}} = "
    "\\left(\\begin{aligned} a &= b \\\\ c &= d \\\\ e &= f \\end{aligned}\\right)\n$$\n"
)
ANSWER: Final = f"So $x_1 < 5$, which costs $5 or $10.\n\n{FENCE}\n{FORMULA}\nend\n"


@pytest.fixture(scope="module")
def stages(browser: Browser) -> Iterator[dict[bool, Stage]]:
    """A page whose kernel gives parts, and one whose kernel is silent."""
    made = {parts: Stage(browser, parts=parts) for parts in (True, False)}
    yield made
    for stage in made.values():
        stage.close()


def code(view: Locator) -> Locator:
    """The text of its block of code."""
    return view.locator(".nb-code code")


def kinds(view: Locator) -> dict[str, list[str]]:
    """What is coloured in its code, by kind."""
    found: dict[str, list[str]] = code(view).evaluate(
        """code => {
          const kinds = {}
          for (const span of code.querySelectorAll("span[class]")) (kinds[span.className] ??= []).push(span.textContent)
          return kinds
        }"""
    )
    return found


def test_code_gets_its_colours_and_a_formula_its_signs(stages: dict[bool, Stage]) -> None:
    stage = stages[True]
    stage.clear()
    view = stage.show(Open("content"), Append(0, ANSWER))
    expect(view.locator(".nb-code .k").first).to_have_text("def")
    expect(view.locator("math")).to_have_count(2)
    assert code(view).evaluate("code => code.textContent") == PYTHON
    found = kinds(view)
    assert found["p"][0] == "area"
    assert {"3.14", "2"} <= set(found["n"])
    assert "# exact" in found["c"]
    assert '"""Of a\n' in found["s"]
    stage.play(Close(0))
    expect(view.locator(".nb-code .s").filter(has_text="circle")).to_have_count(1)
    expect(view.locator(".nb-md > p").first).to_contain_text("which costs $5 or $10.")
    tall = view.locator(".nb-display math").bounding_box()
    assert tall is not None
    assert tall["height"] > 50
    assert stage.errors == []


def test_ten_views_ask_for_a_part_once(stages: dict[bool, Stage], browser: Browser) -> None:
    stage = Stage(browser)
    keys = [f"k{number}" for number in range(5)]
    views = [stage.show(Open("content"), Append(0, ANSWER), Close(0), key=key) for key in keys]
    for view in views:
        expect(view.locator(".nb-code .k").first).to_have_text("def")
        expect(view.locator("math")).to_have_count(2)
    asked = [message["name"] for key in keys for message in stage.heard("part", key)]
    assert sorted(set(asked) - {"mathfont"}) == ["highlight", "math"]
    assert len(asked) == len(set(asked))
    assert stage.errors == []
    stage.close()


def test_where_the_kernel_is_silent_there_is_text(stages: dict[bool, Stage]) -> None:
    stage = stages[False]
    stage.clear()
    view = stage.show(Open("content"), Append(0, ANSWER), Close(0))
    expect(code(view)).to_have_text(PYTHON)
    assert kinds(view) == {}
    expect(view.locator("math")).to_have_count(0)
    expect(view.locator(".nb-tex").first).to_have_text("$x_1 < 5$")
    expect(view.locator(".nb-display")).to_contain_text("\\sum_{i=1}^{n}")
    assert {message["name"] for message in stage.heard("part")} == {"highlight", "math"}
    assert stage.errors == []


def test_a_formula_gets_a_font_where_the_page_has_none(browser: Browser) -> None:
    stage = Stage(browser)
    view = stage.show(Open("content"), Append(0, "text"))
    view.evaluate("nb => nb.style.setProperty('--nb-font-math', \"'nbstream math', 'DejaVu Sans Mono'\")")
    stage.play(Append(0, f"\n\n{FORMULA}\n"), Close(0))
    expect(view.locator("math")).to_have_count(1)
    stage.page.wait_for_function("() => [...document.fonts].some(({ family }) => family.includes('nbstream math'))")
    stage.painted()
    fence = view.locator("mo").filter(has_text="(").last.bounding_box()
    assert fence is not None
    assert fence["height"] > 50, "the parenthesis reaches over three lines"
    assert stage.errors == []
    stage.close()


def test_a_text_that_takes_the_highlighter_for_ever_stays_plain_and_the_next_one_is_coloured(stages: dict[bool, Stage]) -> None:
    stage = stages[True]
    stage.clear()
    evil = "[" * 4000 + "](" * 2000
    view = stage.show(Open("content"), Append(0, f"```markdown\n{evil}\n```\n\n{FENCE}"), Close(0))
    expect(view.locator(".nb-code").nth(1).locator(".k").first).to_have_text("def", timeout=20_000)
    assert view.locator(".nb-code code").nth(0).evaluate("code => code.textContent") == f"{evil}\n"
    assert stage.errors == []


def test_the_buttons_of_a_block_work_by_keyboard(stages: dict[bool, Stage]) -> None:
    stage = stages[False]
    stage.clear()
    long = "x" * 400 + "\n" + "y\n" * 60
    view = stage.show(Open("content"), Append(0, f"```\n{long}```\n"), Close(0))
    block, pre = view.locator(".nb-code"), view.locator(".nb-code pre")
    before = pre.bounding_box()
    wrap = block.get_by_role("button", name="Wrap")
    wrap.focus()
    assert pre.evaluate("pre => pre.scrollWidth > pre.clientWidth + 100")
    stage.page.keyboard.press("Space")
    expect(wrap).to_have_attribute("aria-pressed", "true")
    assert pre.evaluate("pre => pre.scrollWidth <= pre.clientWidth")
    more = block.get_by_role("button", name="Show all lines")
    more.focus()
    stage.page.keyboard.press("Enter")
    after = pre.bounding_box()
    assert before is not None
    assert after is not None
    assert before["height"] < 450 < 61 * 18 < after["height"]
    assert (
        pre.evaluate("pre => { const all = getSelection(); all.selectAllChildren(pre); return all.toString() }").strip()
        == long.strip()
    )


def test_in_jupyterlab_parts_come_from_the_kernel(lab: Lab) -> None:
    answer = ANSWER.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    show = f'import nbstream as nb\ns = nb.display_stream(nb.fake("""{answer}""", rate=None, ttft=0))'
    notebook = lab.open(show, show.replace("import nbstream as nb\n", ""))
    for cell in (0, 1):
        notebook.run(cell)
        view = notebook.view(cell)
        expect(view.locator(".nb-code .k").first).to_have_text("def", timeout=30_000)
        expect(view.locator("math")).to_have_count(2)
        assert code(view).evaluate("code => code.textContent") == PYTHON
    assert notebook.value("s._view._channel.refused") == 0


def test_a_long_block_that_grows_shows_its_end_until_the_reader_goes_back(stages: dict[bool, Stage]) -> None:
    stage = stages[False]
    stage.clear()
    lines = "".join(f"line {number}\n" for number in range(60))
    view = stage.show(Open("content"), Append(0, f"```\n{lines}"))
    pre = view.locator(".nb-code pre")
    rest = "pre => pre.scrollHeight - pre.clientHeight - pre.scrollTop"
    stage.play(Append(0, "more\n"))
    stage.painted()
    assert pre.evaluate(rest) <= 1
    pre.evaluate("pre => { pre.scrollTop = 40 }")
    stage.painted()
    stage.play(Append(0, lines))
    stage.painted()
    assert pre.evaluate("pre => pre.scrollTop") == 40
    pre.evaluate("pre => { pre.scrollTop = pre.scrollHeight }")
    stage.painted()
    stage.play(Append(0, lines))
    stage.painted()
    assert pre.evaluate(rest) <= 1
