"""The page of the docs, put together from the parts that were measured.

Belongs here: Markdown and what is kept between runs. Does not belong here: measuring.

Each part leaves its section in a file beside the page, so that one part can be measured again alone; the page says when
each was measured.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "benchmarks.md"
KEPT: Final = PAGE.with_suffix(".json")
PACKAGES: Final = ("ipykernel", "jupyterlab", "ipywidgets", "anywidget", "litellm", "openai", "httpx", "panel")
ORDER: Final = ("peers", "growth", "render", "huge", "layers")


@dataclass(frozen=True)
class Target:
    """What is aimed at, what was measured, and whether it was met."""

    aim: str
    measured: str
    met: bool


@dataclass(frozen=True)
class Section:
    """What one part says.

    Attributes:
        text: Markdown, from its heading.
        targets: what the part is held to.
        when: the day.
    """

    text: str
    targets: list[Target]
    when: str


def section(heading: str, paragraphs: Iterable[str], targets: Iterable[Target]) -> Section:
    """Return the section of today."""
    return Section("\n\n".join([f"## {heading}", *paragraphs]), list(targets), time.strftime("%Y-%m-%d"))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table whose first column is text and whose others are figures."""
    lines = [" | ".join(head), " | ".join(["---", *["--:"] * (len(head) - 1)])]
    lines += [" | ".join(str(cell) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def keep(name: str, made: Section) -> None:
    """Keep the section of the part `name`."""
    kept = _kept()
    kept[name] = asdict(made)
    KEPT.write_text(json.dumps(kept, indent=1))


def page(browser: str) -> str:
    """Return the page of all parts that were ever measured here; `browser` is its version, empty where none took part now."""
    kept = _kept()
    if browser:
        kept["browser"] = {"version": browser}
        KEPT.write_text(json.dumps(kept, indent=1))
    browser = kept.get("browser", {}).get("version", "")
    parts = [(name, part) for name in ORDER if (part := kept.get(name))]
    rows = [(t["aim"], t["measured"], "yes" if t["met"] else "**no**") for _, part in parts for t in part["targets"]]
    dates = ", ".join(f"{name} {part['when']}" for name, part in parts)
    return (
        "\n\n".join(
            [
                "# What streaming costs",
                "Written by `make bench`; do not edit. CPU seconds hold on a busy machine, times on the wall do not.",
                f"{machine()}; {versions(browser)}. Measured: {dates}.",
                table(("aim", "measured", "met"), rows),
                *(part["text"] for _, part in parts),
                "",
            ]
        ).rstrip()
        + "\n"
    )


def machine() -> str:
    """What the figures are of."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (
        f"{len(names) or '?'} cores of {names[0] if names else platform.processor() or platform.machine()}, {platform.system()}"
    )


def versions(browser: str) -> str:
    """The versions of what takes part."""
    found = [f"Python {platform.python_version()}", browser]
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(filter(None, found))


def _kept() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    return found
