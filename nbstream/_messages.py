"""The messages of a request, from what a caller calls the prompt.

Belongs here: checking and joining them, how the prompt is shown. Does not belong here: what images and files become
(`_attachments`), sending (`sources/`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nbstream._attachments import attached
from nbstream._text import repaired

SHOWN: Final = 10_000
"""How many characters of the prompt are shown; the request holds all of it."""


def messages_of(
    prompt: object, system: object, images: object = None, files: object = None
) -> tuple[list[dict[str, Any]], str]:
    """Return the messages of a request, and the prompt as it is shown.

    Raises:
        TypeError, ValueError, FileNotFoundError: an argument is wrong.
    """
    if system is not None and not isinstance(system, str):
        raise TypeError(f"system is {type(system).__name__}; give a string")
    first = [] if system is None else [{"role": "system", "content": system}]
    plain = [*first, *_listed(prompt)]
    messages, names = attached(plain, images, files)
    shown = [_said(plain), *(f"[{name}]" for name in names)]
    return messages, _clipped(repaired("\n".join(filter(None, shown))))


def _listed(prompt: object) -> list[dict[str, Any]]:
    if isinstance(prompt, str):
        if not prompt.strip():
            raise ValueError("the prompt is empty; ask something")
        return [{"role": "user", "content": prompt}]
    if not isinstance(prompt, Sequence) or isinstance(prompt, bytes | bytearray):
        raise TypeError(f"the prompt is {type(prompt).__name__}; give a string or a list of messages")
    if not prompt:
        raise ValueError("the list of messages is empty; give at least one, such as {'role': 'user', 'content': 'Hello'}")
    for number, message in enumerate(prompt):
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
            raise TypeError(f"message {number} has no role; give mappings such as {{'role': 'user', 'content': 'Hello'}}")
    return [dict(message) for message in prompt]


def _said(messages: Sequence[Mapping[str, Any]]) -> str:
    """The text of the user's last message; its images and files by name."""
    content = next((m.get("content") for m in reversed(messages) if m["role"] == "user"), "")
    if isinstance(content, Sequence) and not isinstance(content, str):
        return "\n".join(filter(None, (_part(part) for part in content if isinstance(part, Mapping))))
    return str(content or "")


def _part(part: Mapping[str, Any]) -> str:
    if part.get("type") == "text":
        return str(part.get("text", ""))
    file = part.get("file")
    name = file.get("filename") if isinstance(file, Mapping) else None
    return f"[{' '.join(filter(None, (str(part.get('type', '')).removesuffix('_url'), name)))}]"


def _clipped(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
