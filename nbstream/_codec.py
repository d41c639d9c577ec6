"""The codec: events to their wire form and back.

Belongs here: both ways, frames, and the rules that can be checked on one event alone. Does not belong here: what the fields
mean (`_events`), rules that need the events before it (`_transcript`). An event is decoded or refused, never mended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from nbstream._errors import ProtocolError
from nbstream._events import (
    SAFE_INTEGER,
    STATUSES,
    VERSION,
    Amend,
    Append,
    Close,
    End,
    Event,
    MetaValue,
    Note,
    Open,
    Wire,
)

_FIELDS: Final = {verb: tuple(f.name for f in fields(verb) if f.init) for verb in (Open, Append, Amend, Close, Note, End)}


def encode(event: Event) -> Wire:
    """Return the wire form of `event`: a JSON object without nulls."""
    if type(event) is Append:  # nearly all are
        return {"op": "append", "at": event.at, "text": event.text}
    wire: Wire = {"op": event.op}
    for name in _FIELDS[type(event)]:
        value = getattr(event, name)
        if value is not None:
            wire[name] = dict(value) if isinstance(value, Mapping) else value
    return wire


def decode(wire: object) -> Event:
    """Return the event that `wire` is the form of.

    Raises:
        ProtocolError: `unknown-op`, or `bad-field` for a missing field, a wrong type, a null, a lone surrogate.
    """
    if not isinstance(wire, Mapping):
        raise _bad("an event is not an object")
    match wire.get("op"):
        case "open":
            return Open(_text(wire, "kind"), _meta(wire["meta"]) if "meta" in wire else None)
        case "append":
            return Append(_integer(wire, "at"), _text(wire, "text"))
        case "amend":
            return Amend(_integer(wire, "at"), _meta(wire.get("meta")))
        case "close":
            return Close(_integer(wire, "at"))
        case "note":
            return Note(_meta(wire.get("meta")))
        case "end":
            return decode_end(wire)
    raise ProtocolError(f"the verb {wire.get('op')!r} is not one of the six", code="unknown-op")


def frame(run: str, first: int, last: int, events: Iterable[Event]) -> Wire:
    """Return the wire form of a frame that carries the numbers `first` to `last` of `run`."""
    return {"v": VERSION, "run": run, "from": first, "to": last, "events": [encode(e) for e in events]}


def check_meta(meta: Mapping[str, Any]) -> None:
    """Raise `ProtocolError` (`bad-field`) unless `meta` is flat and holds text, booleans and safe integers only."""
    for key, value in meta.items():
        if not isinstance(key, str):
            raise _bad(f"a key of meta is {type(key).__name__}, not text")
        well_formed(key)
        if isinstance(value, str):
            well_formed(value)
        elif not isinstance(value, int) or abs(value) > SAFE_INTEGER:
            raise _bad(f"meta {key!r} is neither text, boolean nor a safe integer")


def well_formed(text: str) -> str:
    """Return `text`; raise `ProtocolError` (`bad-field`) if it holds a lone surrogate, which UTF-8 cannot carry."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _bad("the text holds a lone surrogate") from None
    return text


def decode_end(wire: Mapping[str, Any]) -> End:
    """Return the end whose fields are in `wire`, as a snapshot has them; raise `ProtocolError` (`bad-field`)."""
    status = _text(wire, "status")
    if status not in STATUSES:
        raise _bad(f"{status!r} is no status of an end")
    return End(
        status,
        _text(wire, "reason") if "reason" in wire else None,
        _texts(wire["error"]) if "error" in wire else None,
        _integer(wire, "sections") if "sections" in wire else None,
        _integer(wire, "digest") if "digest" in wire else None,
    )


def _text(wire: Mapping[str, Any], name: str) -> str:
    value = wire.get(name)
    if not isinstance(value, str):
        raise _bad(f"`{name}` is not text")
    return well_formed(value)


def _integer(wire: Mapping[str, Any], name: str) -> int:
    value = wire.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > SAFE_INTEGER:
        raise _bad(f"`{name}` is not a safe integer")
    return value


def _meta(value: object) -> dict[str, MetaValue]:
    if not isinstance(value, Mapping):
        raise _bad("`meta` is not an object")
    check_meta(value)
    return dict(value)


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
        raise _bad("`error` is not an object of texts")
    check_meta(value)
    return dict(value)


def _bad(message: str) -> ProtocolError:
    return ProtocolError(message, code="bad-field")
