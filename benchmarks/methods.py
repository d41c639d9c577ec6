"""The ways to show a stream that are compared, as code of a notebook's cells, each as its documentation shows it.

Belongs here: what each way does with one token. Does not belong here: how it is measured (see `stage`).

Every way gets the same tokens at the same rate. Those that are fed by a loop run in a plain cell, as most people write it; but
Panel, which shows nothing before such a cell has ended, in an asyncio task. `sent` notes when each token was handed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_PREPARE: Final = """
import asyncio, os, sys, time
sys.path.insert(0, {root!r})
from benchmarks import corpus
tokens, markers = corpus.make({tokens})
sent = []

def paced(rate):
    start = time.monotonic()
    for number, token in enumerate(tokens):
        pause = start + number / rate - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        sent.append(time.time())
        yield token
"""

_OURS: Final = """
streams = [nb.display_stream(nb.fake(tokens, rate={rate}, ttft=0), render={render!r}) for _ in range({panes})]
"""

_OURS_SENT: Final = """
def times(s):
    begun = time.time() - s._run.elapsed()
    return [begun + e.t for e in s.events() if e.type == 'append' and e.kind == 'content']
"""


@dataclass(frozen=True)
class Method:
    """One way.

    Attributes:
        name: what it is called in the table.
        prepare, run: the code of the first cell, which is not measured, and of the second, which is.
        selector: CSS of the element that holds the text.
        markdown: whether it renders Markdown.
        times: an expression: for each pane, when each token was handed over (seconds of the wall clock).
        needs: packages that must be there.
    """

    name: str
    prepare: str
    run: str
    selector: str
    markdown: bool = True
    times: str = "[sent]"
    needs: tuple[str, ...] = ()

    def cells(self, root: str, tokens: int, rate: float, panes: int = 1) -> tuple[str, str]:
        """The two cells for so many tokens at `rate` tokens a second."""
        return _PREPARE.format(root=root, tokens=tokens) + self.prepare, self.run.format(rate=rate, panes=panes)


def ours(render: str) -> Method:
    """nbstream itself, with its own scripted source."""
    return Method(
        f'nbstream, render="{render}"',
        "import nbstream as nb\n" + _OURS_SENT,
        _OURS.replace("{render!r}", repr(render)),
        '[data-part="body"]',
        render == "markdown",
        "[times(s) for s in streams]",
    )


IDLE: Final = Method(
    "nothing shown",
    "",
    "for token in paced({rate}): pass",
    "",
    markdown=False,
)

PRINT: Final = Method(
    "`print(flush=True)`",
    "",
    "for token in paced({rate}): print(token, end='', flush=True)",
    ".jp-OutputArea-output",
    markdown=False,
)

UPDATE: Final = Method(
    "`update_display(Markdown)`",
    "from IPython.display import Markdown, display, update_display",
    """
text = ""
display(Markdown(text), display_id="answer")
for token in paced({rate}):
    text += token
    update_display(Markdown(text), display_id="answer")
""",
    ".jp-OutputArea-output.jp-RenderedMarkdown",
)

HTML: Final = Method(
    "ipywidgets `HTML`",
    "import ipywidgets\nfrom IPython.display import display\nfrom markdown_it import MarkdownIt\nrenderer = MarkdownIt()",
    """
text, shown = "", ipywidgets.HTML()
display(shown)
for token in paced({rate}):
    text += token
    shown.value = renderer.render(text)
""",
    ".jp-OutputArea .widget-html-content",
    needs=("ipywidgets", "markdown_it"),
)

PANEL: Final = Method(
    "Panel `ChatMessage`",
    "import panel as pn\nfrom IPython.display import display\npn.extension()",
    """
message = pn.chat.ChatMessage("... ", user="model", sizing_mode="stretch_width")
display(pn.Row(message, sizing_mode="stretch_width"))
async def feed():
    await asyncio.sleep(2)  # until its page has opened its comm, before which it sends nothing
    start = time.monotonic()
    for number, token in enumerate(tokens):
        pause = start + number / {rate} - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        sent.append(time.time())
        message.stream(token)
task = asyncio.get_running_loop().create_task(feed())
""",
    ".message, .chat-message .content",
    needs=("panel",),
)

ALL: Final = (IDLE, ours("markdown"), ours("text"), PRINT, UPDATE, HTML, PANEL)
