"""Writes leases.json, keys.json, proofs.json: `python -m tests.vectors.leases.make_leases`.

Deterministic: the same Python package gives the same bytes, for Ed25519 by nature, for ES256 by
RFC 6979.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cryptography

from tests.vectors.leases import claim_cases, key_cases, lease_cases, proof_cases
from tests.vectors.leases.minting import ENVIRONMENT, ISSUER, NEXT_ROOT, NOW_S, PRODUCT, ROOT, x_of

HERE = Path(__file__).resolve().parent


def documents() -> dict[str, dict[str, Any]]:
    """What each file says."""
    common = {
        "made_by": f"make_leases.py, Python cryptography {cryptography.__version__}",
        "options": {"roots": [x_of(ROOT), x_of(NEXT_ROOT)], "issuer": ISSUER,
                    "environment": ENVIRONMENT, "product": PRODUCT, "min_seq": 0},
        "loaded_at_s": NOW_S, "sets": key_cases.named_sets()}
    files = {
        "leases": [*lease_cases.form(), *lease_cases.types(), *lease_cases.windows(),
                   *claim_cases.claims(), *claim_cases.keys()],
        "keys": [*key_cases.cases(), *key_cases.rotation()],
        "proofs": [*proof_cases.proofs(), *proof_cases.requests()]}
    return {name: {**common, "cases": cases} for name, cases in files.items()}


def text_of(document: dict[str, Any]) -> str:
    """A file's text: one case a line, so that a change shows as the cases that it changes."""
    head = json.dumps({**document, "cases": []}, indent=1, ensure_ascii=False)
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in document["cases"])
    return head.removesuffix("[]\n}") + f"[\n{lines}\n]}}\n"


if __name__ == "__main__":
    for name, document in documents().items():
        (HERE / f"{name}.json").write_text(text_of(document), encoding="utf-8")
        print(f"{name}.json: {len(document['cases'])} cases")
