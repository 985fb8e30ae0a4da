"""Places where the stores can live: memory, the Tablestore emulator, or a real instance.

A world opens any number of instances of the stores over the same rows, as Function Compute
runs any number of instances of a function.
"""

from __future__ import annotations

import itertools
import os
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from urllib3.exceptions import ProtocolError

from emulators.tablestore import TablestoreEmulator
from shared.adapters.system import SystemClock
from shared.adapters.tablestore.attempts import Attempts
from shared.adapters.tablestore.cells import Bound
from shared.adapters.tablestore.client import Instance, TablestoreClient
from shared.adapters.tablestore.complaints import TablestoreComplaints
from shared.adapters.tablestore.credentials import AccessKey, EnvironmentCredentials
from shared.adapters.tablestore.held_payments import TablestoreHeldPayments
from shared.adapters.tablestore.ledger import TablestoreLedger
from shared.adapters.tablestore.licenses import TablestoreLicenses
from shared.adapters.tablestore.orders import TablestoreOrders
from shared.adapters.tablestore.payer_refunds import TablestorePayerRefunds
from shared.adapters.tablestore.reconciliations import TablestoreReconciliations
from shared.adapters.tablestore.row_store import RowStore
from shared.adapters.tablestore.tables import TABLES, create_tables
from shared.adapters.tablestore.work_list import TablestoreWorkList
from shared.deadline import Deadline
from tests.fakes.books import MemoryLedger, MemoryPayerRefunds, MemoryReconciliations
from tests.fakes.clock import FakeClock
from tests.fakes.script import Script
from tests.fakes.stores import (
    MemoryComplaints,
    MemoryHeldPayments,
    MemoryLicenses,
    MemoryOrders,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.adapters.tablestore.credentials import Credentials
    from shared.adapters.tablestore.wire import Connection, Reply
    from shared.ports import (
        Clock,
        ComplaintRepository,
        HeldPayments,
        Ledger,
        LicenseRepository,
        OrderRepository,
        PayerRefunds,
        Reconciliations,
        WorkList,
    )

BUDGET_MS = 4000
ENDPOINT = "TONGBAO_CONTRACT_ENDPOINT"
INSTANCE = "TONGBAO_CONTRACT_INSTANCE"


@dataclass(frozen=True)
class Stores:
    """All stores as one instance of a function sees them."""

    orders: OrderRepository
    work: WorkList
    licenses: LicenseRepository
    held: HeldPayments
    complaints: ComplaintRepository
    payer_refunds: PayerRefunds
    ledger: Ledger
    reconciliations: Reconciliations


class MemoryWorld:
    """All in memory."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        orders = MemoryOrders()
        self._stores = Stores(
            orders, orders.work, MemoryLicenses(), MemoryHeldPayments(), MemoryComplaints(),
            MemoryPayerRefunds(), MemoryLedger(), MemoryReconciliations())

    def open(self) -> Stores:
        """The stores; memory has but one instance."""
        return self._stores

    def close(self) -> None:
        """Nothing to give back."""


class FixedKey:
    """The emulator's access key."""

    def current(self) -> AccessKey:
        """Always the same."""
        return AccessKey("test-key-id", "test-key-secret")


class ScriptedConnection:
    """The emulator's connection, with actions before or after an API's next calls.

    `delay_next` holds an API's next request back, as a slow network may: its caller sees a
    broken connection, and it lands just before the following request to the same API.
    """

    def __init__(self, inner: Connection) -> None:
        self._inner = inner
        self.script = Script()
        self.landed = 0

    def send_receive(self, url: str, request_headers: Mapping[str, str],
                     request_body: bytes) -> Reply:
        """One exchange."""
        api = url.rpartition("/")[2]
        self._current = (url, request_headers, request_body)
        self.script.enter(api)
        reply = self._inner.send_receive(url, request_headers, request_body)
        self.script.leave(api)
        return reply

    def delay_next(self, api: str) -> None:
        """Hold the next request to `api` back until the one after it."""

        def hold() -> None:
            held = self._current
            self.script.before(api, lambda: land(held))
            raise ProtocolError("Connection aborted.")

        def land(held: tuple[str, Mapping[str, str], bytes]) -> None:
            self._inner.send_receive(*held)
            self.landed += 1

        self.script.before(api, hold)


@dataclass(frozen=True)
class Opened:
    """One instance over Tablestore, with all that a test may want to reach into."""

    stores: Stores
    client: TablestoreClient
    store: RowStore
    clock: Clock
    deadline: Deadline
    connection: ScriptedConnection | None


class EmulatorWorld:
    """The emulator, in process: everything but the socket is the real path.

    Every instance has its own clock that moves when the adapter sleeps, and seeded tokens.
    """

    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        self.emulator = TablestoreEmulator()
        self._seeds = itertools.count(1)
        self.create_tables()

    def create_tables(self) -> None:
        """Make the tables, and count requests from here."""
        first = self.open_instance()
        create_tables(first.client, Attempts(first.clock, first.deadline, random.Random(0)))
        self.emulator.clear_requests()

    def empty(self) -> None:
        """Remove every row and every fault, and count requests from here."""
        self.emulator.clear_faults()
        store = self.open_instance().store
        for table in TABLES:
            ends = [(bound,) * len(table.key) for bound in (Bound.LOWEST, Bound.HIGHEST)]
            for key, _ in list(store.rows(table, *(table.bound(*end) for end in ends))):
                store.delete(key)
        self.emulator.clear_requests()

    def open(self) -> Stores:
        """One more instance of the stores."""
        return self.open_instance().stores

    def open_instance(self, credentials: Credentials | None = None) -> Opened:
        """One more instance, with its parts."""
        connection = ScriptedConnection(self.emulator.connection)
        return _open(Instance("http://emulator.invalid", "tongbao-test"),
                     credentials or FixedKey(), FakeClock(), next(self._seeds), connection)

    def apis(self) -> list[str]:
        """The APIs that were called since the last look, in order."""
        called = [record.api for record in self.emulator.requests]
        self.emulator.clear_requests()
        return called

    def close(self) -> None:
        """Close the emulator's database."""
        self.emulator.close()


class RealWorld:
    """A real instance, named by the environment; its rows stay, so numbers start anew."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.numbers = itertools.count(time.time_ns())
        self._environ = environ
        self._clients: list[TablestoreClient] = []
        opened = self._open()
        create_tables(opened.client,
                      Attempts(opened.clock, opened.deadline, random.Random(0)))

    def open(self) -> Stores:
        """One more instance of the stores."""
        return self._open().stores

    def close(self) -> None:
        """Rows are left where they are; connections are not."""
        for client in self._clients:
            client.close()

    def _open(self) -> Opened:
        opened = _open(Instance(self._environ[ENDPOINT], self._environ[INSTANCE]),
                       EnvironmentCredentials(self._environ), SystemClock(),
                       random.SystemRandom().getrandbits(64), None)
        self._clients.append(opened.client)
        return opened


World = MemoryWorld | EmulatorWorld | RealWorld


def worlds() -> list[str]:
    """The worlds that can be visited here."""
    return ["memory", "emulator"] + (["real"] if ENDPOINT in os.environ else [])


def visit(name: str) -> Iterator[World]:
    """Open a world, and close it afterwards."""
    world: World
    if name == "memory":
        world = MemoryWorld()
    elif name == "emulator":
        world = EmulatorWorld()
    else:
        world = RealWorld(os.environ)
    try:
        yield world
    finally:
        world.close()


def _open(instance: Instance, credentials: Credentials, clock: Clock, seed: int,
          connection: ScriptedConnection | None) -> Opened:
    deadline = Deadline(clock, BUDGET_MS if connection else 120_000)
    client = TablestoreClient(instance, credentials, deadline, connection=connection)
    store = RowStore(client, clock, deadline, random.Random(seed))
    stores = Stores(
        TablestoreOrders(store), TablestoreWorkList(store), TablestoreLicenses(store),
        TablestoreHeldPayments(store), TablestoreComplaints(store),
        TablestorePayerRefunds(store), TablestoreLedger(store),
        TablestoreReconciliations(store))
    return Opened(stores, client, store, clock, deadline, connection)
