"""admin: strict acts, one answer or one error for each, every act with its actor and logged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.domain.calendar import day_of
from shared.domain.refund_policy import RefundPolicy
from shared.errors import ProviderUnavailable
from shared.use_cases.claim_license import claim_license
from tests.fakes.script import raises
from tests.functions.events import Context
from tests.functions.office import Office
from tests.unit.use_cases.world import DEVICE, OTHER_KEY, SECRET

DAY_S = 86_400


@pytest.fixture
def office() -> Office:
    return Office()


def actors(shown: dict[str, Any], kind: str) -> list[str]:
    return [entry["actor"] for entry in shown["history"] if entry["kind"] == kind]


def days_ago(office: Office, count: int) -> str:
    return day_of(office.world.clock.now_s() - count * DAY_S)


def typed(number: str) -> str:
    """As people type: in groups, in small letters, O for 0."""
    grouped = "-".join(number[start:start + 4] for start in range(0, len(number), 4))
    return f" {grouped.lower().replace('0', 'o')} "


def test_an_order_is_shown_whole_by_its_id_and_by_its_number_as_typed(office: Office) -> None:
    order = office.paid()
    office.world.run_timers_for(120)
    shown = office.ok("order", order=order.order_id)
    assert office.ok("order", order=typed(order.out_trade_no)) == shown
    assert shown["order"]["payment"]["amount"] == {"amount_minor": 9900, "currency": "CNY"}
    assert shown["license"]["standing"] == "active"
    assert [entry["kind"] for entry in shown["order"]["history"]][-1] == "paid"
    assert order.claim_secret_hash not in json.dumps(shown)


def test_a_typing_error_is_told_from_an_order_that_is_not_there(office: Office) -> None:
    number = office.paid().out_trade_no
    other = "0" if number[10] != "0" else "1"
    wrong = office.refused("order", order=number[:10] + other + number[11:])
    assert (wrong["code"], wrong["field"]) == ("INVALID_FIELD", "order")
    assert office.refused("order", order="0" * 26)["code"] == "ORDER_NOT_FOUND"


def test_a_refund_is_reserved_once_per_key_in_the_actor_s_name(office: Office) -> None:
    order = office.paid()
    for _ in range(2):
        shown = office.ok("refund", order=order.order_id, key="key-00001", amount_minor=300)
    (refund,) = shown["order"]["refunds"]
    assert (refund["amount"]["amount_minor"], refund["requested_by"]) == (300, "operator:ann")
    rest = office.ok("refund", order=order.order_id, key="key-00002")["order"]["refunds"]
    assert [each["amount"]["amount_minor"] for each in rest] == [300, 9600]
    more = office.refused("refund", order=order.order_id, key="key-00003")
    assert more["code"] == "REFUND_EXCEEDS_PAYMENT"


def test_above_the_limit_it_takes_two_people() -> None:
    office = Office(RefundPolicy(window_days=7, approval_above_minor=100))
    number = office.paid().order_id
    waiting = office.ok("refund", order=number, key="key-00001")["order"]["refunds"][0]
    assert waiting["state"] == "awaiting_approval"
    own = office.refused("approve", order=number, refund_id=waiting["refund_id"])
    assert own["code"] == "NEEDS_ANOTHER_PERSON"
    approved = office.ok("approve", order=number, refund_id=waiting["refund_id"],
                         actor="bo")["order"]
    assert approved["refunds"][0]["state"] == "requested"
    assert actors(approved, "refund_approved") == ["operator:bo"]
    late = office.refused("decline", order=number, refund_id=waiting["refund_id"],
                          reason="changed_mind")
    assert late["code"] == "REFUND_NOT_DECIDABLE"


def test_a_refund_is_declined_with_a_reason() -> None:
    office = Office(RefundPolicy(window_days=7, approval_above_minor=100))
    number = office.paid().order_id
    waiting = office.ok("refund", order=number, key="key-00001")["order"]["refunds"][0]
    declined = office.ok("decline", order=number, refund_id=waiting["refund_id"],
                         reason="already_used")["order"]
    assert declined["refunds"][0]["state"] == "declined"
    assert declined["history"][-1]["data"]["reason"] == "already_used"


def test_a_license_is_held_back_and_let_go(office: Office) -> None:
    number = office.paid().order_id
    held = office.ok("hold", order=number)["order"]
    assert (held["holds"], actors(held, "held")) == (["operator"], ["operator:ann"])
    assert office.ok("order", order=number)["license"]["standing"] == "suspended"
    free = office.ok("release", order=number, actor="bo")["order"]
    assert (free["holds"], actors(free, "released")) == ([], ["operator:bo"])
    assert office.ok("order", order=number)["license"]["standing"] == "active"


def test_a_gift_is_given_once_per_key(office: Office) -> None:
    number = office.paid().order_id
    for _ in range(2):
        shown = office.ok("gift", order=number, term_days=30, key="gift-0001")["license"]
    assert [grant["proof"] for grant in shown["grants"]] == ["payment", "gift"]
    assert actors(shown, "granted")[-1] == "operator:ann"
    later = office.ok("gift", order=number, term_days=30, key="gift-0002")["license"]
    assert later["ends_at_s"] == shown["ends_at_s"] + 30 * DAY_S


def test_a_held_payment_is_listed_and_refunded_once(office: Office) -> None:
    transaction = office.held()
    (listed,) = office.ok("held")["held"]
    assert (listed["transaction_id"], listed["reason"]) == (transaction, "amount")
    for _ in range(2):
        (held,) = office.ok("resolve", transaction_id=transaction, how="refund")["held"]
        assert held["state"] == "refund_requested"
    assert actors(held, "refund_requested") == ["operator:ann"]
    dismissed = office.refused("resolve", transaction_id=transaction, how="dismiss",
                               reason="too_late")
    assert dismissed["code"] == "HELD_PAYMENT_SETTLED"


def test_a_dismissed_held_payment_leaves_the_list_with_its_reason(office: Office) -> None:
    transaction = office.held()
    office.ok("resolve", transaction_id=transaction, how="dismiss", reason="paid_back_by_bank")
    assert office.ok("held")["held"] == []
    (settled,) = office.ok("held", settled=True)["held"]
    assert settled["history"][-1]["data"] == {"reason": "paid_back_by_bank"}
    assert actors(settled, "dismissed") == ["operator:ann"]
    unknown = office.refused("resolve", transaction_id="42", how="refund")
    assert unknown["code"] == "HELD_PAYMENT_NOT_FOUND"


def test_a_complaint_is_shown_answered_and_completed(office: Office) -> None:
    complaint_id = office.complaint()
    (listed,) = office.ok("complaints")["complaints"]
    assert listed["complaint_id"] == complaint_id
    assert listed["answer_by_s"] == listed["complained_at_s"] + DAY_S
    shown = office.ok("complaint", complaint_id=complaint_id)
    assert shown["provider"]["complaint_detail"] == "it does not work"
    office.ok("answer", complaint_id=complaint_id, text="Please try again.")
    assert office.world.complaint_desk.answers == [(complaint_id, "Please try again.")]
    (ended,) = office.ok("complete", complaint_id=complaint_id, actor="bo")["complaints"]
    assert actors(ended, "answered") + actors(ended, "completed") == [
        "operator:ann", "operator:bo"]
    assert office.ok("complaints")["complaints"] == []
    assert len(office.ok("complaints", settled=True)["complaints"]) == 1
    assert office.refused("complaint", complaint_id="42")["code"] == "COMPLAINT_NOT_FOUND"


def test_notifies_of_complaints_are_subscribed_to_and_another_s_only_on_purpose(
        office: Office) -> None:
    office.world.complaint_desk.notified = "https://another.example/"
    assert office.ok("subscribe") == {"notified": "https://another.example/"}
    assert office.ok("subscribe", replace=True)["notified"].startswith("https://shop.example/")


def test_a_day_is_reconciled_by_hand_as_often_as_wanted(office: Office) -> None:
    day = days_ago(office, 2)
    for _ in range(2):
        result = office.ok("reconcile", day=day)["reconciliation"]
        assert (result["state"], result["run_at_s"]) == ("done", office.world.clock.now_s())
        assert result["actor"] == "operator:ann"
        office.world.clock.advance_s(60)
    assert office.refused("reconcile", day=days_ago(office, 0))["code"] == "BILL_NOT_DUE"
    never = office.refused("reconcile", day="2025-02-30")
    assert (never["code"], never["field"]) == ("INVALID_FIELD", "day")


def test_who_removed_a_device_and_who_erased_a_buyer_stays_in_the_histories(
        office: Office) -> None:
    number = office.paid().order_id
    device_id = claim_license(
        number, SECRET, DEVICE, office.world.desk()).license.devices[0].device_id
    removed = office.ok("device", order=number, device_id=device_id)["license"]
    assert actors(removed, "device_removed") == ["operator:ann"]
    other = office.paid(OTHER_KEY, payer_hash="ab" * 32)
    claim_license(other.order_id, SECRET, DEVICE, office.world.desk())
    office.ok("erase", order=other.order_id, actor="bo")
    shown = office.ok("order", order=other.order_id)
    assert actors(shown["order"], "payer_forgotten") == ["operator:bo"]
    assert actors(shown["license"], "devices_forgotten") == ["operator:bo"]


def test_what_is_due_is_counted(office: Office) -> None:
    office.paid()
    office.world.clock.advance_s(60)
    assert office.ok("due") == {"due": 1}


def test_every_act_is_logged_with_its_actor_and_never_with_what_it_said(office: Office) -> None:
    complaint_id = office.complaint()
    office.ok("answer", complaint_id=complaint_id, text="canary-of-an-answer")
    assert office.world.log.named("admin.acted") == [{"act": "answer", "actor": "ann"}]
    assert "canary" not in office.world.log.text()


def test_an_act_that_fails_answers_in_both_languages_and_is_logged(office: Office) -> None:
    complaint_id = office.complaint()
    office.world.complaint_desk.script.before(
        "answer", raises(ProviderUnavailable(reason="timeout")))
    error = office.refused("answer", complaint_id=complaint_id, text="Hello.")
    assert error["code"] == "PROVIDER_UNAVAILABLE"
    assert error["message"]
    assert error["message_zh"]
    assert error["request_id"] == Context().request_id
    (told,) = office.world.log.named("admin.refused")
    assert (told["act"], told["actor"], told["reason"]) == ("answer", "ann", "timeout")


def test_a_mistake_of_ours_is_an_error_without_its_text(office: Office) -> None:
    office.world.orders.script.before("load", raises(ValueError("canary")))
    error = office.refused("order", order="0" * 26)
    assert error["code"] == "INTERNAL_ERROR"
    assert "canary" not in json.dumps(error) + office.world.log.text()
    assert office.world.log.named("function.crashed") == [{"alarm": True, "kind": "ValueError"}]
