"""The raw-chunk inspector, the kernel's half: pages of chunks for a view that shows them.

Belongs here: the answer to a view's `chunks`. Does not belong here: what a chunk says (`_chunk_fields`), the log (`_record`),
the comm (`_view` passes messages on).

    view -> kernel   {"type": "chunks", "run": ID, "from": n, "count": n}
    kernel -> view   {"type": "chunks", "run": ID, "from": n, "total": n, "rows": [ROW, ...]}

`from` counts from 0, `total` is how many chunks have come. A ROW has `n` (its number), `t_us` (since the request), `kind` (of
the sections that its text went to), `length` (of that text) and, where the chunk has them, `id`, `model`, `created`, `index`,
`delta` (one line of JSON), `finish_reason`, `usage` (one line of JSON). Chunks that are kept no longer are left out. A page is
cut where it grows large: the view asks again behind its last row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nbstream._chunk_fields import compact, fields_of
from nbstream._chunk_log import Chunk, ChunkLog
from nbstream._errors import clip
from nbstream._events import Wire
from nbstream._text import repaired

PAGE: Final = 200
"""The most rows of a page."""
PAGE_CHARACTERS: Final = 200_000
"""About the most characters of a page."""
CELL: Final = 2_000
"""The most characters of one delta."""


def page(log: ChunkLog, run: str, message: Mapping[str, Any]) -> Wire | None:
    """Return the answer to `message`, None where it is not well-formed."""
    first, count = _whole(message.get("from")), _whole(message.get("count"))
    if first is None or count is None:
        return None
    rows: list[Wire] = []
    room = PAGE_CHARACTERS
    for number, chunk in log.numbered(first):
        if len(rows) == min(count, PAGE) or room <= 0:
            break
        rows.append(_row(number, chunk))
        room -= sum(len(value) for value in rows[-1].values() if isinstance(value, str))
    return {"type": "chunks", "run": run, "from": first, "total": log.count, "rows": rows}


def _row(number: int, chunk: Chunk) -> Wire:
    said = fields_of(chunk.raw)
    row: Wire = {"n": number, "t_us": round(chunk.t * 1e6), "kind": " ".join(chunk.kinds) or None, "length": chunk.length}
    for name in ("id", "model", "created", "index", "finish_reason"):
        row[name] = getattr(said, name)
    for name, value in (("delta", said.delta), ("usage", said.usage)):
        row[name] = None if value is None else clip(compact(value), CELL)
    return {name: repaired(value) if isinstance(value, str) else value for name, value in row.items() if value is not None}


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
