"""The audit finds nothing in a clean store, and each wrong thing that is planted in one."""

from __future__ import annotations

from copy import deepcopy

import pytest

from scripts.auditing.audit import CHECKS, audit, findings, table
from scripts.auditing.device_checks import CHECKS as DEVICE_CHECKS
from scripts.auditing.evidence import Evidence
from scripts.auditing.reading import read
from tests.audit.plants import PLANTS
from tests.audit.town import Town, build


@pytest.fixture(scope="module")
def clean() -> Town:
    return build()


@pytest.fixture
def town(clean: Town) -> Town:
    return _copy(clean)


def _copy(town: Town) -> Town:
    return Town(town.world, town.orders, deepcopy(town.rows), deepcopy(town.journal),
                list(town.log), town.now_s)


def test_a_clean_store_has_no_findings_and_every_check_is_asked(town: Town) -> None:
    results = audit(town.evidence())
    assert findings(results) == []
    assert [result.check for result in results if not result.looked_at] == []


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_violation_is_found(plant: str, town: Town) -> None:
    check, act = PLANTS[plant]
    act(town)
    assert check in {found.check for found in town.findings()}


def test_what_is_wrong_with_devices_is_found_by_one_check_alone(town: Town) -> None:
    for check, act in PLANTS.values():
        if check in {one.name for one in DEVICE_CHECKS}:
            copied = _copy(town)
            act(copied)
            assert {found.check for found in copied.findings()} == {check}


def test_every_check_has_a_planted_violation() -> None:
    assert {check for check, _ in PLANTS.values()} == {check.name for check in CHECKS}


def test_without_journal_and_log_their_checks_are_left_out_and_said_to_be(town: Town) -> None:
    results = audit(Evidence(read(town.rows), town.now_s))
    unasked = {result.check for result in results if result.looked_at is None}
    assert unasked == {"taken", "booked", "given-back", "sent-back", "acknowledged", "logged",
                       "logged-licenses", "leases", "logged-notifies", "logged-held"}
    assert "–" in table(results)


def test_what_is_young_may_still_be_on_its_way(town: Town) -> None:
    town.rows["licenses"].remove(town.license("paid"))
    paid_at_s = town.order("paid")["payment_paid_at_s"]
    evidence = Evidence(read(town.rows), paid_at_s + 60)
    assert "delivered" not in {found.check for found in findings(audit(evidence))}


def test_a_finding_names_no_order_number_and_no_transaction(clean: Town) -> None:
    numbers = [row["out_trade_no"] for row in clean.rows["orders"]]
    transactions = [row["payment_transaction_id"] for row in clean.rows["orders"]
                    if "payment_transaction_id" in row]
    assert len(transactions) > 3
    for _, act in PLANTS.values():
        town = _copy(clean)
        act(town)
        shown = table(audit(town.evidence()))
        assert not [secret for secret in (*numbers, *transactions) if secret in shown]
