"""A grant as one canonical JSON text, in the order that earned it and in its license."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore.cells import canonical_json
from shared.adapters.tablestore.json_columns import NONE, check_names, read_record
from shared.domain.license import Grant, Proof

if TYPE_CHECKING:
    from shared.adapters.tablestore.cells import RowReader

FIELDS = {"grant_id": (str,), "license_id": (str,), "product_id": (str,),
          "entitlements": (list,), "term_days": (int, NONE), "granted_at_s": (int,),
          "order_id": (str,), "device_limit": (int,), "proof_kind": (str,),
          "proof_reference": (str,)}


def grant_text(grant: Grant) -> str:
    """The one text of a grant."""
    return canonical_json({
        "grant_id": grant.grant_id, "license_id": grant.license_id,
        "product_id": grant.product_id, "entitlements": list(grant.entitlements),
        "term_days": grant.term_days, "granted_at_s": grant.granted_at_s,
        "order_id": grant.order_id, "device_limit": grant.device_limit,
        "proof_kind": grant.proof.kind, "proof_reference": grant.proof.reference})


def read_grant(reader: RowReader, column: str) -> Grant:
    """The grant in a column; CorruptRow when it is not exactly what `grant_text` writes."""
    raw = read_record(reader, column, FIELDS)
    return Grant(
        grant_id=raw["grant_id"], license_id=raw["license_id"], product_id=raw["product_id"],
        entitlements=check_names(reader, column, raw["entitlements"]),
        term_days=raw["term_days"], granted_at_s=raw["granted_at_s"],
        order_id=raw["order_id"], device_limit=raw["device_limit"],
        proof=Proof(raw["proof_kind"], raw["proof_reference"]))
