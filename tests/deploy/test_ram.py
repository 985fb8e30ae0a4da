"""The roles' policies: each function may do what it does, and nothing else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from scripts.packaging.contents import PACKAGES
from shared.adapters.tablestore.tables import TABLES
from tests.deploy.rendering import ROOT

RAM = ROOT / "infra" / "ram"
TABLE = re.compile(r"acs:ots:REGION:ACCOUNT_ID:instance/INSTANCE/table/([a-z_]+)")
LOG = "acs:log:REGION:ACCOUNT_ID:project/LOG_PROJECT/logstore/LOG_STORE"
ROW_ACTIONS = {"ots:GetRow", "ots:PutRow", "ots:UpdateRow", "ots:BatchWriteRow", "ots:GetRange"}
REMOVING = {("due", "ots:DeleteRow"), ("payer_refunds", "ots:DeleteRow")}
"""A row of the work list is removed when its work is done, a payer's when the payer is forgotten;
nothing else ever goes away.
"""

BOOKS = {"orders": {"GetRow", "UpdateRow"}, "due": {"GetRow", "PutRow"},
         "held_payments": {"GetRow", "PutRow"}}
"""Whoever asks or hears of a payment may book it, or hold it, and tell the timer."""
READ_WRITE = {"GetRow", "PutRow", "UpdateRow"}

# What each function does to which table; tests/wire/test_rights.py compares it with what they do.
# A new row that may or may not have landed is read back, so PutRow never comes without GetRow.
RIGHTS = {
    "create-order": {**BOOKS, "orders": {*READ_WRITE, "BatchWriteRow"},
                     "due": {"GetRow", "PutRow", "BatchWriteRow"}, "licenses": READ_WRITE,
                     "payer_refunds": {"GetRow", "PutRow", "GetRange"}},
    "notify": {**BOOKS, "held_payments": READ_WRITE},
    "license-fetch": {**BOOKS, "licenses": READ_WRITE, "payer_refunds": {"GetRange"}},
    "timers": {**BOOKS, "due": {*READ_WRITE, "GetRange", "DeleteRow"},
               "held_payments": {*READ_WRITE, "GetRange"}, "licenses": READ_WRITE,
               "complaints": READ_WRITE, "ledger": {"GetRow", "PutRow", "GetRange"},
               "reconciliations": READ_WRITE, "payer_refunds": {"DeleteRow"}},
    "admin": {**BOOKS, "due": {"GetRow", "PutRow", "GetRange"},
              "held_payments": {*READ_WRITE, "GetRange"}, "licenses": READ_WRITE,
              "complaints": {*READ_WRITE, "GetRange"},
              "ledger": {"GetRow", "PutRow", "GetRange"}, "reconciliations": READ_WRITE,
              "payer_refunds": {"GetRange", "DeleteRow"}},
}


def policy(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((RAM / f"{name}.json").read_text())
    assert document["Version"] == "1"
    return document


def offences(document: dict[str, Any]) -> list[str]:
    """Everything in a function's policy that is not row access to a known table, or logging."""
    found = []
    tables = {table.name for table in TABLES}
    for statement in document["Statement"]:
        if set(statement) != {"Effect", "Action", "Resource"} or statement["Effect"] != "Allow":
            found.append("a statement is not a plain Allow")
        actions = set(statement["Action"])
        for resource in statement["Resource"]:
            table = TABLE.fullmatch(resource)
            removing = {action for action in actions
                        if table is not None and (table[1], action) in REMOVING}
            known = (table is not None and table[1] in tables
                     and actions - removing <= ROW_ACTIONS)
            if not known and (resource, actions) != (LOG, {"log:PostLogStoreLogs"}):
                found.append(f"{sorted(actions)} on {resource}")
    return found


def rights(document: dict[str, Any]) -> dict[str, set[str]]:
    granted: dict[str, set[str]] = {}
    for statement in document["Statement"]:
        for resource in statement["Resource"]:
            if (table := TABLE.fullmatch(resource)) is not None:
                actions = {action.partition(":")[2] for action in statement["Action"]}
                granted.setdefault(table[1], set()).update(actions)
    return granted


def test_every_function_has_a_policy() -> None:
    assert {path.stem for path in RAM.glob("*.json")} == {
        *PACKAGES, "trust", "deployer", "operator"}


@pytest.mark.parametrize("name", PACKAGES)
def test_a_function_may_do_what_it_does_and_nothing_else(name: str) -> None:
    assert offences(policy(name)) == []
    assert rights(policy(name)) == RIGHTS[name]


@pytest.mark.parametrize(("key", "value"), [
    ("Action", ["ots:*"]), ("Action", ["ots:DeleteRow"]), ("Action", ["ots:DeleteTable"]),
    ("Resource", ["*"]), ("Effect", "Deny"),
    ("Resource", ["acs:ots:REGION:ACCOUNT_ID:instance/INSTANCE/table/*"]),
    ("Resource", ["acs:ots:REGION:ACCOUNT_ID:instance/INSTANCE/table/accounts"])])
def test_a_wider_statement_would_be_seen(key: str, value: object) -> None:
    document = policy("notify")
    document["Statement"][0][key] = value
    assert len(offences(document)) == 1


def test_only_function_compute_takes_on_the_roles() -> None:
    (statement,) = policy("trust")["Statement"]
    assert statement == {"Effect": "Allow", "Action": "sts:AssumeRole",
                         "Principal": {"Service": ["fc.aliyuncs.com"]}}


def test_who_deploys_hands_over_these_roles_only() -> None:
    (statement,) = policy("deployer")["Statement"]
    assert statement["Action"] == ["ram:PassRole"]
    assert statement["Resource"] == ["acs:ram::ACCOUNT_ID:role/tongbao-STAGE-*"]
    assert statement["Condition"] == {"StringEquals": {"acs:Service": ["fc.aliyuncs.com"]}}


def test_only_done_work_and_forgotten_payers_are_removed() -> None:
    removing = {(name, table) for name in PACKAGES
                for table, actions in rights(policy(name)).items() if "DeleteRow" in actions}
    assert removing == {("timers", "due"), ("timers", "payer_refunds"),
                        ("admin", "payer_refunds")}


def test_an_operator_may_invoke_admin_and_nothing_else() -> None:
    (statement,) = policy("operator")["Statement"]
    assert statement["Action"] == ["fc:InvokeFunction"]
    function = "acs:fc:REGION:ACCOUNT_ID:functions/tongbao-STAGE-admin"
    assert statement["Resource"] == [function, f"{function}/*"]
