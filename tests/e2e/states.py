"""Every state that a view can be in, as the events that lead there and what a reader does then.

Belongs here: the texts, the events, the clicks. Does not belong here: the page (`stage`), what is asked of a state: that it is
accessible (`test_access`), how it looks (`scripts/pictures.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Locator

from e2e.stage import Stage
from nbstream._events import Amend, Append, Close, End, Event, MetaValue, Note, Open

MODEL: Final = "anthropic/claude-sonnet-4-5"
TOOLS: Final = "openai/gpt-5"
THOUGHT: Final = (
    "The reader asks why two orders of one sum differ. Rounding happens after every step, so the order decides what stays.\n\n"
    "Three terms are enough for an example. Then the remedies: pairwise sums, a compensated sum, and the exact one of the "
    "standard library."
)
ANSWER: Final = """# Every step rounds

Addition of floats is **not associative**: each `+` rounds to the nearest number that fits, and another order rounds other
numbers.

- *Size.* A small term loses its last bits to a large sum.
- *Cancellation.* Two numbers that are nearly equal leave mostly error.

```python
>>> (0.1 + 0.2) + 0.3
0.6000000000000001
>>> 0.1 + (0.2 + 0.3)   # another order
0.6
```

| Method | Bound of the error | Work |
|---|---|---|
| in order | $n u$ | 1 addition |
| pairwise | $u \\log_2 n$ | 1 addition |
| `math.fsum` | none | exact partial sums |

> NumPy adds pairwise along the fast axis alone.

Take `math.fsum` where the last bit counts; otherwise add pairwise.
"""
PARTIAL: Final = "Addition of floats is **not associative**: each `+` rounds its result to the nearest"
ARABIC: Final = """## لماذا تختلف النتيجة؟

لأن كل عملية جمع تُقرّب ناتجها إلى أقرب عدد يمكن تمثيله، فإذا تغيّر الترتيب تغيّرت الأعداد التي تُقرَّب.

- الحدّ الصغير يفقد خاناته الأخيرة.
- الطرح بين عددين متقاربين يُبقي الخطأ.

In English, `math.fsum` is exact.

