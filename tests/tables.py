"""Tables in the docs that tests measure: what a test notes, the end of the run writes, if it is asked to.

`NBSTREAM_TABLES=1 pytest -m "soak or not soak" …` puts what was noted between the marks `<!-- table NAME -->` and
`<!-- end -->` of docs/sources.md: the tables are as whole as the run was.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs" / "sources.md"
_noted: dict[str, dict[str, dict[str, str]]] = {}


def note(table: str, row: str, column: str, value: str) -> None:
    """Note one cell."""
    _noted.setdefault(table, {}).setdefault(row, {})[column] = value


def write() -> None:
    """Write the tables that were noted into the docs, if the environment asks for it."""
    if not _noted or not os.environ.get("NBSTREAM_TABLES"):
        return
    text = DOCS.read_text("utf-8")
    for name, rows in _noted.items():
        columns = list(dict.fromkeys(column for cells in rows.values() for column in cells))
        lines = [f"| | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
        lines += [f"| {row} | {' | '.join(cells.get(column, '') for column in columns)} |" for row, cells in rows.items()]
        body = "\n".join(lines)
        text = re.sub(
            rf"(<!-- table {re.escape(name)} -->\n).*?(<!-- end -->)",
            lambda m, b=body: f"{m[1]}{b}\n{m[2]}",
            text,
            flags=re.DOTALL,
        )
    DOCS.write_text(text, "utf-8")
