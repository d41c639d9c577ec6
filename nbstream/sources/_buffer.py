"""A bounded buffer between a producer elsewhere (a thread, another event loop) and the loop of the run.

Belongs here: waiting for room, waiting for items, the one end. Does not belong here: who produces (`_pull`), what is carried.

The producer waits while the buffer is full; what it raises reaches the consumer after everything that came before it; a
consumer that leaves sets the producer free, whose next `put` raises `Left`.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Final, Generic, TypeVar

from nbstream._threads import soon

T = TypeVar("T")

LIMIT: Final = 128
"""How many items wait at the most."""
_TURN: Final = 64
"""After so many items the consumer's loop has a turn: it must hear a Stop although the buffer is never empty."""


class Left(Exception):
    """Raised in the producer: nobody takes what it makes."""


class Buffer(Generic[T]):
    """One producer, one consumer.

    Attributes:
        left: the consumer has gone.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.left = False
        self._limit = limit
        self._items: deque[T] = deque()
        self._ended = False
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        self._consumer: Callable[[], object] | None = None  # wakes the one that waits, from any thread
        self._producer: Callable[[], object] | None = None

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T) -> None:
        """Add `item`; block while the buffer is full. Raise `Left` once the consumer has gone."""
        while not self._offer(item):
            room = threading.Event()
            if not self._park(room.set):
                room.wait()

    async def aput(self, item: T) -> None:
        """The same for a producer on an event loop, which is not blocked."""
        loop = asyncio.get_running_loop()
        while not self._offer(item):
            room = asyncio.Event()
            if not self._park(lambda room=room: soon(loop, room.set)):  # type: ignore[misc]  # reason: binds the loop variable
                await room.wait()

    def finish(self, error: BaseException | None = None) -> None:
        """Nothing more will come; `error` is raised in the consumer after the last item. The first call counts."""
        with self._lock:
            if self._ended:
                return
            self._ended, self._error = True, error
            wake, self._consumer = self._consumer, None
        if wake is not None:
            wake()

    def leave(self) -> None:
        """Take nothing more; drop what is there."""
        with self._lock:
            self.left = True
            self._items.clear()
            wake, self._producer = self._producer, None
        if wake is not None:
            wake()

    async def items(self) -> AsyncGenerator[T, None]:
        """Yield what comes, to the end; closing the generator leaves."""
        loop = asyncio.get_running_loop()
        number = 0
        try:
            while True:
                come = asyncio.Event()
                item, there = self._take(lambda come=come: soon(loop, come.set))  # type: ignore[misc]  # reason: the same
                if there:
                    yield item[0]
                    number += 1
                    if number % _TURN == 0:
                        await asyncio.sleep(0)
                elif self._ended:
                    break
                else:
                    await come.wait()
            if self._error is not None:
                raise self._error
        finally:
            self.leave()

    def _offer(self, item: T) -> bool:
        with self._lock:
            if self.left:
                raise Left
            if len(self._items) >= self._limit:
                return False
            self._items.append(item)
            wake, self._consumer = self._consumer, None
        if wake is not None:
            wake()
        return True

    def _take(self, wake: Callable[[], object]) -> tuple[list[T], bool]:
        with self._lock:
            if not self._items:
                self._consumer = None if self._ended else wake
                return [], False
            item = self._items.popleft()
            room, self._producer = self._producer, None
        if room is not None:
            room()
        return [item], True

    def _park(self, wake: Callable[[], object]) -> bool:
        """Have `wake` called once there is room; return whether there is some already."""
        with self._lock:
            if self.left or len(self._items) < self._limit:
                return True
            self._producer = wake
            return False