```python
total = math.fsum(values)
```
"""
ARGUMENTS: Final = '{"city": "New York", "days": 3, "fields": ["temperature", "wind_speed", "sky"]}'
WEATHER: Final = (
    '{"city": "Oslo", "days": [{"date": "2026-11-21", "temp_c": 7.2, "sky": "overcast"},'
    ' {"date": "2026-11-22", "temp_c": 6.7, "sky": "rain"}]}'
)
PICTURE: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAGAAAAAgCAIAAABiouoDAAAAh0lEQVR42u3XMQqAMBBE0bmGJ/SA3m1qQTsjSCAm2ez/pNryMU207cfj+Yr7fRcQ"
    "AAEEEEAAAQRQiruLAHpBAejbJS9QbWIpSYFatRSQf0gsZUEgdywSkEc0O5BHJ5YSA8izptk+hwAFQBkA5LCJpfQG8lqJpfwF5ByJpTQAcuLEUiqA"
    "4Cg7AZEhGlzeteERAAAAAElFTkSuQmCC"
)
LIVE: Final[dict[str, MetaValue]] = {"ttft_us": 480_000, "input_tokens": 1200, "estimated": True, "cost_nanousd": 14_500_000}
FINAL: Final[dict[str, MetaValue]] = {
    "ttft_us": 480_000,
    "input_tokens": 1204,
    "output_tokens": 1236,
    "estimated": False,
    "cost_nanousd": 22_200_000,
    "duration_us": 10_100_000,
    "finish_reason": "stop",
}


@dataclass(frozen=True)
class State:
    """One state.

    Attributes:
        events: what the kernel says.
        act: what the reader, or the world, does then.
        before: what it said in an earlier attempt.
    """

    events: tuple[Event, ...]
    act: Callable[[Stage, Locator, str], None] | None = None
    before: tuple[Event, ...] = ()

    def show(self, stage: Stage, key: str) -> Locator:
        """Bring a new view of `stage` into this state."""
        view = stage.show(*(self.before or self.events), key=key)
        if self.before:
            stage.restart(*self.events, key=key)
        if self.act is not None:
            self.act(stage, view, key)
            stage.painted()
        return view


def press(name: str) -> Callable[[Stage, Locator, str], None]:
    """The reader presses the button with this name."""
    return lambda _stage, view, _key: view.get_by_role("button", name=name, exact=True).first.click()


def expand(label: str) -> Callable[[Stage, Locator, str], None]:
    """The reader opens a section."""
    return lambda _stage, view, _key: view.get_by_role("button", name=label).first.click()


def begun(model: str = MODEL, **meta: MetaValue) -> tuple[Event, ...]:
    """The first note of a run."""
    return (Note({"model": model, "prompt": "Why does the order of a float sum matter?", "phase": "waiting", **meta}),)


def thought(at: int = 0) -> tuple[Event, ...]:
    """A whole section of thinking."""
    return (Open("thinking"), Append(at, THOUGHT), Close(at), Amend(at, {"duration_us": 3_200_000}), Note(LIVE))


def said(text: str, at: int = 0) -> tuple[Event, ...]:
    """A section of the answer, still open."""
    return (Open("content"), Append(at, text), Note(LIVE))


def ended(
    status: str = "done", reason: str | None = None, error: dict[str, str] | None = None, **meta: MetaValue
) -> tuple[Event, ...]:
    """Figures and end."""
    return (Note({**FINAL, **meta}), End(status, reason, error))


def call(at: int, name: str, arguments: str, state: str, **meta: MetaValue) -> tuple[Event, ...]:
    """A tool call with complete arguments."""
    return (
        Open("tool", {"state": "input", "name": name, "id": f"call_{at}"}),
        Append(at, arguments),
        Close(at),
        Amend(at, {"state": state, **meta}),
    )


def failed(at: int) -> tuple[Event, ...]:
    """An error with what to do about it."""
    hint = "The provider asks to wait 20 s. Retry sends the same request again."
    said = {"code": "rate_limit", "message": "429 Too Many Requests", "hint": hint}
    return (
        Open("error", {"code": "rate_limit", "hint": hint}),
        Append(at, "429 Too Many Requests"),
        *ended("error", None, said, output_tokens=132, estimated=True),
    )


def cut(stage: Stage, _view: Locator, key: str) -> None:
    """The line to the kernel is cut for longer than a blink."""
    stage.line("connecting", key)
    stage.page.locator(f".view:nth-of-type({list(stage.keys).index(key) + 1}) [data-stale]").wait_for()


def drawer(name: str) -> Callable[[Stage, Locator, str], None]:
    """The reader opens the drawer, and the kernel answers."""

    def act(stage: Stage, view: Locator, key: str) -> None:
        press(name)(stage, view, key)
        stage.painted()
        run = stage.run(key)
        thinking = [480_000 + 52_000 * n + 17_000 * (n % 3) for n in range(58)]
        speaking = [3_700_000 + 31_000 * n + 9_000 * (n % 4) + (1_300_000 if n > 70 else 0) for n in range(162)]
        if name == "Timeline":
            page = {"type": "arrivals", "run": run, "from": 0, "next": 230, "kinds": "t" * 58 + "a" * 162}
            stage.tell({**page, "t_us": thinking + speaking}, {**page, "from": 230, "kinds": "", "t_us": []}, key=key)
            return
        words = PARTIAL.split(" ")
        rows = [
            {"n": n, "t_us": speaking[n], "kind": "content", "delta": f'{{"content":" {word}"}}', "index": 0, "model": MODEL}
            for n, word in enumerate(words)
        ]
        last = {"n": len(rows), "t_us": 10_096_000, "finish_reason": "stop", "usage": '{"prompt_tokens":1204}', "model": MODEL}
        stage.tell({"type": "chunks", "run": run, "from": 0, "total": len(rows) + 1, "rows": [*rows, last]}, key=key)

    return act


GAPS: Final[dict[str, MetaValue]] = {"gap_p50_us": 14_000, "gap_p95_us": 61_000}

STATES: Final[dict[str, State]] = {
    "waiting": State(begun()),
    "loading": State(begun("ollama/qwen3:8b", phase="loading")),
    "thinking": State((*begun(), Open("thinking"), Append(0, THOUGHT), Note(LIVE))),
    "streaming": State((*begun(), *thought(), *said(ANSWER[:300], 1))),
    "scrolled": State(
        (*begun(), *said(ANSWER * 2)),
        lambda _stage, view, _key: view.locator(".nb-scroll").evaluate("scroller => { scroller.scrollTop = 0 }"),
    ),
    "tool-arguments": State(
        (*begun(TOOLS), Open("tool", {"state": "input", "name": "get_weather"}), Append(0, ARGUMENTS[:60]), Note(LIVE))
    ),
    "tool-running": State(
        (
            *begun(TOOLS),
            *call(0, "get_weather", '{"city": "Oslo", "days": 3}', "ok", duration_us=410_000),
            *call(1, "find_station", '{"near": "40.71, -74.01", "radius_km": 25}', "run"),
            *call(2, "get_weather", '{"city": "Atlantis", "days": 3}', "bad"),
            Note(LIVE),
        )
    ),
    "approval": State(
        (
            *begun(TOOLS),
            *call(0, "get_weather", '{"city": "Oslo", "days": 3}', "ok", duration_us=410_000),
            *call(1, "get_weather", ARGUMENTS, "ask", approval="approval-1"),
            Note(LIVE),
        )
    ),
    "denied": State(
        (
            *begun(TOOLS),
            *call(0, "delete_rows", """{"table": "runs", "where": "status = 'error'"}""", "denied"),
            *said("The rows are as they were. To see which would have gone", 1),
        )
    ),
    "result": State(
        (
            *begun(TOOLS),
            *call(0, "get_weather", ARGUMENTS, "ok", duration_us=410_000),
            *(Open("result", {"name": "get_weather", "id": "call_0"}), Append(1, WEATHER), Close(1)),
            *said("Yes: seven degrees now, and rain on the second day.", 2),
            *ended(),
        ),
        expand("Result"),
    ),
    "result-colours": State(
        (
            *begun(TOOLS),
            *call(0, "run_tests", '{"path": "tests"}', "bad", duration_us=80_000),
            Open("result", {"name": "run_tests", "id": "call_0", "state": "bad"}),
            Append(
                1,
                "\x1b[1mtests/test_sum.py\x1b[0m \x1b[32m..\x1b[31mF\x1b[0m\n"
                "\x1b[31m\x1b[1mE  assert 0.6 == 0.1\x1b[0m\n1 failed, 2 passed",
            ),
            Close(1),
            *ended(),
        ),
        expand("Result"),
    ),
    "sources": State(
        (
            *begun(TOOLS),
            *said("Rows come first in memory, so the last axis is the fast one.", 0),
            Close(0),
            *(Open("source", {"title": "Sums along an axis"}), Append(1, "https://docs.example.org/sums"), Close(1)),
            *(
                Open("source", {"title": "How floats are added, from the first bit to the last"}),
                Append(2, "https://e.org/f"),
                Close(2),
            ),
            *(Open("source"), Append(3, "floats.pdf"), Close(3)),
            *ended(),
        )
    ),
    "files": State(
        (
            *begun(TOOLS),
            *said("The error grows with the number of terms:", 0),
            Close(0),
            *(
                Open("file", {"name": "error.png", "media_type": "image/png", "data": PICTURE}),
                Append(1, "error.png"),
                Close(1),
            ),
            Open("file", {"name": "four methods", "media_type": "image/png", "url": "https://images.example.org/4.png"}),
            *(Append(2, "https://images.example.org/4.png"), Close(2)),
            *(
                Open("file", {"name": "sums.csv", "media_type": "text/csv", "data": "YSxiCjEsMgo="}),
                Append(3, "sums.csv"),
                Close(3),
            ),
            *ended(),
        )
    ),
    "structured": State(
        (
            *begun(TOOLS, render="json"),
            *said(
                '{"title": "Lentil soup", "minutes": 35, "vegan": true, "note": null, "ingredients": ["lentils, 200 g", "on',
                0,
            ),
        )
    ),
    "refusal": State(
        (
            *begun(TOOLS),
            Open("content", {"refusal": True}),
            Append(0, "I cannot help with that."),
            *ended(finish_reason="content_filter"),
        )
    ),
    "done": State((*begun(), *thought(), *said(ANSWER, 1), *ended())),
    "thought-open": State((*begun(), *thought(), *said(PARTIAL, 1), *ended()), expand("Thought for")),
    "raw": State((*begun(), *said(ANSWER[:400]), *ended()), press("Raw text")),
    "stopping": State((*begun(), *said(PARTIAL)), press("Stop")),
    "stopped": State((*begun(), *said(PARTIAL), *ended("stopped", "user", output_tokens=132, estimated=True))),
    "truncated": State((*begun(), *said(PARTIAL), *ended("truncated", output_tokens=132))),
    "limit": State((*begun(), *said(PARTIAL), *ended("stopped", "max_tokens", output_tokens=400))),
    "length": State((*begun(), *said(PARTIAL), *ended("done", "length", finish_reason="length"))),
    "error": State((*begun(), *said(PARTIAL), Close(0), *failed(1))),
    "error-first": State(
        (
            *begun(TOOLS),
            Open("error", {"code": "auth", "hint": "Set OPENAI_API_KEY in the environment of the kernel."}),
            Append(0, "No API key for openai"),
            End("error", None, {"code": "auth", "message": "No API key for openai", "hint": ""}),
        )
    ),
    "stale": State((*begun(), *said(PARTIAL)), cut),
    "gone": State((*begun(), *said(PARTIAL)), lambda stage, _view, key: stage.lose(key)),
    "long": State((*begun(), *thought(), *said(ANSWER * 2, 1), *ended())),
    "attempts": State(
        (*begun(), *said("Addition of floats is **not associative**, so the order decides which")),
        before=(*begun(), *said(PARTIAL), *ended("stopped", "user", output_tokens=132, estimated=True)),
    ),
    "rtl": State((*begun(), *said(ARABIC), *ended())),
    "chunks": State((*begun(), *said(PARTIAL), *ended()), drawer("Chunks")),
    "timeline": State((*begun(), *thought(), *said(PARTIAL, 1), Note(GAPS), *ended()), drawer("Timeline")),
}

NARROW: Final = ("streaming", "approval", "done", "error", "rtl", "attempts", "timeline")
"""States that are looked at 360 px wide, too."""
