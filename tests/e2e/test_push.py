"""Push mode in a real kernel, without a front-end: what the saved notebook holds.

Belongs here: what differs from a stream that is pulled. Does not belong here: delivery to a browser, which is the same.
"""

from __future__ import annotations

import nbclient
import nbformat
import pytest


def execute(*cells: str) -> list[str]:
    """Run the cells in one kernel, as nbconvert does, and return the text of each cell's outputs."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(book, timeout=90, kernel_name="python3").execute()
    outputs = [cell["outputs"] for cell in book["cells"]]
    return ["\n".join(str(out.get("data", {}).get("text/plain", out.get("text", ""))) for out in outs) for outs in outputs]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of zmq and the client, on their own
def test_a_stream_that_is_pushed_to_is_saved_whole_also_over_several_cells() -> None:
    one, *several = execute(
        "import nbstream as nb\nwith nb.Stream('agent') as s:\n    s.thinking_delta('hm')\n    s.text_delta('in one cell')",
        "t = nb.Stream('over cells')\nt.text_delta('begun ')",
        "t.text_delta('and ended')\nt.finish()",
        "print(t.status, t.content, [r.status for r in nb.runs()])",
    )
    assert "hm" in one
    assert "in one cell" in one
    assert "begun and ended" in several[0]
    assert several[1] == ""
    assert several[2].strip() == "done begun and ended ['done', 'done']"
