"""Who reads which stream: a second reader would take every other item from the first.

Belongs here: the note of what is being read. Does not belong here: what lies beneath an object (`_shapes`), pulling.
"""

from __future__ import annotations

import weakref
from typing import Any

from nbstream.sources import _shapes

_taken: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()


def take(x: Any) -> None:
    """Note that `x` is being read.

    Raises:
        ValueError: it has been read before, or somebody is reading it.
    """
    name = type(x).__name__
    if _shapes.spent(x):
        raise ValueError(
            f"this {name} is exhausted or closed; a stream can be read once. Make the call again, or pass a function that makes"
            " it"
        )
    if not _shapes.once(x):
        return
    parts = _shapes.beneath(x)
    if any(id(part) in _taken for part in parts):
        raise ValueError(
            f"this {name} is already shown; a stream can be read once. Keep the handle, s = nb.display_stream(…), and"
            " display(s) for a second view"
        )
    for part in parts:
        try:
            _taken[id(part)] = part
        except TypeError:
            continue  # what cannot be referred to weakly, such as the iterator of a list
