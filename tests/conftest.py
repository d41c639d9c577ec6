"""What holds for every test.

Belongs here: order and environment. The provider is one for the whole session. Does not belong here: fixtures of one folder.
"""

from __future__ import annotations

import os

import pytest

from provider.fixtures import provider

__all__ = ["provider"]

# litellm would fetch its price list from the network at import.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser tests last.

    Playwright's sync API leaves a running event loop in the main thread, beside which asyncio tests cannot start one.
    """
    items.sort(key=lambda item: "e2e" in item.path.parts)
