"""The Python fold against the vectors that both languages read (`tests/vectors/README.md`).

Belongs here: reading them and saying what differs; `js/test/conformance.ts` does the same. Does not belong here: cases. Run as
a program it says so on its own, which is what the mutation script needs; `--lines` prints the walk.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeAlias

from nbstream._codec import decode, encode
from nbstream._digest import digest
from nbstream._errors import ProtocolError
from nbstream._events import Append, Event, Open
from nbstream._transcript import Transcript

VECTORS: Final = Path(__file__).parent / "vectors"
DEPTH: Final = 4

Letter: TypeAlias = "tuple[str, Event | None, str]"
"""A name, and the event that it decodes to or the code of its refusal."""


def load(name: str) -> list[dict[str, Any]]:
    """Return the items of one file of vectors."""
    items: list[dict[str, Any]] = json.loads((VECTORS / name).read_text("utf-8"))
    return items


def canonical(value: Any) -> str:
    """Return the one JSON text of `value`."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def check_fold(case: dict[str, Any]) -> None:
    """Raise `AssertionError` unless the steps of `case` give its state."""
    transcript = Transcript()
    for step in case["steps"]:
        assert outcome(transcript, step["event"]) == step.get("code", "ok"), step
    assert canonical(transcript.snapshot()) == canonical(case["state"])
    assert canonical(Transcript.from_snapshot(case["state"]).snapshot()) == canonical(case["state"])


def check_codec(case: dict[str, Any]) -> None:
    """Raise `AssertionError` unless the wire form of `case` is decoded or refused as it says."""
    result: dict[str, Any]
    try:
        result = {"event": encode(decode(case["wire"]))}
    except ProtocolError as error:
        result = {"code": error.code}
    assert canonical(result) == canonical({key: case[key] for key in ("event", "code") if key in case})


def check_digest(case: dict[str, Any]) -> None:
    """Raise `AssertionError` unless the sections of `case` have its digest."""
    transcript = Transcript()
    for at, section in enumerate(case["sections"]):
        transcript.apply(Open(section["kind"]))
        transcript.apply(Append(at, section["text"]))
    assert digest(transcript.sections) == case["digest"]


def outcome(transcript: Transcript, wire: Any) -> str:
    """Decode and apply; return `ok` or the code of the refusal."""
    try:
        transcript.apply(decode(wire))
    except ProtocolError as error:
        return error.code
    return "ok"


def alphabet() -> list[Letter]:
    """Return the letters, decoded once."""
    letters: list[Letter] = []
    for item in load("alphabet.json"):
        try:
            letters.append((item["name"], decode(item["event"]), "ok"))
        except ProtocolError as error:
            letters.append((item["name"], None, error.code))
    return letters


def take(transcript: Transcript, letter: Letter) -> str:
    _, event, code = letter
    if event is not None:
        try:
            transcript.apply(event)
        except ProtocolError as error:
            return error.code
    return code


def walk(depth: int = DEPTH) -> Iterator[str]:
    """Yield the line of every sequence of at most `depth` letters."""
    letters = alphabet()

    def visit(path: tuple[Letter, ...], before: dict[str, Any]) -> Iterator[str]:
        transcript, last = Transcript(), "ok"
        for letter in path:
            last = take(transcript, letter)
            for section in transcript.sections:
                _ = section.text
        state = transcript.snapshot()
        if path:
            restored = Transcript.from_snapshot(before)
            if take(restored, path[-1]) != last or restored.snapshot() != state:
                last += "!"
        yield f"{' '.join(letter[0] for letter in path)}|{last}|{canonical(state)}\n"
        if len(path) < depth:
            for letter in letters:
                yield from visit((*path, letter), state)

    return visit((), {})


def sha(lines: Iterable[str]) -> str:
    """Return the SHA-256 of `lines`."""
    total = sha256()
    for line in lines:
        total.update(line.encode())
    return total.hexdigest()


def committed() -> str:
    """Return the digest that both languages must give."""
    return (VECTORS / "walk.sha256").read_text().strip()


CHECKS: Final = {"fold.json": check_fold, "codec.json": check_codec, "digest.json": check_digest}


def difference() -> str:
    """Return what differs first, nothing where all agrees."""
    where = ""
    try:
        for name, check in CHECKS.items():
            for number, case in enumerate(load(name), 1):
                where = f"{name}, item {number}, {case.get('name', '')}"
                check(case)
        where = "the walk"
        return "" if sha(walk()) == committed() else "the walk: another digest"
    except Exception as error:  # noqa: BLE001  # reason: a mutated fold may raise anything, and any of it is a difference
        return f"{where}: {error!r}"


if __name__ == "__main__":
    if "--lines" in sys.argv:
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # reason: it is a text stream here
        sys.stdout.writelines(walk())
    else:
        sys.exit(difference() or 0)
