"""A license as one row of `licenses`: grants g0001…, what they are worth s0001…, devices, history.

Devices come and go, so all of them are one column; what is numbered only grows. Pure.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shared.adapters.tablestore.cells import Cell, RowReader, canonical_json, numbered
from shared.adapters.tablestore.grants import grant_text, read_grant
from shared.adapters.tablestore.history_columns import history_columns, read_history
from shared.adapters.tablestore.json_columns import check_record, read_list, read_record
from shared.adapters.tablestore.tables import LICENSES
from shared.adapters.tablestore.writers import VERSION
from shared.domain.device import Device, Takeover, Way
from shared.domain.license import GrantStanding, License, Standing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.adapters.tablestore.cells import Key

SCHEMA = 1
GRANT = "g"
STANDING = "s"
STANDING_FIELDS = {"grant_id": (str,), "standing": (str,), "order_version": (int,)}
ACTIVATED = "activated_at_s"
DEVICES, TAKEOVER = "devices", "takeover"
DEVICE_FIELDS = {"device_id": (str,), "thumbprint": (str,), "platform": (str,), "way": (str,),
                 "activated_at_s": (int,), "dark_at_s": (int,)}
TAKEOVER_FIELDS = {"takeover_id": (str,), "thumbprint": (str,), "platform": (str,),
                   "way": (str,), "replaces": (str,), "asked_at_s": (int,)}


def key_of(license_id: str) -> Key:
    """Where the license is."""
    return LICENSES.row(license_id)


def new_row(license_: License) -> dict[str, Cell]:
    """All columns of a new license."""
    return {"schema": SCHEMA, "environment": license_.environment,
            "product_id": license_.product_id, **changes(license_)}


def changes(license_: License) -> dict[str, Cell]:
    """The columns that may differ from the version before."""
    columns = history_columns(license_.history)
    for place, grant in enumerate(license_.grants, 1):
        columns[numbered(GRANT, place)] = grant_text(grant)
    for place, told in enumerate(license_.standings, 1):
        columns[numbered(STANDING, place)] = canonical_json({
            "grant_id": told.grant_id, "standing": told.standing.value,
            "order_version": told.order_version})
    if license_.activated_at_s is not None:
        columns[ACTIVATED] = license_.activated_at_s
    columns[DEVICES] = canonical_json([asdict(device) for device in license_.devices])
    columns[TAKEOVER] = canonical_json(
        None if license_.takeover is None else asdict(license_.takeover))
    return columns


def read_license(license_id: str, columns: Mapping[str, object]) -> License:
    """The license that a row holds; raises CorruptRow for any row that we did not write."""
    reader = RowReader(key_of(license_id), columns)
    if reader.integer("schema") != SCHEMA:
        raise reader.corrupt("schema")
    try:
        return _license(reader, license_id)
    except ValueError:
        raise reader.corrupt("a value out of its range") from None


def _license(reader: RowReader, license_id: str) -> License:
    grants = tuple(read_grant(reader, name) for name in reader.numbered(GRANT))
    if not grants or any(grant.license_id != license_id for grant in grants):
        raise reader.corrupt("grants")
    return License(
        license_id=license_id, environment=reader.text("environment"),
        product_id=reader.text("product_id"), grants=grants, history=read_history(reader),
        standings=tuple(_standing(reader, name) for name in reader.numbered(STANDING)),
        activated_at_s=reader.optional_integer(ACTIVATED), devices=tuple(
            _device(reader, raw) for raw in read_list(reader, DEVICES)),
        takeover=_takeover(reader), version=reader.integer(VERSION))


def _standing(reader: RowReader, column: str) -> GrantStanding:
    raw = read_record(reader, column, STANDING_FIELDS)
    return GrantStanding(raw["grant_id"], Standing(raw["standing"]), raw["order_version"])


def _device(reader: RowReader, raw: Any) -> Device:
    found = check_record(reader, DEVICES, raw, DEVICE_FIELDS)
    return Device(**{**found, "way": Way(found["way"])})


def _takeover(reader: RowReader) -> Takeover | None:
    raw = reader.json(TAKEOVER)
    if raw is None:
        return None
    found = check_record(reader, TAKEOVER, raw, TAKEOVER_FIELDS)
    return Takeover(**{**found, "way": Way(found["way"])})
