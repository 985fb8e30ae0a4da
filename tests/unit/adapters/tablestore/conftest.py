"""The emulator, in process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.worlds import EmulatorWorld

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world() -> Iterator[EmulatorWorld]:
    """An emulated instance with all tables."""
    world = EmulatorWorld()
    yield world
    world.close()
