"""What holds for every test.

Belongs here: order and environment. The provider is one for the whole session. Does not belong here: fixtures of one folder.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

import tables
from provider.fixtures import provider

__all__ = ["provider"]

# Agent frameworks have an environment of their own, because they need another Python: `make agents` runs these.
collect_ignore = [] if find_spec("openhands") else ["agents"]

# litellm would fetch its price list from the network at import.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser tests last.

    Playwright's sync API leaves a running event loop in the main thread, beside which asyncio tests cannot start one.
    """
    items.sort(key=_drives_a_browser)


def _drives_a_browser(item: pytest.Item) -> bool:
    return "e2e" in item.path.parts


def pytest_sessionfinish() -> None:
    """Write the tables that were measured into the docs, where that was asked for."""
    tables.write()
