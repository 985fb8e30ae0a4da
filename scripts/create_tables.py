"""Creates the tables of one instance, or only checks them: see scripts/create_tables.

The instance is named by TONGBAO_TABLESTORE_ENDPOINT and TONGBAO_TABLESTORE_INSTANCE, who asks
by ALIBABA_CLOUD_ACCESS_KEY_ID, _SECRET and (for a temporary key) ALIBABA_CLOUD_SECURITY_TOKEN.
"""

from __future__ import annotations

import os
import random
import sys
from typing import TYPE_CHECKING

from shared.adapters.system import SystemClock
from shared.adapters.tablestore.attempts import Attempts
from shared.adapters.tablestore.client import Instance, TablestoreClient
from shared.adapters.tablestore.credentials import EnvironmentCredentials, MissingCredentials
from shared.adapters.tablestore.tables import (
    TABLES,
    TableDrift,
    create_tables,
    missing_tables,
)
from shared.adapters.tablestore.wire import Timeouts
from shared.deadline import Deadline
from shared.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDPOINT = "TONGBAO_TABLESTORE_ENDPOINT"
INSTANCE = "TONGBAO_TABLESTORE_INSTANCE"
BUDGET_MS = 60_000
PATIENT = Timeouts(connect_ms=5000, read_ms=20_000)
"""Creating a table takes the service longer than writing a row."""

USAGE_ERROR = 2


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """The exit code: 0 all there, 1 not so, 2 called the wrong way."""
    if arguments not in ([], ["--check"]):
        print("usage: scripts/create_tables [--check]", file=sys.stderr)
        return USAGE_ERROR
    absent = [name for name in (ENDPOINT, INSTANCE) if not environ.get(name)]
    if absent:
        print(f"Please set {' and '.join(absent)}.", file=sys.stderr)
        return USAGE_ERROR
    if not environ[ENDPOINT].startswith(("https://", "http://")):
        print(f"{ENDPOINT} must begin with https://.", file=sys.stderr)
        return USAGE_ERROR
    credentials = EnvironmentCredentials(environ)
    try:
        credentials.current()
        return run(environ, credentials, only_check=bool(arguments))
    except MissingCredentials as missing:
        print(f"Please set the access key: {missing}.", file=sys.stderr)
        return USAGE_ERROR
    except TableDrift as drift:
        print(f"{drift}\nNothing was changed; look at that table by hand.", file=sys.stderr)
    except StoreUnavailable as error:
        print(f"Tablestore did not do it: {error.reason}\n"
              f"Asked was {environ[ENDPOINT]}, instance {environ[INSTANCE]}.", file=sys.stderr)
    return 1


def run(environ: Mapping[str, str], credentials: EnvironmentCredentials, *,
        only_check: bool) -> int:
    """Create, or only check."""
    clock = SystemClock()
    deadline = Deadline(clock, BUDGET_MS)
    attempts = Attempts(clock, deadline, random.SystemRandom())
    client = TablestoreClient(Instance(environ[ENDPOINT], environ[INSTANCE]), credentials,
                              deadline, timeouts=PATIENT)
    try:
        found = (missing_tables if only_check else create_tables)(client, attempts)
    finally:
        client.close()
    for table in TABLES:
        state = "as defined" if table not in found else "MISSING" if only_check else "created"
        print(f"{table.name}: {state}")
    if found and not only_check:
        print("A new table can take a minute until it answers.")
    return 1 if found and only_check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
