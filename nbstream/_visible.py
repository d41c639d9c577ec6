"""What a text may do to its reader: control and invisible characters are made visible.

Belongs here: the characters that hide text, reorder it, or steer a terminal, and what is shown in their place. Does not belong
here: escaping for html (`_inline_html`), the exact text, which keeps every character (`s.content`, `to_markdown`).

Line ends of every kind become a newline: a lone carriage return would overwrite its line in a terminal. A control character
becomes its control picture (ESC: ␛), so that what follows it stays plain text. Bidirectional overrides, zero-width and tag
characters become `[U+202E]`, a run of them `[12 hidden characters]`. What ordinary writing needs stays: joiners in emoji and in
Indic and Persian words, direction marks, single variation selectors, the flags that are spelt with tag characters.
"""

from __future__ import annotations

import re
from typing import Final

# Flags of regions (a black flag, tags, a cancel tag) come first, so that the run of hidden characters does not take their tags.
_FLAG: Final = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,8}\U000e007f"
_NOTABLE = re.compile(
    f"""(?x)
    (?P<keep> {_FLAG} )
    | (?P<line> \\r\\n? | [\x85\u2028\u2029] )
    | (?P<control> [\x00-\x08\x0b\x0c\x0e-\x1f\x7f] )
    | (?P<hidden> (?: [\x80-\x84\x86-\x9f\xad\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]
                    | [\ufe00-\ufe0f\U000e0100-\U000e01ef]{{2,}} | [\u200c\u200d]{{2,}} )+ )
    | (?P<none> [\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff] )
    """
)
_UNFINISHED = re.compile("(?:\r|\U0001f3f4[\U000e0000-\U000e007f]{0,8})\\Z")


def reveal(text: str) -> str:
    """Return `text` with newline as the only line end and every control or invisible character made visible."""
    return _NOTABLE.sub(_shown, text)


class Revealer:
    """`reveal` for text that arrives in pieces: a line end or a flag may be cut between two."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Return what is certain now."""
        text = self._held + text
        unfinished = _UNFINISHED.search(text, max(0, len(text) - 9))
        self._held = unfinished[0] if unfinished else ""
        return reveal(text[: len(text) - len(self._held)])

    def flush(self) -> str:
        """Return what was held: nothing more will come."""
        held, self._held = self._held, ""
        return reveal(held)


def _shown(match: re.Match[str]) -> str:
    text = match[0]
    match match.lastgroup:
        case "line":
            return "\n"
        case "control":
            return "␡" if text == "\x7f" else chr(0x2400 + ord(text))
        case "hidden":
            return f"[U+{ord(text):04X}]" if len(text) == 1 else f"[{len(text)} hidden characters]"
        case "none":
            return "\ufffd"
        case _:
            return text
