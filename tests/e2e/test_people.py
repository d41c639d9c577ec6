"""A person at a view: everything by keyboard, nothing moves under the eyes, room for every width, script and preference."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from e2e.stage import Stage
from e2e.states import ANSWER, ARABIC, MODEL, PARTIAL, STATES, State, begun, call, ended, said, thought
from nbstream._events import Amend, Append, Note, Open

LONGEST_WALK = 60
"""No view has so many stops of the Tab key."""


def tab_to(stage: Stage, name: str) -> None:
    """Press Tab until the button with this name has the focus."""
    walked: list[str] = []
    for _ in range(LONGEST_WALK):
        stage.page.keyboard.press("Tab")
        walked.append(
            stage.page.evaluate(
                """() => {
                  let at = document.activeElement
                  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
                  return at?.getAttribute("aria-label") ?? at?.innerText ?? ""
                }"""
            )
        )
        if walked[-1].startswith(name):
            return
    pytest.fail(f"no way to {name!r} by Tab: {walked}")


def press(stage: Stage, name: str, key: str = "Enter") -> None:
    """Go to a button by Tab and press it by a key."""
    stage.page.evaluate("() => document.activeElement?.shadowRoot?.activeElement?.blur()")
    tab_to(stage, name)
    stage.page.keyboard.press(key)


def copied(stage: Stage) -> str:
    """What the clipboard holds."""
    text: str = stage.page.evaluate("() => navigator.clipboard.readText()")
    return text


def test_a_run_is_stopped_continued_and_paged_by_keys_alone(stage: Stage) -> None:
    view = stage.show(*begun(), *said(PARTIAL))
    press(stage, "Stop", "Space")
    expect(view).to_have_attribute("data-status", "stopping")
    assert stage.heard("stop")
    stage.play(*ended("stopped", "user"))
    press(stage, "Continue")
    assert [(m["way"], m["run"]) for m in stage.heard("again")][:1] == [("continue", stage.run())]
    stage.restart(*begun(), *said("On it went"))
    expect(view).to_contain_text("On it went")
    press(stage, "Previous attempt")
    expect(view).to_contain_text("its result to the nearest")
    stage.page.keyboard.press("Tab")
    stage.page.keyboard.press("Enter")
    expect(view).to_contain_text("On it went")
    stage.page.keyboard.press("Escape")
    expect(view).to_have_attribute("data-status", "stopping")


def test_sections_open_and_everything_is_copied_by_keys_alone(stage: Stage) -> None:
    view = stage.show(*begun(), *thought(), *said(ANSWER, 1), *ended())
    press(stage, "Thought for", "Space")
    expect(view.get_by_role("button", name="Thought for")).to_have_attribute("aria-expanded", "true")
    press(stage, "Copy")
    stage.page.wait_for_function(
        "want => navigator.clipboard.readText().then(text => text.startsWith(want))", arg="The reader asks"
    )
    press(stage, "Copy code")
    stage.page.wait_for_function("want => navigator.clipboard.readText().then(text => text.startsWith(want))", arg=">>> (0.1")
    assert copied(stage).endswith("0.6")
    press(stage, "Copy as CSV")
    stage.page.wait_for_function("want => navigator.clipboard.readText().then(text => text.startsWith(want))", arg="Method,")
    assert copied(stage).splitlines()[3] == "math.fsum,none,exact partial sums"
    for name in ("Raw text", "Timeline", "Chunks"):
        press(stage, name)
        expect(view.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")


def test_a_tool_call_is_approved_by_keys_alone_and_nothing_else_approves_it(stage: Stage) -> None:
    view = STATES["approval"].show(stage, "a")
    for key in ("Enter", "Space", "y"):
        stage.page.keyboard.press(key)
    assert stage.heard("approval") == []
    press(stage, "Approve")
    assert [(m["id"], m["approved"]) for m in stage.heard("approval")][:1] == [("approval-1", True)]
    stage.play(Amend(1, {"state": "run"}))
    expect(view.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    assert stage.page.evaluate("() => document.activeElement?.shadowRoot?.activeElement !== null"), "the focus is in the view"


def test_a_button_that_goes_leaves_the_focus_in_the_view(stage: Stage) -> None:
    view = stage.show(*begun(), *said(PARTIAL))
    tab_to(stage, "Stop")
    stage.play(*ended())
    assert view.evaluate("view => view.getRootNode().activeElement === view")


def test_the_focus_is_never_taken(stage: Stage) -> None:
    stage.page.evaluate("() => { document.body.tabIndex = -1; document.body.focus() }")
    stage.show(*begun(), *said(PARTIAL), *call(1, "f", "{}", "ask", approval="approval-1"))
    stage.play(*ended())
    assert stage.page.evaluate("() => document.activeElement === document.body")


PLACES = """view => {
  const place = (part, home) => {
    const [box, from] = [part.getBoundingClientRect(), home.getBoundingClientRect()]
    // The text above may end between two pixels.
    return [box.x - from.x, box.y - from.y, box.width, box.height].map(size => Math.round(size * 4) / 4)
  }
  const foot = view.querySelector(".nb-foot")
  return {
    bar: place(view.querySelector(".nb-bar"), document.body),
    stop: place(view.querySelector(".nb-stop"), document.body),
    foot: [...foot.querySelectorAll("button:not([hidden]), dl > div"), foot].map(part => place(part, foot)),
  }
}"""


def test_nothing_but_the_text_moves_while_it_streams(stage: Stage) -> None:
    view = stage.show(Note({"model": MODEL, "phase": "waiting"}))
    waiting: dict[str, list[float]] = view.evaluate(PLACES)
    assert len(waiting["foot"]) > 10
    stage.play(Note({"ttft_us": 480_000, "input_tokens": 120_000, "estimated": True}), Open("content"))
    for size in range(0, len(ANSWER), 40):
        stage.play(Append(0, ANSWER[size : size + 40]))
        assert view.evaluate(PLACES) == waiting
    stage.play(Note({"cost_nanousd": 123_400_000, "output_tokens": 12_345}))
    assert view.evaluate(PLACES) == waiting
    view.get_by_role("button", name="Stop", exact=True).click()
    stage.painted()
    assert view.evaluate(PLACES) == waiting
    stage.play(*ended("stopped", "user"))
    after: dict[str, list[float]] = view.evaluate(PLACES)
    assert (after["bar"], after["foot"]) == (waiting["bar"], waiting["foot"])


UNDER = """([x, y]) => {
  let at = document.elementFromPoint(x, y)
  while (at?.shadowRoot) {
    const inner = at.shadowRoot.elementFromPoint(x, y)
    if (!inner || inner === at) break
    at = inner
  }
  return at?.closest("button")?.getAttribute("aria-label") ?? at?.closest("button")?.textContent ?? null
}"""


@pytest.mark.parametrize("width", [760, 360])
def test_no_button_comes_under_a_pointer_that_was_on_stop(browser: Browser, width: int) -> None:
    stage = Stage(browser, width=width)
    view = stage.show(*begun(), *said(PARTIAL))
    stage.play(*ended("stopped", "user"))
    stage.restart(*begun(), *said(PARTIAL))
    stop = view.get_by_role("button", name="Stop", exact=True)
    box = stop.bounding_box()
    assert box is not None
    points = [[box["x"] + box["width"] * share, box["y"] + box["height"] / 2] for share in (0.05, 0.5, 0.95)]
    stop.click()
    stage.play(*ended("stopped", "user"))
    assert [stage.page.evaluate(UNDER, point) for point in points] == [None, None, None]
    stage.close()


def test_the_view_follows_the_end_until_the_reader_leaves_it(stage: Stage) -> None:
    view = stage.show(*begun(), *said(ANSWER * 2))
    scroller = view.locator(".nb-scroll")
    gap = "scroller => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight"
    assert scroller.evaluate(gap) < 2
    scroller.hover()
    stage.page.mouse.wheel(0, -400)
    pill = view.get_by_role("button", name="Follow: Jump to latest")
    expect(pill).to_be_visible()
    before = scroller.evaluate("scroller => scroller.scrollTop")
    stage.play(Append(0, ANSWER))
    assert scroller.evaluate("scroller => scroller.scrollTop") == before
    pill.click()
    stage.play(Append(0, ANSWER))
    assert scroller.evaluate(gap) < 2
    expect(pill).to_be_hidden()


WIDE = """view => [...view.querySelectorAll("*"), view].filter(part => {
  const box = part.getBoundingClientRect()
  const home = view.getBoundingClientRect()
  if (box.width === 0 || part.closest(".nb-vh, .nb-status, .nb-csv, pre, .nb-tbl, .nb-chunks, .nb-plot")) return false
  return box.right > home.right + 1 || box.left < home.left - 1
}).map(part => part.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("scale", [1, 2], ids=["360px", "zoomed"])
def test_nothing_sticks_out_of_a_narrow_view(browser: Browser, scale: int) -> None:
    # A window of 760 px at 200 % is one of 380 px with two pixels for one.
    stage = Stage(browser, width=360 if scale == 1 else 348, device_scale_factor=scale)
    for name, state in STATES.items():
        stage.clear()
        view = state.show(stage, name)
        assert view.evaluate(WIDE) == [], name
    assert stage.page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    stage.close()


DIRECTIONS = """view => [...view.querySelectorAll(".nb-md > *, .nb-part > *, .nb-bar")]
  .map(part => `${part.localName} ${getComputedStyle(part).direction}`)"""


def test_each_paragraph_runs_the_way_of_its_own_script(stage: Stage) -> None:
    view = stage.show(*begun(), *said(ARABIC), *ended())
    assert view.evaluate(DIRECTIONS) == ["header ltr", "h4 rtl", "p rtl", "ul rtl", "p ltr", "figure ltr"]
    hebrew = "- \u05e9\u05dc\u05d5\u05dd\n\n- \u05e2\u05d5\u05dc\u05dd\n\n> \u05e6\u05d9\u05d8\u05d5\u05d8"
    loose = stage.show(*begun(), *said(hebrew), *ended(), key="loose")
    assert loose.evaluate(DIRECTIONS) == ["header ltr", "ul rtl", "blockquote rtl"]


def test_long_words_of_any_script_break_and_emoji_do_not(stage: Stage) -> None:
    family = "\U0001f468‍\U0001f469‍\U0001f467"
    lines = ["漢字" * 200, "x" * 600, family * 80, "https://example.org/" + "a" * 400]
    view = stage.show(*begun(), *said("\n\n".join(lines)))
    assert view.evaluate(WIDE) == []
    body = view.locator("[data-part='body']")
    assert body.locator("p").nth(2).inner_text() == lines[2]


def test_the_theme_is_followed_live(stage: Stage) -> None:
    view = stage.show(*begun(), *said(PARTIAL))
    ink = "view => getComputedStyle(view).color"
    light = view.evaluate(ink)
    stage.theme("dark")
    expect(view).to_have_attribute("data-theme", "dark")
    assert view.evaluate(ink) != light
    stage.theme("light")
    expect(view).to_have_attribute("data-theme", "light")
    assert view.evaluate(ink) == light


MOVING = """view => [...view.querySelectorAll("*")].flatMap(part => part.getAnimations({ subtree: true }))
  .filter(animation => animation.playState === "running").length"""


@pytest.mark.parametrize(("preference", "moving"), [("reduce", False), ("no-preference", True)])
def test_who_wants_less_motion_gets_none(browser: Browser, preference: Any, moving: bool) -> None:
    stage = Stage(browser, reduced_motion=preference)
    for state in (State(begun()), State((*begun(), *said(PARTIAL)))):
        stage.clear()
        view = state.show(stage, "a")
        assert (view.evaluate(MOVING) > 0) is moving
    stage.close()


def test_forced_colours_leave_every_state_its_shapes(browser: Browser) -> None:
    stage = Stage(browser, forced_colors="active")
    view = STATES["approval"].show(stage, "a")
    for part in (".nb-stop", ".nb-ask .nb-btn"):
        border = view.locator(part).first.evaluate("part => getComputedStyle(part).borderTopWidth")
        assert border == "1px"
    stage.clear()
    view = STATES["streaming"].show(stage, "b")
    caret = view.locator(".nb-caret").first.evaluate("part => getComputedStyle(part).backgroundColor")
    page = stage.page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
    assert caret != page
    stage.close()


def test_the_announcer_says_the_start_and_the_end_and_never_the_text(stage: Stage) -> None:
    view = stage.show(*begun())
    voice = view.locator("[aria-live='polite']")
    stage.page.evaluate(
        """() => {
          const voice = document.querySelector(".view").shadowRoot.querySelector("[aria-live=polite]")
          globalThis.spoken = []
          const listen = new MutationObserver(() => spoken.push(voice.textContent))
          listen.observe(voice, { childList: true, characterData: true, subtree: true })
        }"""
    )
    stage.play(*said("one"))
    for number in range(20):
        stage.play(Append(0, f" {number}"))
    stage.play(*ended("stopped", "user", output_tokens=132))
    expect(voice).to_have_text("Stopped by you after 132 tokens")
    assert stage.page.evaluate("() => globalThis.spoken") == [f"{MODEL} has begun to answer", "Stopped by you after 132 tokens"]
    expect(view.get_by_role("status")).to_have_attribute("aria-live", "off")
