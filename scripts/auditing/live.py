"""The rows of an instance of Tablestore, read with the official SDK alone, and rows in files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from scripts.auditing.evidence import Row, Tables

TABLES = ("due", "payer_refunds", "reconciliations", "complaints", "held_payments", "ledger",
          "licenses", "orders")
"""In the order of reading: orders last, so that what they cause is never read before them."""

ENDPOINT, INSTANCE = "TONGBAO_TABLESTORE_ENDPOINT", "TONGBAO_TABLESTORE_INSTANCE"
KEY_ID, KEY_SECRET = "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
TOKEN = "ALIBABA_CLOUD_SECURITY_TOKEN"
NEEDED = (ENDPOINT, INSTANCE, KEY_ID, KEY_SECRET)


def connect(environ: Mapping[str, str]) -> Any:
    """An SDK client from the settings that scripts/create_tables takes as well."""
    from tablestore import OTSClient
    return OTSClient(environ[ENDPOINT], environ[KEY_ID], environ[KEY_SECRET], environ[INSTANCE],
                     sts_token=environ.get(TOKEN) or None, enable_native=False)


def read_tables(client: Any) -> Tables:
    """Every row of every table."""
    return {table: _rows(client, table) for table in TABLES}


def _rows(client: Any, table: str) -> list[Row]:
    from tablestore import INF_MAX, INF_MIN, Direction
    names = [column[0] for column in client.describe_table(
        table).table_meta.schema_of_primary_key]
    start, end = [(name, INF_MIN) for name in names], [(name, INF_MAX) for name in names]
    found: list[Row] = []
    while start:
        _, start, rows, _ = client.get_range(
            table, Direction.FORWARD, start, end, max_version=1)
        found += [{**dict(row.primary_key),
                   **{name: value for name, value, *_ in row.attribute_columns}}
                  for row in rows]
    return found


def dump(tables: Tables, path: Path) -> None:
    """Write the rows as JSON lines: {"table": …, "row": {…}}."""
    with path.open("w", encoding="utf-8") as file:
        for table, rows in tables.items():
            for row in rows:
                file.write(json.dumps({"table": table, "row": row}, ensure_ascii=False) + "\n")


def load(path: Path) -> Tables:
    """Read what `dump` wrote; raises ValueError."""
    tables: Tables = {table: [] for table in TABLES}
    for line in path.read_text("utf-8").split("\n"):
        if line:
            document = json.loads(line)
            if document.get("table") not in tables or not isinstance(document.get("row"), dict):
                raise ValueError("not a line of a dump")
            tables[document["table"]].append(document["row"])
    return tables
