"""The demo itself: which path answers what, and at which pace.

Belongs here: routing and pace. Does not belong here: wire formats (`formats`), texts (`scripts`), connections (`server`).
"""

from __future__ import annotations

import asyncio

from nbstream.demo.answer import Answer
from nbstream.demo.formats import Ask, Format, format_of
from nbstream.demo.formats.shape import Json, dumps
from nbstream.demo.http import Request, Response
from nbstream.demo.scripts import answer
from nbstream.demo.server import Server

CHUNKS_PER_SECOND = 45.0
FIRST_TOKEN_SECONDS = 0.4
MODEL = "demo"


class DemoServer(Server):
    """The demo on a loop that is given: `await DemoServer().start()`, then `.url`."""

    def __init__(self) -> None:
        super().__init__(respond)


async def respond(request: Request, response: Response) -> None:
    """Answer one request."""
    found = format_of(request.path)
    if found is None:
        await _other(request, response)
        return
    try:
        body = read_body(request)
    except ValueError as error:
        await refuse(response, found, 400, str(error), "bad_request")
        return
    ask = found.ask(request.path, body)
    said = answer(ask).limited(ask.max_tokens)
    if ask.stream:
        await _stream(response, found, ask, said)
    else:
        await asyncio.sleep(FIRST_TOKEN_SECONDS)
        await response.whole(200, "application/json", dumps(found.reply(said, ask)))


def read_body(request: Request) -> Json:
    """Return the JSON object that the request carries.

    Raises:
        ValueError: it is no POST, or carries something else.
    """
    if request.method != "POST":
        raise ValueError(f"use POST here, not {request.method}")
    try:
        body = request.json
    except ValueError:
        raise ValueError("the body is no JSON") from None
    if not isinstance(body, dict):
        raise ValueError("the body is no JSON object")
    return body


async def refuse(response: Response, found: Format, status: int, message: str, code: str) -> None:
    """Send an error response in the shape of the format."""
    await response.whole(status, "application/json", dumps(found.error(status, message, code)))


async def _stream(response: Response, found: Format, ask: Ask, said: Answer) -> None:
    await response.start(200, {"content-type": found.content_type, "cache-control": "no-store"})
    await asyncio.sleep(FIRST_TOKEN_SECONDS)
    for chunk in found.stream(said, ask, True):
        await response.send(chunk)
        await asyncio.sleep(1 / CHUNKS_PER_SECOND)
    await response.finish()


async def _other(request: Request, response: Response) -> None:
    """What is no question: the list of models, and a word for who looks in with a browser."""
    path = request.path.partition("?")[0].rstrip("/")
    model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "nbstream"}
    if path.endswith("/models"):
        await response.whole(200, "application/json", dumps({"object": "list", "data": [model]}))
    elif path.endswith(f"/models/{MODEL}"):
        await response.whole(200, "application/json", dumps(model))
    elif path == "":
        await response.whole(200, "text/plain; charset=utf-8", b"The demo model of nbstream. Its answers are scripted.\n")
    else:
        problem = {"message": f"nothing answers on {path}", "type": "invalid_request_error", "code": "not_found"}
        await response.whole(404, "application/json", dumps({"error": problem}))
