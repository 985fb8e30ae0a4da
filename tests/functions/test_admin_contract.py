"""What admin takes: strict acts, each field named when it is wrong, nothing else at all."""

from __future__ import annotations

import json

import pytest

from shared.http import operator_contract
from tests.functions.events import Context, event
from tests.functions.office import Office


@pytest.fixture
def office() -> Office:
    return Office()


def test_every_act_of_the_contract_is_done_by_the_function(office: Office) -> None:
    assert set(office.app.acts) == set(operator_contract.Act.__subclasses__())


GOOD = {"act": "refund", "actor": "ann", "order": "0" * 26, "key": "key-00001"}
WRONG: list[tuple[str, dict[str, object]]] = [
    ("act", {"act": "delete"}), ("act", {"act": None}), ("actor", {"actor": ""}),
    ("actor", {"actor": "Ann"}), ("actor", {"actor": "a" * 41}), ("actor", {"actor": "a\n"}),
    ("actor", {"actor": None}), ("key", {"key": "short"}), ("key", {"key": 12_345_678}),
    ("order", {"order": ""}), ("order", {"order": 7}), ("amount_minor", {"amount_minor": 0}),
    ("amount_minor", {"amount_minor": -1}), ("amount_minor", {"amount_minor": "1"}),
    ("amount_minor", {"amount_minor": 1.0}), ("amount_minor", {"amount_minor": True})]


def test_the_act_that_the_wrong_ones_differ_from_is_understood(office: Office) -> None:
    assert office.app(json.dumps(GOOD).encode(), Context())["error"]["code"] == "ORDER_NOT_FOUND"


@pytest.mark.parametrize(("field", "change"), WRONG)
def test_one_wrong_field_is_named(office: Office, field: str, change: dict[str, object]) -> None:
    error = office.app(json.dumps({**GOOD, **change}).encode(), Context())["error"]
    assert (error["code"], error["field"]) == ("INVALID_FIELD", field)
    assert office.world.orders.calls == []


def test_an_unknown_field_is_refused_and_not_repeated(office: Office) -> None:
    error = office.app(json.dumps({**GOOD, "canary": 1}).encode(), Context())["error"]
    assert error["code"] == "INVALID_FIELD"
    assert "canary" not in json.dumps(error)


@pytest.mark.parametrize("change", [{"how": "refund", "reason": "no_need"}, {"how": "dismiss"}])
def test_a_reason_goes_with_dismissing_and_only_with_it(
        office: Office, change: dict[str, object]) -> None:
    assert office.refused("resolve", transaction_id="42", **change)["field"] == "reason"


@pytest.mark.parametrize("raw", [
    b"", b"{", b"[]", b'"refund"', b'{"act":"due","act":"due","actor":"ann"}', b"\xff",
    event("POST", "/", {}, json.dumps(GOOD).encode())])
def test_what_is_no_act_at_all_is_refused(office: Office, raw: bytes) -> None:
    answer = office.app(raw, Context())
    assert answer["error"]["code"] in ("INVALID_JSON", "INVALID_FIELD")
    assert office.world.log.named("admin.acted") == []
