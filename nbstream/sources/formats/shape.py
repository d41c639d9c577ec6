"""What all readers of wire formats share: reading values that may have any shape, and the deltas that several formats need.

Belongs here: the interface, and what two formats would otherwise write twice. Does not belong here: the words of any one
provider.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, NoReturn, Protocol

from nbstream._events import SAFE_INTEGER, Delta, MetaValue
from nbstream.sources import _faults
from nbstream.sources._watch import finish_reason

_UNSET: Final = ("", "null", "none", "unspecified", "finish_reason_unspecified")


_STRUCTURE: Final = ("tool", "step")


class Reader(Protocol):
    """Reads one response in one wire format, event by event."""

    @property
    def finished(self) -> bool:
        """Whether a terminal event was seen: an end of the stream here is no cut."""
        ...

    def feed(self, data: Mapping[str, Any]) -> list[Delta]:
        """Return what the JSON event `data` adds; what it does not know it ignores.

        Raises:
            ProviderError: the event is the provider's error.
        """
        ...


def obj(value: Any) -> Mapping[str, Any]:
    """Return `value` if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def objs(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects in the list `value`, none for anything else."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def text(value: Any) -> str:
    """Return `value` if it is text, else an empty text."""
    return value if isinstance(value, str) else ""


def whole(value: Any, default: int | None = None) -> int | None:
    """Return `value` if it is an integer that the protocol can carry, else `default`."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= SAFE_INTEGER else default


def index_of(value: Mapping[str, Any]) -> int:
    """Return the `index` in `value`, 0 where there is none."""
    return whole(value.get("index"), 0) or 0


def arguments(value: Any) -> str:
    """Return a call's arguments as text: as sent, or as JSON where the provider sent a value."""
    return value if isinstance(value, str) else "" if value is None else dumps(value)


def dumps(value: Any) -> str:
    """Return `value` as JSON."""
    return json.dumps(value, ensure_ascii=False)


def plain(value: Any) -> str:
    """Return the text of a message's content: a text, or a list of parts of which those with text count."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(plain, value))
    found = obj(value)
    return plain(found.get("text", found.get("content", "")))


def reason(word: Any) -> str | None:
    """Return a provider's finish reason in OpenAI's words, None where `word` says that there is none yet."""
    return finish_reason(word) if isinstance(word, str) and word.lower() not in _UNSET else None


def usage(given: Any = None, taken: Any = None, reasoning: Any = None, cached: Any = None, dollars: Any = None) -> list[Delta]:
    """Return a delta with the counts that are numbers: tokens in (cached ones among them), out (reasoning among them), cost."""
    names = ("input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens")
    counts = {name: int(n) for name, n in zip(names, (given, taken, reasoning, cached), strict=True) if _is_count(n)}
    if _is_count(dollars) and dollars > 0:
        counts["cost_nanousd"] = round(dollars * 1e9)
    return [Delta(usage=counts)] if counts else []


def _is_count(value: Any) -> bool:
    # `<=` is false for not-a-number, which JSON readers let in
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= SAFE_INTEGER


def carry(deltas: list[Delta], raw: Any) -> list[Delta]:
    """Return `deltas`, just made, with the chunk `raw` on the first of them; an empty one carries it where there are none."""
    if not deltas:
        return [Delta(raw=raw)]
    deltas[0].raw = raw
    return deltas


def complain(error: Any) -> NoReturn:
    """Raise the error that an event reports; `error` is a text or an object with a message.

    Raises:
        ProviderError: always.
    """
    said = error if isinstance(error, Mapping) else {"message": str(error)}
    raise _faults.reported(said)


def kept(deltas: Iterable[Delta]) -> list[Delta]:
    """Return the deltas that say something: a piece of text that is empty says nothing."""
    return [d for d in deltas if d.text or d.meta or d.final or d.usage or d.note or d.finish_reason or d.kind in _STRUCTURE]


class Model:
    """Tells the model's name once, and again where another one goes on."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told = ""

    def is_known(self, data: Mapping[str, Any]) -> bool:
        """Whether the `model` in `data`, if there is one, was told."""
        return bool(data.get("model", self._told) == self._told)

    def note(self, name: Any) -> list[Delta]:
        """Return a delta if `name` is news."""
        if not isinstance(name, str) or name in ("", self._told):
            return []
        self._told = name
        return [Delta(note={"served_model": name})]


class Citations:
    """What an answer cites: each source once, told when its choice ends, so that none of them cuts the answer in two."""

    __slots__ = ("_held", "_told")

    def __init__(self) -> None:
        self._held: dict[str, Delta] = {}
        self._told: set[str] = set()

    def add(self, url: Any, title: Any = None, quote: Any = None) -> None:
        """Hold a source; one without an address is known by its title."""
        key = text(url) or text(title)
        if not key or key in self._held or key in self._told:
            return
        meta: dict[str, MetaValue] = {n: t for n, t in (("title", text(title)), ("quote", text(quote))) if t and t != key}
        self._held[key] = Delta("source", key, final=True, meta=meta or None)

    def add_all(self, entries: Any) -> None:
        """Hold the sources of a list whose entries are addresses or objects with url and title."""
        for entry in entries if isinstance(entries, list) else ():
            found = obj(entry)
            found = obj(found.get("url_citation")) or found
            self.add(entry if isinstance(entry, str) else found.get("url"), found.get("title"), found.get("cited_text"))

    def release(self, choice: int = 0) -> list[Delta]:
        """Return the sources held, as sections of `choice`."""
        held, self._held = self._held, {}
        self._told |= held.keys()
        return [replace(delta, choice=choice) for delta in held.values()]


def file(data: Any, media_type: Any = None, *, name: Any = None, choice: int = 0) -> Delta:
    """Return a file of the answer: a line that says what it is; where it stands, or its base64, in the meta.

    `data` is an address (also ``data:``) or base64.
    """
    data, kind = text(data), text(media_type)
    meta: dict[str, MetaValue] = {"name": text(name)} if text(name) else {}
    if data.startswith("data:"):
        head, _, data = data.partition(",")
        kind = kind or head[5:].partition(";")[0]
        meta["data"] = data
    elif "://" in data[:16]:
        meta["url"] = data
    elif data:
        meta["data"] = data
    if kind:
        meta["media_type"] = kind
    size = f"{len(data) * 3 // 4:,} bytes" if "data" in meta else data
    return Delta("file", " · ".join(filter(None, (text(name), kind, size))), choice=choice, final=True, meta=meta)


def result(body: Any, call: Any = None, name: Any = None, *, bad: bool = False) -> Delta:
    """Return what a tool that the provider ran gave back; `body` is text or a JSON value, `call` the id of the tool call."""
    said = body if isinstance(body, str) else dumps(body)
    own, given = text(call) or None, text(name) or None
    return Delta("result", said, id=own, name=given, final=True, meta={"state": "bad" if bad else "ok"})
