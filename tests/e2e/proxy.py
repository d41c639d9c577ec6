"""A proxy between browser and Jupyter server that disturbs nbstream's messages, and no others.

Belongs here: the port, HTTP, which lines there are, and when one that was cut is back. Does not belong here: which message is
disturbed (`disruptions`), one line's messages (`line`), what the page makes of it.

Everything else passes as it is: HTTP, other websockets, other messages.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from typing import Any, Final, Self

import aiohttp
from aiohttp import web
from yarl import URL

from e2e.disruptions import Action, Message, Plan, Schedule, ours, planned, said_at
from e2e.line import DATA, Line
from e2e.server import Server

DELAY: Final = (0.02, 0.4)
"""Bounds of a delay, in seconds: later messages overtake it."""
CONNECTED_SECONDS: Final = 60.0
"""jupyter_server takes up to 25 s to join a line to its kernel when the one before was cut at that very moment."""
PROMPT_SECONDS: Final = 0.25
"""What is older when it arrives was kept by the server, which sends it all when a line is back: what the kernel says now comes
after that."""

HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"})


class Proxy:
    """Stands before one Jupyter server on a port of its own.

    Attributes:
        url: the address that the browser opens.
        done: what was done to which message, in order, for a test that failed.
        prompt: whether the last message of the kernel arrived at once; if not, the machine is busy elsewhere.
    """

    def __init__(self, server: Server, seed: int = 0) -> None:
        self._target = server.url
        self._chance = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._lines: set[Line] = set()
        self._plan: Plan | None = None
        self._severed = False
        self._count = 0
        self._began = 0.0
        self.url = ""
        self.done: list[str] = []
        self.prompt = True

    def start(self) -> Self:
        """Open the port."""
        self._thread.start()
        self._do(self._open())
        return self

    def stop(self) -> None:
        """Close the port and every connection."""
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def disturb(self, plan: Plan | Schedule) -> None:
        """Begin to disturb; a schedule's numbers count from now."""
        self._do(self._set(plan if callable(plan) else planned(plan)))

    def sever(self) -> None:
        """Cut every kernel's line, and let none come back until the line is mended."""
        self._do(self._sever())

    def mend(self, *, talking: bool = False) -> float:
        """Disturb no more, release what is held, and return when the line is back: when what the kernel says arrives at once.

        Args:
            talking: the kernel says something all the time, so that this can be waited for though no line was cut.

        Returns:
            How long that took, in seconds.
        """
        began = time.monotonic()
        self._do(self._mend(talking=talking))
        return time.monotonic() - began

    def _do(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(CONNECTED_SECONDS + 10)

    async def _open(self) -> None:
        self._session = aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar())
        self._back = asyncio.Event()  # no line is cut
        self._back.set()
        application = web.Application(client_max_size=2**28)
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _close(self) -> None:
        for line in tuple(self._lines):
            line.cut()
        await self._runner.cleanup()
        await self._session.close()

    async def _set(self, plan: Plan) -> None:
        self._plan, self._count = plan, 0
        self._began = time.monotonic()

    async def _sever(self) -> None:
        self._severed = True
        if self._lines:
            self._back.clear()
        for line in tuple(self._lines):
            line.cut()

    async def _mend(self, *, talking: bool) -> None:
        self._plan = None
        self._severed = False
        if talking:
            self._back.clear()
        for line in tuple(self._lines):
            line.release()
        await asyncio.wait_for(self._back.wait(), CONNECTED_SECONDS)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._tunnel(request, headers)
        body = await request.read()
        async with self._session.request(
            request.method, self._address(request), headers=headers, data=body or None, allow_redirects=False
        ) as answer:
            response = web.StreamResponse(status=answer.status, reason=answer.reason)
            for name, value in answer.headers.items():
                if name.lower() not in HOP:
                    response.headers.add(name, value)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    async def _tunnel(self, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        if self._severed and request.path.endswith("/channels"):
            return web.Response(status=503)
        offered = [name.strip() for name in headers.get("Sec-WebSocket-Protocol", "").split(",") if name.strip()]
        headers = {name: value for name, value in headers.items() if not name.lower().startswith("sec-websocket")}
        address = self._address(request)
        async with self._session.ws_connect(address, protocols=offered, headers=headers, max_msg_size=0) as upstream:
            chosen = [upstream.protocol] if upstream.protocol else []
            browser = web.WebSocketResponse(protocols=chosen, max_msg_size=0, compress=False)
            await browser.prepare(request)
            line = Line(self, request, browser, upstream)
            if request.path.endswith("/channels"):
                self._lines.add(line)
            try:
                await line.run()
            finally:
                self._lines.discard(line)
            return browser

    def _address(self, request: web.Request) -> URL:
        return URL(self._target + request.raw_path, encoded=True)

    def heard(self, wire: aiohttp.WSMessage) -> None:
        """The kernel has said something: if just now, the line is back, whatever the browser sees before."""
        if wire.type in DATA and (said := said_at(wire.data)) is not None:
            self.prompt = time.time() - said <= PROMPT_SECONDS
            if self.prompt:
                self._back.set()

    def judge(self, wire: aiohttp.WSMessage, *, down: bool) -> Action | None:
        """Count a message if it is ours, and say what the plan does to it."""
        if self._plan is None or wire.type not in DATA or (content := ours(wire.data, down=down)) is None:
            return None
        self._count += 1
        message = Message(self._count, down, content, self._back.is_set())
        action = self._plan(message)
        if action is not None:
            self.done.append(f"{time.monotonic() - self._began:.2f} s: {action} {message}")
        if action == "cut":
            self._back.clear()
        return action

    def pause(self) -> float:
        """Return the length of one delay, in seconds."""
        return self._chance.uniform(*DELAY)


class Proxied(Server):
    """A running server as it is seen through a proxy; whoever started it stops it."""

    def __init__(self, server: Server, proxy: Proxy) -> None:
        self.__dict__.update(server.__dict__)
        self.url = proxy.url
        self.proxy = proxy
