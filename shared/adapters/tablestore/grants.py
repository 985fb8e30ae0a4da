"""A grant as one canonical JSON text, in the order that earned it and in its license."""

from __future__ import annotations

from typing import Any

from shared.adapters.tablestore.cells import RowReader, canonical_json
from shared.domain.license import Grant, Proof

FIELDS = {"grant_id": str, "license_id": str, "product_id": str, "entitlements": list,
          "term_days": (int, type(None)), "granted_at_s": int, "kid": str,
          "proof_kind": str, "proof_reference": str}


def grant_text(grant: Grant) -> str:
    """The one text of a grant."""
    return canonical_json({
        "grant_id": grant.grant_id, "license_id": grant.license_id,
        "product_id": grant.product_id, "entitlements": list(grant.entitlements),
        "term_days": grant.term_days, "granted_at_s": grant.granted_at_s, "kid": grant.kid,
        "proof_kind": grant.proof.kind, "proof_reference": grant.proof.reference})


def read_grant(reader: RowReader, column: str) -> Grant:
    """The grant in a column; CorruptRow when it is not exactly what `grant_text` writes."""
    raw: Any = reader.json(column)
    if not isinstance(raw, dict) or raw.keys() != FIELDS.keys():
        raise reader.corrupt(column)
    if any(isinstance(raw[name], bool) or not isinstance(raw[name], kind)  # type: ignore[arg-type]
           for name, kind in FIELDS.items()):
        raise reader.corrupt(column)
    return Grant(
        grant_id=raw["grant_id"], license_id=raw["license_id"], product_id=raw["product_id"],
        entitlements=read_names(reader, column, raw["entitlements"]),
        term_days=raw["term_days"], granted_at_s=raw["granted_at_s"], kid=raw["kid"],
        proof=Proof(raw["proof_kind"], raw["proof_reference"]))


def read_names(reader: RowReader, column: str, raw: Any) -> tuple[str, ...]:
    """A JSON list of texts."""
    if not isinstance(raw, list) or not all(isinstance(name, str) for name in raw):
        raise reader.corrupt(column)
    return tuple(raw)
