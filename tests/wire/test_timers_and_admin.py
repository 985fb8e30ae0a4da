"""What buyers never see, over the wire: found payments, refunds to their end, a reconciled day."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from emulators.tablestore import Fault
from emulators.wechatpay import Account
from shared.domain.calendar import DAY_S, day_of
from shared.http.timer_app import JobFailed
from tests.wire.deployment import Buyer, Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def running() -> Iterator[Deployment]:
    with Deployment(Account.create()) as started:
        yield started


@pytest.fixture
def deployment(running: Deployment) -> Iterator[Deployment]:
    yield running
    running.wechat_offset_s, running.notifies_arrive = 0, False
    running.store.clear_faults()


def placed(deployment: Deployment) -> tuple[Buyer, dict[str, Any]]:
    buyer = Buyer.fresh()
    order: dict[str, Any] = deployment.order(buyer).body["order"]
    return buyer, order


def paid_and_found(deployment: Deployment) -> tuple[Buyer, dict[str, Any]]:
    """A purchase whose notify was lost, and that the timer found."""
    buyer, order = placed(deployment)
    deployment.wechat.pay(order["payment"]["value"])
    deployment.make_due(order["order_id"])
    assert deployment.timer("due")["looked"] >= 1
    return buyer, order


def test_a_payment_that_nobody_reported_is_found_by_the_timer(deployment: Deployment) -> None:
    buyer, order = paid_and_found(deployment)
    shown = deployment.operate("order", order=order["out_trade_no"])["order"]
    assert (shown["state"], shown["payment"]["source"]) == ("paid", "query")
    assert deployment.claim(buyer, order["order_id"]).status == 200


def test_a_refund_goes_from_the_request_over_the_timer_to_a_revoked_license(
        deployment: Deployment) -> None:
    buyer, order = paid_and_found(deployment)
    assert deployment.claim(buyer, order["order_id"]).status == 200
    asked = deployment.operate("refund", order=order["order_id"], key="refund-of-this-test")
    assert [each["state"] for each in asked["order"]["refunds"]] == ["requested"]
    assert deployment.claim(buyer, order["order_id"]).body["error"]["code"] == "LICENSE_SUSPENDED"

    deployment.make_due(order["order_id"])
    deployment.timer("due")
    (at_wechat,) = [refund for refund in deployment.wechat.refunds.values()
                    if refund.out_trade_no == order["out_trade_no"]]
    assert at_wechat.out_refund_no == asked["order"]["refunds"][0]["out_refund_no"]

    deployment.wechat_offset_s = 120  # WeChat needs a while, and tells us then
    deployment.notifies_arrive = True
    deployment.wechat.deliver_due_notifies()
    assert deployment.claim(buyer, order["order_id"]).body["error"]["code"] == "LICENSE_REVOKED"
    shown = deployment.operate("order", order=order["order_id"])
    assert shown["order"]["state"] == "refunded"
    assert shown["license"]["standing"] == "revoked"
    history = [(event["kind"], event["actor"]) for event in shown["order"]["history"]]
    assert ("refund_requested", "operator:ann") in history


def test_the_same_key_asks_for_the_same_refund(deployment: Deployment) -> None:
    _, order = paid_and_found(deployment)
    for _ in range(2):
        shown = deployment.operate("refund", order=order["order_id"], key="one-part",
                                   amount_minor=100)
    both = deployment.operate("refund", order=order["order_id"], key="another-part",
                              amount_minor=100)
    assert len(shown["order"]["refunds"]) == 1
    assert len({each["out_refund_no"] for each in both["order"]["refunds"]}) == 2


def test_a_day_is_reconciled_and_a_payment_that_only_its_bill_has_is_booked(
        deployment: Deployment) -> None:
    _, order = placed(deployment)
    deployment.wechat_offset_s = -2 * DAY_S
    day = day_of(int(time.time()) - 2 * DAY_S)
    deployment.wechat.pay(order["payment"]["value"])
    deployment.wechat_offset_s = 0

    done = deployment.timer("bill")
    assert done["days"] == done["done"] == 7
    shown = deployment.operate("order", order=order["order_id"])["order"]
    assert (shown["state"], shown["payment"]["source"]) == ("paid", "bill")
    again = deployment.operate("reconcile", day=day)["reconciliation"]
    assert (again["state"], again["payments"], again["differences"]) == ("done", 1, [])
    assert again["actor"].startswith("operator:")


def test_a_complaint_is_found_shown_answered_and_completed(deployment: Deployment) -> None:
    _, order = paid_and_found(deployment)
    complaint = deployment.wechat.complain(out_trade_no=order["out_trade_no"])
    assert deployment.timer("complaints")["news"] == 1
    assert deployment.timer("complaints")["news"] == 0
    (open_one,) = deployment.operate("complaints")["complaints"]
    assert open_one["order_ids"] == [order["order_id"]]
    shown = deployment.operate("complaint", complaint_id=complaint.complaint_id)
    assert shown["provider"]["complaint"]["complaint_id"] == complaint.complaint_id
    deployment.operate("answer", complaint_id=complaint.complaint_id, text="We look into it.")
    (ended,) = deployment.operate(
        "complete", complaint_id=complaint.complaint_id)["complaints"]
    assert ended["state"] == "processed"
    assert deployment.operate("complaints")["complaints"] == []
    kinds = [(event["kind"], event["actor"]) for event in ended["history"]]
    assert ("answered", "operator:ann") in kinds


def test_once_subscribed_a_complaint_is_announced_and_read_by_the_timer(
        deployment: Deployment) -> None:
    _, order = paid_and_found(deployment)
    url = deployment.environ["TONGBAO_NOTIFY_URL"]
    for _ in range(2):
        assert deployment.operate("subscribe") == {"notified": url}
    complaint = deployment.wechat.complain(out_trade_no=order["out_trade_no"])
    deployment.notifies_arrive = True
    assert [told.status for told in deployment.wechat.deliver_due_notifies()
            if told.event_type == "COMPLAINT.CREATE"] == [200]
    assert deployment.operate("complaints")["complaints"] == []
    deployment.make_due(complaint.complaint_id, "complaint")
    deployment.timer("due")
    (known,) = deployment.operate("complaints")["complaints"]
    assert known["complaint_id"] == complaint.complaint_id


def test_a_payment_that_fits_nothing_waits_and_goes_back_when_an_operator_says_so(
        deployment: Deployment) -> None:
    _, order = placed(deployment)
    transaction_id = deployment.wechat.pay(order["payment"]["value"])
    deployment.lose_order(order["order_id"])
    assert deployment.notify(order["out_trade_no"]).status == 500
    (held,) = deployment.operate("held")["held"]
    assert (held["transaction_id"], held["reason"]) == (transaction_id, "no_order")
    deployment.make_due(f"wechatpay:{transaction_id}", "held")
    deployment.timer("due")
    assert not [refund for refund in deployment.wechat.refunds.values()
                if refund.out_trade_no == order["out_trade_no"]]

    deployment.operate("resolve", transaction_id=transaction_id, how="refund")
    deployment.make_due(f"wechatpay:{transaction_id}", "held")
    deployment.timer("due")
    deployment.wechat_offset_s, deployment.notifies_arrive = 120, True
    deployment.wechat.deliver_due_notifies()
    assert deployment.operate("held")["held"] == []
    (settled,) = deployment.operate("held", settled=True)["held"]
    assert settled["state"] == "refunded"


def test_a_timer_that_cannot_read_its_list_fails_and_the_next_one_goes_on(
        deployment: Deployment) -> None:
    buyer, order = placed(deployment)
    deployment.wechat.pay(order["payment"]["value"])
    deployment.make_due(order["order_id"])
    deployment.store.inject(Fault(kind="OTSAuthFailed", times=None))
    with pytest.raises(JobFailed, match="due: TEMPORARILY_UNAVAILABLE"):
        deployment.timer("due")
    deployment.store.clear_faults()
    assert deployment.timer("due")["failed"] == 0
    assert deployment.claim(buyer, order["order_id"]).status == 200


def test_a_row_where_another_number_of_buckets_had_put_it_is_found_once_a_day() -> None:
    with Deployment(Account.create(), TONGBAO_DUE_BUCKETS="1") as deployment:
        _, order = placed(deployment)
        deployment.wechat.pay(order["payment"]["value"])
        deployment.make_due(order["order_id"])  # spread over 16 here
        bucket_of_it = deployment.timer("due")["looked"]
        assert bucket_of_it + deployment.timer("due-everywhere")["looked"] == 1
        assert deployment.operate("order", order=order["order_id"])["order"]["state"] == "paid"
