"""The vectors, and each case put to the Python verifier."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from extension.verifier.tongbao_verifier import Answer, Verifier

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "vectors" / "leases"
FILES = ("leases", "keys", "proofs", "node")


@cache
def document(name: str) -> dict[str, Any]:
    """One file of the vectors."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def numbered() -> list[tuple[str, int]]:
    """Every case as (file, number): short enough for the name of a test's parameters."""
    return [(name, number) for name in FILES for number in range(len(document(name)["cases"]))]


def name_of(place: tuple[str, int]) -> str:
    """What the case is called."""
    return str(document(place[0])["cases"][place[1]]["name"])


def verifier_for(source: dict[str, Any], case: dict[str, Any]) -> Verifier:
    """A verifier in the state that the case starts from."""
    verifier = Verifier(**{**source["options"], **case.get("options", {})})
    for name in case["loaded"]:
        assert verifier.load_keys(source["sets"][name], source["loaded_at_s"]) == "VALID", name
    return verifier


def answer(verifier: Verifier, case: dict[str, Any]) -> Answer:
    """What the Python verifier says to a case."""
    args = dict(case["args"])
    if case["call"] == "load_keys":
        return Answer(verifier.load_keys(args["token"], args["now_s"]))
    if case["call"] == "verify_lease":
        return verifier.verify_lease(**args)
    args["body"] = None if args["body"] is None else args["body"].encode()
    if case["call"] == "verify_request":
        return verifier.verify_request(**args)
    assert case["call"] == "verify_device_proof"
    return verifier.verify_device_proof(**args)
