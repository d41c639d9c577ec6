"""Structured output: the JSON of an answer, and the form that was asked for.

Belongs here: finding the JSON in an answer, `response_format`. Does not belong here: the parser (`_partial_json`), what a
handle offers of it (`_answer`).

Models that were asked for JSON alone put it into a Markdown code fence all the same, often with a sentence before: what the
first fence holds is then the JSON. An answer that begins as JSON begins is JSON from its first character.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from nbstream._errors import InvalidOutput, clip
from nbstream._json_machine import Change
from nbstream._partial_json import PartialJSON

DEPTH: Final = 100
"""How many containers of an answer may be open at once."""

_HEAD: Final = 100
"""So many characters of a line tell whether it opens a fence."""
_OPENS: Final = re.compile(r"[ \t]*(?:```|~~~)")
_SCHEMA_WORDS: Final = {"$defs", "$ref", "allOf", "anyOf", "const", "enum", "items", "oneOf", "properties"}
_SCHEMA_TYPES: Final = {"array", "boolean", "integer", "null", "number", "object", "string"}
_FORMAT_TYPES: Final = {"json_object", "json_schema", "text"}


class Fence:
    """Lets the JSON of an answer through, and nothing around it."""

    def __init__(self) -> None:
        self._state = "before"
        self._held: list[str] = []
        self._head = ""
        self._at_start = True

    def feed(self, text: str) -> str:
        """Return what of `text` is JSON."""
        match self._state:
            case "before":
                return self._before(text)
            case "inside":
                return self._inside(text)
            case "bare":
                return text
            case _:
                return ""

    def finish(self) -> str:
        """Return what was held back, because it might have been prose before a fence."""
        held, self._held = self._held, []
        return "".join(held)

    def _before(self, text: str) -> str:
        if not self._held:
            text = text.lstrip()
            if not text:
                return ""
            if text[0] in '{["-0123456789':
                self._state = "bare"
                return text
        self._held.append(text)
        lines = text.split("\n")
        for number, line in enumerate(lines):
            if number:
                if _OPENS.match(self._head):
                    self._held.clear()
                    self._state = "inside"
                    return self._inside("\n".join(lines[number:]))
                self._head = ""
            self._head = (self._head + line[:_HEAD])[:_HEAD]
        return ""

    def _inside(self, text: str) -> str:
        """No line of JSON begins with a backtick or a tilde: the first that does closes the fence."""
        kept: list[str] = []
        for number, line in enumerate(text.split("\n")):
            if number:
                kept.append("\n")
                self._at_start = True
            if self._at_start and (begin := line.lstrip(" \t")):
                if begin[0] in "`~":
                    self._state = "after"
                    break
                self._at_start = False
            kept.append(line)
        return "".join(kept)


class Structure:
    """The JSON of one answer, from its content deltas."""

    def __init__(self, *, lines: bool = False) -> None:
        """With `lines`, any number of values one after the other."""
        self._fence = Fence()
        self.parser = PartialJSON(lines=lines, depth=DEPTH)

    def feed(self, delta: str) -> list[Change]:
        """Return what `delta` completed."""
        return self.parser.feed(self._fence.feed(delta))

    def end(self) -> list[Change]:
        """The answer is at its end; return what this completed."""
        return self.parser.feed(self._fence.finish()) + self.parser.end()


def json_of(content: str) -> str:
    """Return the JSON text of a whole answer."""
    fence = Fence()
    return fence.feed(content) + fence.finish()


@dataclass(frozen=True, slots=True)
class Form:
    """What an answer shall be.

    Attributes:
        keyword: what goes to the provider as `response_format`.
        model: the pydantic model that the answer is to fit, None where there is none.
    """

    keyword: Any
    model: Any = None

    @property
    def is_json(self) -> bool:
        """Whether the answer is JSON at all."""
        return self.model is not None or self.keyword.get("type") != "text"

    def read(self, content: str) -> Any:
        """Return the value of a whole answer.

        Raises:
            InvalidOutput: it is no JSON, or does not fit the model.
        """
        value = parse(content)
        if self.model is None:
            return value
        try:
            return self.model.model_validate_json(json_of(content))
        except ValueError as invalid:  # pydantic's ValidationError is one
            raise InvalidOutput(f"The answer does not fit {self.model.__name__}: {_faults(invalid)}") from invalid


def parse(content: str) -> Any:
    """Return the JSON value of a whole answer; raise `InvalidOutput` where it is none."""
    structure = Structure()
    structure.feed(content)
    structure.end()
    try:
        return structure.parser.close()
    except ValueError as bad:
        raise InvalidOutput(f"The answer is no JSON: {bad}", code="no_json") from None


def form_of(response_format: object) -> Form | None:
    """Return the form that a `response_format` asks for.

    Raises:
        TypeError, ValueError: it is no dict, JSON schema or pydantic model.
    """
    if response_format is None:
        return None
    if inspect.isclass(response_format) and hasattr(response_format, "model_validate_json"):
        return Form(response_format, response_format)
    if not isinstance(response_format, Mapping):
        what = response_format.__name__ if inspect.isclass(response_format) else type(response_format).__name__
        raise TypeError(
            f"response_format is {what}; give a pydantic model (the class), a JSON schema, or {{'type': 'json_object'}}"
        )
    kind: object = response_format.get("type")
    if not isinstance(kind, list) and kind in _FORMAT_TYPES:
        return Form(dict(response_format))
    if isinstance(kind, list) or kind in _SCHEMA_TYPES or _SCHEMA_WORDS & set(response_format):
        name = re.sub(r"[^A-Za-z0-9_-]+", "_", str(response_format.get("title") or "answer"))[:64]
        return Form({"type": "json_schema", "json_schema": {"name": name, "schema": dict(response_format)}})
    raise ValueError("response_format is neither a JSON schema nor of a known type; give {'type': 'json_object'}, or a schema")


def _faults(invalid: ValueError) -> str:
    errors = getattr(invalid, "errors", None)
    if not callable(errors):
        return clip(str(invalid))
    said = [f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}" for fault in errors()]
    return clip("; ".join(said))
