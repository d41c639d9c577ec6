"""The fixture: one provider for a whole test session; `from provider.fixtures import provider` in a conftest.

Belongs here: life cycles. Does not belong here: the provider (see `server`).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provider.server import FakeProvider


@pytest.fixture(scope="session")
def provider() -> Iterator[FakeProvider]:
    """A provider for all tests; each takes a model name of its own."""
    with FakeProvider() as running:
        yield running
