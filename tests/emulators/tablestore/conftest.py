"""Fixtures: an emulator in memory with a clock, and a client without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulators.tablestore import TablestoreEmulator

from .support import Clock, connect, create_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tablestore as ots


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def emulator(clock: Clock) -> Iterator[TablestoreEmulator]:
    with TablestoreEmulator(now_ms=clock) as one:
        yield one


@pytest.fixture
def client(emulator: TablestoreEmulator) -> ots.OTSClient:
    """Connected to an instance without tables."""
    return connect(emulator)


@pytest.fixture
def orders(client: ots.OTSClient) -> ots.OTSClient:
    """Connected to an instance with the table `orders`, key `id` STRING."""
    create_table(client)
    return client
