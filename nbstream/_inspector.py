"""The raw-chunk inspector and the timeline, the kernel's half: pages of chunks and arrivals for a view that shows them.

Belongs here: the answers to a view's `chunks` and `arrivals`. Does not belong here: what a chunk says (`_chunk_fields`), the
logs (`_chunk_log`, `_record`), the comm (`_view` passes messages on).

    view -> kernel   {"type": "chunks", "run": ID, "from": n, "count": n}
    kernel -> view   {"type": "chunks", "run": ID, "from": n, "total": n, "rows": [ROW, ...]}
    view -> kernel   {"type": "arrivals", "run": ID, "from": n}
    kernel -> view   {"type": "arrivals", "run": ID, "from": n, "next": n, "kinds": "tta...", "t_us": [n, ...]}

`from` counts from 0, `total` is how many chunks have come. A ROW has `n` (its number), `t_us` (since the request), `kind` (of
the sections that its text went to), `length` (of that text) and, where the chunk has them, `id`, `model`, `created`, `index`,
`delta` (one line of JSON), `finish_reason`, `usage` (one line of JSON). Chunks that are kept no longer are left out. A page is
cut where it grows large: the view asks again behind its last row.

Arrivals are the texts as they came, in the order of events: one letter of `kinds` (t thinking, a answer, c call of a tool) and
one time each. They count in events: `next` is where the page after this one begins, and equals `from` where nothing is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nbstream._chunk_fields import compact, fields_of
from nbstream._chunk_log import Chunk, ChunkLog
from nbstream._errors import clip
from nbstream._events import Wire
from nbstream._record import EventLog
from nbstream._text import repaired

PAGE: Final = 200
"""The most rows of a page."""
PAGE_CHARACTERS: Final = 200_000
"""About the most characters of a page."""
CELL: Final = 2_000
"""The most characters of one delta."""


LETTERS: Final = {"thinking": "t", "content": "a", "tool": "c"}


def arrivals(log: EventLog, run: str, message: Mapping[str, Any]) -> Wire | None:
    """Return the answer to `message` about the arrival of texts, None where it is not well-formed."""
    first = _whole(message.get("from"))
    if first is None:
        return None
    events = log.some(first)
    texts = [event for event in events if event.type == "append" and event.kind in LETTERS]
    times = [round(event.t * 1e6) for event in texts]
    kinds = "".join(LETTERS[str(event.kind)] for event in texts)
    return {"type": "arrivals", "run": run, "from": first, "next": first + len(events), "kinds": kinds, "t_us": times}


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
