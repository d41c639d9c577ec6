"""How JSON is read that arrives piece by piece: one step for each state, and what a whole value does.

Belongs here: what a character means where. Does not belong here: what is remembered (`_json_machine`), what a user calls
(`_partial_json`).

Each character is read once, whatever the pieces. What `json.loads` accepts is accepted, and no more.
"""

from __future__ import annotations

import re
from typing import Any, Final

from nbstream._json_machine import Machine, Step

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f]*')
_BARE: Final = re.compile(r"[-+.0-9A-Za-z]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_HEX: Final = re.compile(r"[0-9A-Fa-f]{4}")
_ESCAPES: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: Final = {"true": True, "false": False, "null": None}
_NO_NUMBERS: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class Bad(Exception):
    """What is wrong, and at which character of the piece."""


def read(machine: Machine, text: str) -> None:
    """Read a piece; raise `Bad` at the first character that cannot be."""
    at, end = 0, len(text)
    while at < end:
        at = machine.step(machine, text, at)


def finish(machine: Machine) -> None:
    """There is no more; raise `Bad` where there should be."""
    at_top = len(machine.stack) == 1
    if machine.step is _bare and at_top:
        _end_bare(machine, 0)
    at_start = at_top and machine.step in (first, _value)
    if machine.step is after_all or (machine.lines and at_start):
        return
    raise Bad("There is no JSON" if at_start else "The JSON ends too early", 0)


def _complete(machine: Machine, value: Any) -> None:
    """The value at the current place is whole."""
    machine.done.append((machine.path(), value))
    if len(machine.stack) > 1:
        machine.step = _after
    elif machine.lines:
        machine.key += 1
        machine.step = _value
    else:
        machine.step = after_all


def _open(machine: Machine, container: Any, at: int) -> None:
    if len(machine.stack) > machine.depth:
        raise Bad(f"More than {machine.depth:,} open containers", at)
    machine.put(container)
    machine.stack.append((container, machine.path()))
    machine.key = 0
    machine.step = _first_inside


def _shut(machine: Machine) -> None:
    container, path = machine.stack.pop()
    # The place of the container in its parent, which the whole value of a document does not have.
    machine.key = path[-1] if path else 0
    _complete(machine, container)


def _end_bare(machine: Machine, at: int) -> None:
    """The number or literal is whole."""
    text = machine.take()
    value: Any
    if text in _WORDS:
        value = _WORDS[text]
    elif text in _NO_NUMBERS and machine.nan:
        value = _NO_NUMBERS[text]
    elif (found := _NUMBER.fullmatch(text)) is None:
        raise Bad(f"{text[:20]!r} is no value", at)
    elif found[1] or found[2]:
        value = float(text)
    else:
        try:
            value = int(text)
        except ValueError:  # Python refuses to read more than some thousand digits
            raise Bad(f"A number of {len(text):,} digits", at) from None
    machine.put(value)
    _complete(machine, value)


def first(machine: Machine, text: str, at: int) -> int:
    """The first character of all."""
    if text[at] == "\ufeff":
        raise Bad("A byte order mark, which is no part of JSON,", at)
    machine.step = _value
    return at


def _value(machine: Machine, text: str, at: int) -> int:
    at = _skip(_SPACE, text, at)
    if at == len(text):
        return at
    match text[at]:
        case '"':
            machine.put("")
            machine.is_key, machine.text = False, True
            machine.step = _string
        case "{":
            _open(machine, {}, at)
        case "[":
            _open(machine, [], at)
        case letter if _BARE.fullmatch(letter):
            machine.step = _bare
            return at
        case other:
            raise Bad(f"A value was expected, not {other!r},", at)
    return at + 1


def _bare(machine: Machine, text: str, at: int) -> int:
    end = _skip(_BARE, text, at)
    machine.parts.append(text[at:end])
    if end < len(text):
        _end_bare(machine, at)
    return end


def _string(machine: Machine, text: str, at: int) -> int:
    if machine.high and text[at] != "\\":
        machine.release()
    end = _skip(_PLAIN, text, at)
    machine.parts.append(text[at:end])
    if end == len(text):
        return end
    if text[end] == "\\":
        machine.step = _escaped
    elif text[end] == '"':
        value = machine.take()
        machine.text = False
        if machine.is_key:
            machine.key = value
            machine.step = _colon
        else:
            machine.put(value)
            _complete(machine, value)
    else:
        raise Bad(f"The control character {text[end]!r} inside a string", end)
    return end + 1


def _escaped(machine: Machine, text: str, at: int) -> int:
    letter = text[at]
    if letter == "u":
        machine.step = _unicode
        return at + 1
    machine.release()
    if letter not in _ESCAPES:
        raise Bad(f"The unknown escape \\{letter}", at)
    machine.parts.append(_ESCAPES[letter])
    machine.step = _string
    return at + 1


def _unicode(machine: Machine, text: str, at: int) -> int:
    end = min(len(text), at + 4 - len(machine.escape))
    machine.escape += text[at:end]
    if len(machine.escape) < 4:
        return end
    digits, machine.escape = machine.escape, ""
    if not _HEX.fullmatch(digits):
        raise Bad("An escape \\u without four hexadecimal digits", at)
    machine.unit(int(digits, 16))
    machine.step = _string
    return end


def _first_inside(machine: Machine, text: str, at: int) -> int:
    """The start of a container: its end, or its first key or item."""
    at = _skip(_SPACE, text, at)
    if at == len(text):
        return at
    mapping = type(machine.stack[-1][0]) is dict
    if text[at] == ("}" if mapping else "]"):
        _shut(machine)
        return at + 1
    machine.step = _next_key if mapping else _value
    return at


def _next_key(machine: Machine, text: str, at: int) -> int:
    machine.is_key = True
    return _expect(machine, text, at, '"', "A key in double quotes", _string)


def _colon(machine: Machine, text: str, at: int) -> int:
    return _expect(machine, text, at, ":", "A colon", _value)


def _after(machine: Machine, text: str, at: int) -> int:
    mapping = type(machine.stack[-1][0]) is dict
    at = _skip(_SPACE, text, at)
    if at == len(text):
        return at
    if text[at] == ",":
        if mapping:
            machine.step = _next_key
        else:
            machine.key += 1
            machine.step = _value
    elif text[at] == ("}" if mapping else "]"):
        _shut(machine)
    else:
        raise Bad(f"A comma or the end of the {'object' if mapping else 'array'} was expected, not {text[at]!r},", at)
    return at + 1


def after_all(machine: Machine, text: str, at: int) -> int:
    """The whole value has come; only white space may follow."""
    at = _skip(_SPACE, text, at)
    if at < len(text):
        raise Bad("More text after the JSON", at)
    return at


def _expect(machine: Machine, text: str, at: int, letter: str, name: str, step: Step) -> int:
    at = _skip(_SPACE, text, at)
    if at == len(text):
        return at
    if text[at] != letter:
        raise Bad(f"{name} was expected, not {text[at]!r},", at)
    machine.step = step
    return at + 1


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return the place behind what `pattern`, which matches anywhere, matches at `at`."""
    found = pattern.match(text, at)
    return found.end() if found else at
