"""The widget classes: traits and nothing else.

Belongs here: what is synced, and the bundle that shows it. Does not belong here: any logic (`_view`), the comm (`_comm`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

BUNDLE = Path(__file__).parent / "static" / "widget.js"


def _fixed(name: str) -> Any:
    """A `from_json` that keeps what the kernel set: a view may not write this trait."""
    return lambda _value, widget: getattr(widget, name)


class StreamWidget(anywidget.AnyWidget):
    """The model behind the views of one stream.

    Traits:
        key: names the model in the class of its island and on the control channel.
        cell: the id of the notebook cell that made it, "" where the host gives none.
        snapshot: the whole state, serialised when somebody asks (a reload, a late view): it costs nothing while streaming.
        status: submitted, streaming, done, stopped, truncated or error; not synced.
        seq: the number of the last event; not synced.
    """

    _esm = BUNDLE
    key = traitlets.Unicode().tag(sync=True, from_json=_fixed("key"))
    cell = traitlets.Unicode().tag(sync=True, from_json=_fixed("cell"))
    snapshot = traitlets.Any().tag(sync=True, to_json=lambda state, _widget: state(), from_json=_fixed("snapshot"))
    status = traitlets.Unicode("submitted")
    seq = traitlets.Int(0)
