"""The table of this session's runs: `nb.runs()`.

Belongs here: how the rows look, as text and as html. Does not belong here: the rows (`_ledger`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final, overload

from nbstream import _ledger
from nbstream._inline_html import escape
from nbstream._ledger import RunRow
from nbstream._visible import reveal
from nbstream._words import dollars, seconds

_COLUMNS: Final = ("started", "title", "model", "status", "TTFT", "duration", "tok/s", "in", "out", "cost")
_NUMBERS: Final = frozenset(_COLUMNS[4:])
_WIDTH: Final = 32


class Runs(Sequence[RunRow]):
    """The runs of this session, the first one first: a sequence of `RunRow`, shown as a table.

    >>> import pandas as pd  # doctest: +SKIP
    >>> pd.DataFrame(nb.runs().to_rows())  # doctest: +SKIP
    """

    def __init__(self, rows: Sequence[RunRow]) -> None:
        self._rows = tuple(rows)

    @overload
    def __getitem__(self, index: int) -> RunRow: ...

    @overload
    def __getitem__(self, index: slice) -> Runs: ...

    def __getitem__(self, index: int | slice) -> RunRow | Runs:
        return Runs(self._rows[index]) if isinstance(index, slice) else self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def cost(self) -> float | None:
        """What the runs with a known price cost together, in US dollars; None where there is none."""
        known = [row.cost for row in self._rows if row.cost is not None]
        return sum(known) if known else None

    def to_rows(self) -> list[dict[str, Any]]:
        """Return the figures as a list of dicts, as a data frame takes them; times in seconds, cost in US dollars."""
        return [asdict(row) for row in self._rows]

    def __repr__(self) -> str:
        if not self._rows:
            return "no runs yet"
        table = [_COLUMNS, *(_cells(row) for row in self._rows), *self._total()]
        table = [tuple(_cut(cell) for cell in line) for line in table]
        widths = [max(len(line[i]) for line in table) for i in range(len(_COLUMNS))]
        return "\n".join(_aligned(line, widths) for line in table)

    def _repr_html_(self) -> str:
        if not self._rows:
            return "<p>no runs yet</p>"
        head = "".join(f"<th>{escape(name)}</th>" for name in _COLUMNS)
        lines = [_cells(row) for row in self._rows] + self._total()
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in lines)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _total(self) -> list[tuple[str, ...]]:
        if len(self._rows) < 2:
            return []
        about = "~" if any(row.estimated for row in self._rows) else ""
        given, taken = (sum(getattr(row, name) or 0 for row in self._rows) for name in ("input_tokens", "output_tokens"))
        tokens = f"{given:,}" if given else "", f"{about}{taken:,}" if taken else ""
        return [("total", "", "", f"{len(self._rows)} runs", "", "", "", *tokens, _price(self.cost, ""))]


def runs() -> Runs:
    """Return the runs of this session with their figures, also those that go on; the last 1,000 are remembered.

    >>> import nbstream as nb
    >>> len(nb.runs()) <= 1000
    True
    """
    return Runs(_ledger.rows())


def _cells(row: RunRow) -> tuple[str, ...]:
    about = "~" if row.estimated else ""
    return (
        f"{row.started:%H:%M:%S}",
        _line(row.title),
        _line(row.model),
        row.status + (f" ({_line(row.reason)})" if row.reason and row.reason != "stop" else ""),
        "" if row.ttft is None else seconds(row.ttft),
        "" if row.duration is None else seconds(row.duration),
        "" if row.tokens_per_s is None else f"{about}{row.tokens_per_s:,.0f}",
        "" if row.input_tokens is None else f"{row.input_tokens:,}",
        "" if row.output_tokens is None else f"{about}{row.output_tokens:,}",
        _price(row.cost, about),
    )


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    cells = zip(_COLUMNS, line, widths, strict=True)
    return "  ".join(cell.rjust(w) if name in _NUMBERS else cell.ljust(w) for name, cell, w in cells).rstrip()


def _price(cost: float | None, about: str) -> str:
    return "" if cost is None else about + dollars(round(cost * 1e9))


def _line(text: str) -> str:
    return " ".join(reveal(text).split())


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
