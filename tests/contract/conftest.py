"""Every contract test runs in every world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.worlds import visit, worlds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.worlds import Stores, World


@pytest.fixture(params=worlds())
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world of its own for each test."""
    yield from visit(request.param)


@pytest.fixture
def stores(world: World) -> Stores:
    """One instance in it."""
    return world.open()
