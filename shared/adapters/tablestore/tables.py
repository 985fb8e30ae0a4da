"""Every table of the instance, in one place, and how they come to be.

All keep one version of a cell and never expire: what was sold and paid is kept for good.
The first key column spreads rows over partitions: ids are hashes already, a name that others
gave (a transaction, a complaint) is led by its hash, and due rows are spread over buckets. The
ledger of a day lies in one place, because it is read as one: its rows are few and written once.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from shared.adapters.tablestore.cells import Table
from shared.adapters.tablestore.outcomes import StoreFailure
from shared.errors import StoreUnavailable

if TYPE_CHECKING:
    from shared.adapters.tablestore.attempts import Attempts
    from shared.adapters.tablestore.client import TableShape, TablestoreClient

ORDERS = Table("orders", (("order_id", "STRING"),))
LICENSES = Table("licenses", (("license_id", "STRING"),))
DUE = Table("due", (("bucket", "STRING"), ("due_at_s", "INTEGER"), ("ref", "STRING")))
HELD_PAYMENTS = Table("held_payments", (("p", "STRING"),))
COMPLAINTS = Table("complaints", (("p", "STRING"),))
PAYER_REFUNDS = Table("payer_refunds", (("payer_hash", "STRING"), ("refund_id", "STRING")))
LEDGER = Table("ledger", (("day", "STRING"), ("kind", "STRING"), ("number", "STRING")))
RECONCILIATIONS = Table("reconciliations", (("day", "STRING"),))
TABLES = (ORDERS, LICENSES, DUE, HELD_PAYMENTS, COMPLAINTS, PAYER_REFUNDS, LEDGER,
          RECONCILIATIONS)

MAX_VERSIONS = 1
NEVER_EXPIRES = -1

MOST_BUCKETS = 16
"""How many partitions due rows can be spread over, k0…kf; a setting may ask for fewer."""

PREFIX_LENGTH = 4


def bucket_of(subject_id: str, buckets: int) -> str:
    """The bucket of a subject's due rows: any of the first `buckets`, by a hash."""
    digest = hashlib.sha256(subject_id.encode()).digest()
    return f"k{int.from_bytes(digest[:8], 'big') % checked_buckets(buckets):x}"


def bucket_names(buckets: int) -> list[str]:
    """The first `buckets`, in key order."""
    return [f"k{number:x}" for number in range(checked_buckets(buckets))]


def checked_buckets(buckets: int) -> int:
    """The same number; raises ValueError unless it is one of 1 to 16."""
    if not 1 <= buckets <= MOST_BUCKETS:
        raise ValueError(f"due rows are spread over 1 to {MOST_BUCKETS} buckets")
    return buckets


def spread(name: str) -> str:
    """A name behind a piece of its hash: names that grow with time are written everywhere."""
    return f"{hashlib.sha256(name.encode()).hexdigest()[:PREFIX_LENGTH]}:{name}"


class TableDrift(Exception):
    """A table exists and is not as defined here; `differences` has one line for each.

    Nothing is changed then: a key cannot be altered, and shorter retention destroys data.
    """

    def __init__(self, table: Table, differences: list[str]) -> None:
        super().__init__(f"table {table.name} is not as defined: " + "; ".join(differences))
        self.differences = differences


def missing_tables(client: TablestoreClient, attempts: Attempts) -> list[Table]:
    """The tables that do not exist yet, after comparing those that do.

    Raises TableDrift, and StoreUnavailable when the service does not answer in time.
    """
    shapes = {table: _describe(client, attempts, table) for table in TABLES}
    for table, shape in shapes.items():
        _refuse_drift(table, shape)
    return [table for table, shape in shapes.items() if shape is None]


def create_tables(client: TablestoreClient, attempts: Attempts) -> list[Table]:
    """Create what is missing; returns what was. May be run again at any time.

    Raises as `missing_tables` does, which compares all tables before any is created.
    """
    missing = missing_tables(client, attempts)
    for table in missing:
        _create(client, attempts, table)
        _refuse_drift(table, _describe(client, attempts, table))
    return missing


def differences(table: Table, shape: TableShape) -> list[str]:
    """How an existing table differs from its definition."""
    expected = {"primary key": table.key, "time to live": NEVER_EXPIRES,
                "max versions": MAX_VERSIONS, "allow update": True}
    actual = {"primary key": shape.key, "time to live": shape.time_to_live_s,
              "max versions": shape.max_versions, "allow update": shape.allows_update}
    return [f"{what} is {_shown(actual[what])}, not {_shown(wanted)}"
            for what, wanted in expected.items() if actual[what] != wanted]


def _refuse_drift(table: Table, shape: TableShape | None) -> None:
    found = [] if shape is None else differences(table, shape)
    if found:
        raise TableDrift(table, found)


def _describe(client: TablestoreClient, attempts: Attempts, table: Table) -> TableShape | None:
    try:
        return attempts.until_answered(lambda: client.describe_table(table))
    except StoreFailure as failure:
        if failure.code == "OTSObjectNotExist":
            return None
        raise StoreUnavailable(reason=failure.reason) from None


def _create(client: TablestoreClient, attempts: Attempts, table: Table) -> None:
    """That it exists already is fine: it may be our own lost answer. It is compared next."""
    try:
        attempts.until_answered(lambda: client.create_table(
            table, time_to_live_s=NEVER_EXPIRES, max_versions=MAX_VERSIONS))
    except StoreFailure as failure:
        if failure.code != "OTSObjectAlreadyExist":
            raise StoreUnavailable(reason=failure.reason) from None


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"{name} {kind}" for name, kind in value)
    return str(value)
