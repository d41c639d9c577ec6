"""The protocol: deltas from a source, six verbs to everyone else, and the frames that carry them.

Belongs here: the shapes. Does not belong here: their wire form and the rules that can be checked on one event alone (`_codec`),
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

Errors, in the order in which they are checked: `unknown-op`, `bad-field` (codec); `ended`, `no-section`, `closed-section` (the
fold). A refused event changes nothing. The same codes stand in `js/src/errors.ts`.

The digest of a transcript is FNV-1a, 32 bit (http://www.isthe.com/chongo/tech/comp/fnv/, draft-eastlake-fnv), over the UTF-8 of
each section's kind, NUL, text, NUL, in order. It finds lost text, it is no protection against an adversary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

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
