"""A FastAPI application that sends streams, under uvicorn on a port of this machine.

Belongs here: the application of the documentation's page, run for real. Does not belong here: what must hold for it.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Header
from fastapi.responses import HTMLResponse, StreamingResponse
from sse_starlette import EventSourceResponse

import nbstream as nb
from nbstream._stream import Stream

CONTENT = "It rains in Köln 🌧,\nall day long.\n\n" * 6
PAGE = """<!doctype html><meta charset="utf-8"><title>stream</title><pre id="out"></pre><script>
async function read(path) {
  const response = await fetch(path, { method: 'POST' })
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  const out = document.getElementById('out')
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return 'cut'
    const events = (rest + value).split('\\n\\n')
    rest = events.pop()
    for (const event of events) {
      if (!event.startsWith('data: ')) continue
      const data = event.slice(6)
      if (data === '[DONE]') return 'done'
      out.textContent += JSON.parse(data).content ?? ''
    }
  }
}
</script>"""


def make(made: list[Stream]) -> FastAPI:
    """The application; the streams that it makes are added to `made`."""
    app = FastAPI()

    def answer(rate: float | None = None) -> Stream:
        source = nb.fake(CONTENT, thinking="Hm.", rate=rate, ttft=0)
        made.append(nb.display_stream(source, display=False, wait=False))
        return made[-1]

    @app.get("/", response_class=HTMLResponse)
    async def page() -> str:
        return PAGE

    @app.post("/chat")
    async def chat(rate: float | None = None) -> StreamingResponse:
        body = nb.to_sse(answer(rate), form="data")
        return StreamingResponse(body, headers=body.headers)

    @app.post("/ui")
    async def ui() -> StreamingResponse:
        body = nb.to_sse(answer(), form="ui")
        return StreamingResponse(body, headers=body.headers)

    @app.get("/events")
    async def events(last_event_id: Annotated[str | None, Header()] = None) -> StreamingResponse:
        stream = made[0] if made else answer()  # one stream, which a client may resume
        body = nb.to_sse(stream, last_id=last_event_id)
        return StreamingResponse(body, headers=body.headers)

    @app.get("/starlette")
    async def starlette(form: Any = "own") -> EventSourceResponse:
        return EventSourceResponse(nb.to_sse(answer(), form=form))

    return app


@contextmanager
def running(made: list[Stream]) -> Iterator[str]:
    """Run the application; the value is its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make(made), log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
        for stream in made:
            stream.stop()
            stream.wait(10)
