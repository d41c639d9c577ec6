"""A notebook that a program executes: the file holds whole answers, whatever feeds them.

Belongs here: streams that end after their cell's code has. Does not belong here: push mode (`test_push`).
"""

from __future__ import annotations

import pytest

from e2e.test_push import execute
from provider import Answer, FakeProvider

MAKE = """
import asyncio, openai, nbstream as nb
client = openai.AsyncOpenAI(base_url={base!r}, api_key="k")

async def paced():
    for n in range(9):
        await asyncio.sleep(0.01)
        yield f"paced{{n}} "

async def blocking():
    sync = openai.OpenAI(base_url={base!r}, api_key="k")
    for chunk in sync.chat.completions.create(model="headless-c", messages=[], stream=True):
        yield chunk.choices[0].delta.content or "" if chunk.choices else ""
"""
SHOW = """
a = nb.display_stream(await client.chat.completions.create(model="headless-a", messages=[], stream=True))
b = nb.display_stream(paced())
c = nb.display_stream(blocking())
"""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of zmq and the client, on their own
def test_async_objects_of_the_kernels_own_loop_are_saved_whole(provider: FakeProvider) -> None:
    """The cell ends before the streams that its own loop feeds, and the last cell is the end of the kernel."""
    answer = Answer.of([f"word{n} " for n in range(9)])
    for name in ("headless-a", "headless-c"):
        provider.script(name, answer, rate=50)
    _, first, between, last = execute(
        MAKE.format(base=provider.base("openai")),
        SHOW,
        "await asyncio.sleep(0)\nprint(a.status, b.status, c.status, asyncio.current_task() is not None)",
        SHOW,
    )
    assert between.strip() == "done done done True"
    for shown in (first, last):
        assert shown.count("word8") == 2
        assert shown.count("paced8") == 1
