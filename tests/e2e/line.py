"""One websocket through the proxy, and what happens to its messages on the way.

Belongs here: passing messages on, holding them back, cutting. Does not belong here: which message is disturbed (`disruptions`),
other lines (`proxy`).

A cut aborts the connection without a farewell, as a network does: after an orderly close JupyterLab does not come back.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any, Final, Protocol

import aiohttp
from aiohttp import web

from e2e.disruptions import Action, rewrite

HELD_SECONDS: Final = 0.5
"""A message that is to change places goes on alone after this long."""
DATA: Final = (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)


class Keeper(Protocol):
    """Whom a line asks and tells: the proxy."""

    def heard(self, wire: aiohttp.WSMessage) -> None:
        """Note that the server has sent something."""
        ...

    def judge(self, wire: aiohttp.WSMessage, *, down: bool) -> Action | None:
        """Return what is to be done to a message."""
        ...

    def pause(self) -> float:
        """Return the length of one delay, in seconds."""
        ...


class Line:
    """One websocket: the browser's end, the server's end, and what is held back between them."""

    def __init__(
        self, keeper: Keeper, request: web.Request, browser: web.WebSocketResponse, upstream: aiohttp.ClientWebSocketResponse
    ) -> None:
        self._keeper = keeper
        self._request = request
        self._browser = browser
        self._upstream = upstream
        self._held: dict[bool, list[aiohttp.WSMessage]] = {True: [], False: []}
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = False

    async def run(self) -> None:
        """Pass messages both ways until one end closes."""
        pumps = {asyncio.create_task(self._pump(down=down)) for down in (True, False)}
        _, others = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for task in (*others, *self._tasks):
            task.cancel()
        await asyncio.gather(*pumps, *self._tasks, return_exceptions=True)
        self.cut()

    def cut(self) -> None:
        """Abort both ends; neither hears a farewell."""
        self._over = True
        if (transport := self._request.transport) is not None:
            transport.abort()
        if (end := self._upstream.get_extra_info("socket")) is not None:
            with suppress(OSError):  # closed already
                end.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Send what is held."""
        for down in (True, False):
            for held in self._swap(down):
                self._later(self._send(held, down=down))

    async def _pump(self, *, down: bool) -> None:
        source = self._upstream if down else self._browser
        async for message in source:
            if self._over:
                return
            if down:
                self._keeper.heard(message)
            action = self._keeper.judge(message, down=down)
            if action == "cut":
                self._over = True
                return
            if action == "delay":
                self._later(self._after(self._keeper.pause(), message, down=down))
            elif action == "reorder":
                self._held[down].append(message)
                self._later(self._let_go(down=down))
            elif action != "drop":
                await self._send(_spoilt(message, action), down=down)
                if action == "duplicate":
                    await self._send(message, down=down)
                for held in self._swap(down):
                    await self._send(held, down=down)

    async def _send(self, message: aiohttp.WSMessage, *, down: bool) -> None:
        end = self._browser if down else self._upstream
        with suppress(ConnectionError):  # cut meanwhile: it is lost
            if message.type == aiohttp.WSMsgType.TEXT:
                await end.send_str(message.data)
            elif message.type == aiohttp.WSMsgType.BINARY:
                await end.send_bytes(message.data)

    async def _after(self, seconds: float, message: aiohttp.WSMessage, *, down: bool) -> None:
        await asyncio.sleep(seconds)
        await self._send(message, down=down)

    async def _let_go(self, *, down: bool) -> None:
        await asyncio.sleep(HELD_SECONDS)
        for held in self._swap(down):
            await self._send(held, down=down)

    def _swap(self, down: bool) -> list[aiohttp.WSMessage]:
        held, self._held[down] = self._held[down], []
        return held

    def _later(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _spoilt(message: aiohttp.WSMessage, action: Action | None) -> aiohttp.WSMessage:
    """Return the message as it arrives: another one where the action is one of those that spoil."""
    return message if action is None else message._replace(data=rewrite(message.data, action))
