"""The protocol: deltas from a source, six verbs to everyone else, and the frames that carry them.

Belongs here: the shapes, their wire form (codec) and the rules that can be checked on one event alone. Does not belong here:
rules that need the events before it (`_transcript`), boundaries (`_sections`), cadence (`_outbox`).

A **delta** is what a source yields: a piece of provider text and what the provider said about it. The sectioner turns deltas
into **events**; the transcript numbers them (`seq`, from 1) and folds them; adjacent appends may be merged into one event that
stands for several numbers; a **frame** carries a run of consecutive numbers over the comm:

    {"v": 1, "run": "9f2c41d0", "from": 5, "to": 9, "events": [{"op": "append", "at": 1, "text": "…"}, …]}

| op       | fields                                        | meaning                                                        |
|----------|-----------------------------------------------|----------------------------------------------------------------|
| `open`   | kind, meta?                                   | a new section at index = number of sections so far             |
| `append` | at, text                                      | grow the text of an open section (tool: its raw argument JSON) |
| `amend`  | at, meta                                      | shallow-merge section meta, also after close (a late citation) |
| `close`  | at                                            | the section's text is final                                    |
| `note`   | meta                                          | shallow-merge stream meta (model, usage, cost, metrics, phase) |
| `end`    | status, reason?, error?, sections?, digest?   | done, stopped, truncated, error; closes all; nothing follows   |

Wire rules: there is no null, an absent field is the only "no value"; meta is a flat object whose values are text, booleans
and integers within ±(2^53 - 1), the unit in the name (`ttft_us`, `cost_nanousd`); text holds no lone surrogate; `error` is
`{code, message, hint}`, all text. Section kinds are open (thinking, content, tool, result, source, file, object, error; a
reader shows one that it does not know as text); the verbs are closed. Unknown fields of a known verb are ignored, so that a
newer kernel may say more to an older view.

Meta of a section, where it is known: `choice` (from 1), `step` (from 2: a model was called anew), `duration_us`; tool and
result `id`, `name`, `state` (input, ready, ask, run, ok, bad, denied), `approval` (the question's id); thinking `signature`,
`redacted`, `encrypted` (opaque, for the next call), content `signature`, `refusal`; source (its text is the address) `title`,
`quote`; file `name`, `media_type`, `url` or `data` (base64); object `name`; error `code`, `hint`. Unknown keys are kept.

Errors, in the order in which they are checked: `unknown-op`, `bad-field` (here); `ended`, `no-section`, `closed-section` (the
fold). A refused event changes nothing. The same codes stand in `js/src/events.ts`.

The digest of a transcript is FNV-1a, 32 bit (http://www.isthe.com/chongo/tech/comp/fnv/, draft-eastlake-fnv), over the UTF-8 of
each section's kind, NUL, text, NUL, in order. It finds lost text, it is no protection against an adversary.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeAlias

from nbstream._errors import ProtocolError

VERSION: Final = 1
"""The wire version: a view refuses a frame with a higher one and asks its reader to reload."""

MetaValue: TypeAlias = "str | bool | int"
Meta: TypeAlias = "Mapping[str, MetaValue]"
Wire: TypeAlias = "dict[str, Any]"

STATUSES: Final = ("done", "stopped", "truncated", "error")
SAFE_INTEGER: Final = 2**53 - 1


@dataclass(slots=True)  # not frozen, which costs five times as much, once a chunk
class Delta:
    """One piece of a provider's stream, as a source yields it; who has been given one does not change it.

    Attributes:
        kind: the section kind that `text` belongs to; ``""`` where there is no text (usage, finish reason); ``"phase"`` tells
            what the source is doing before the first piece (text: ``loading`` or ``waiting``); ``"result"`` is what a tool call
            gave back, ``"state"`` more of its meta, found by `id`, else by `name`; ``"step"``: a model is called anew.
        text: text as received, which may hold lone surrogates (the sectioner repairs them).
        choice: index of the choice, for n > 1.
        index, id, name: of the tool call; index None where the provider gave none, id and name whole or in pieces.
        final: the provider said that this section is complete, or, where `kind` is ``""``, the whole stream.
        meta: goes into the section's meta (a signature, a media type).
        note: goes into the stream's meta (the model's full name).
        usage: token counts and cost: input_tokens, output_tokens, reasoning_tokens, cached_tokens, cost_nanousd.
        finish_reason: in OpenAI's words.
        raw: the provider's chunk, opaque.
    """

    kind: str = ""
    text: str = ""
    choice: int = 0
    index: int | None = None
    id: str | None = None
    name: str | None = None
    final: bool = False
    meta: Meta | None = None
    note: Meta | None = None
    usage: Mapping[str, int] | None = None
    finish_reason: str | None = None
    raw: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Open:
    """A new section."""

    kind: str
    meta: Meta | None = None
    op: str = field(default="open", init=False)


@dataclass(frozen=True, slots=True)
class Append:
    """More text of an open section."""

    at: int
    text: str
    op: str = field(default="append", init=False)


@dataclass(frozen=True, slots=True)
class Amend:
    """More meta of a section, open or closed."""

    at: int
    meta: Meta
    op: str = field(default="amend", init=False)


@dataclass(frozen=True, slots=True)
class Close:
    """The text of the section is final."""

    at: int
    op: str = field(default="close", init=False)


@dataclass(frozen=True, slots=True)
class Note:
    """More meta of the stream."""

    meta: Meta
    op: str = field(default="note", init=False)


@dataclass(frozen=True, slots=True)
class End:
    """The one end of a run. `reason` is the finish reason (done) or who stopped it (stopped)."""

    status: str
    reason: str | None = None
    error: Mapping[str, str] | None = None
    sections: int | None = None
    digest: int | None = None
    op: str = field(default="end", init=False)


Event: TypeAlias = Open | Append | Amend | Close | Note | End

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
