"""Fixtures of the tests whose browser talks to its server through a proxy.

Belongs here: what stands in for the fixtures of the other browser tests. Does not belong here: what the proxy does.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from e2e.proxy import Proxied, Proxy
from e2e.server import Server
from e2e.warm import Warm


@pytest.fixture(scope="module")
def server(server: Server) -> Iterator[Proxied]:
    """The server behind a proxy, which can disturb or cut the line."""
    proxy = Proxy(server).start()
    yield Proxied(server, proxy)
    proxy.stop()


@pytest.fixture(scope="module")
def warm(server: Proxied, browser: Browser) -> Warm:
    """A page that was loaded through the proxy."""
    return Warm(server, browser)
