"""Complaints against the emulator of WeChat Pay, over HTTP: from filing to completion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulators.wechatpay import Fault
from shared.adapters.wechatpay.complaints import WeChatComplaints
from shared.domain.complaint import ComplaintState
from shared.domain.money import Money
from shared.errors import ProviderRefused, ProviderUnavailable
from tests.fakes.samples import PRICE, SNAPSHOT, number
from tests.unit.adapters.wechatpay.emulated import NUMBER, START_S, Pair, pair

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = "2027-01-15"


class Case:
    """A paid order, about which its buyer complained."""

    def __init__(self, both: Pair) -> None:
        self.both, self.wechat = both, both.wechat
        both.wechat.pay(both.place().value)
        self.id = both.wechat.complain(out_trade_no=NUMBER, detail="付了两次",
                                       apply_refund_fen=4900).complaint_id
        self.desk = WeChatComplaints(both.transport, payee=both.gateway.payee)

    def state(self) -> ComplaintState:
        fact = self.desk.read(self.id)
        assert fact is not None
        return fact.state


@pytest.fixture
def case() -> Iterator[Case]:
    with pair() as both:
        yield Case(both)


def test_a_complaint_is_read_and_listed_alike(case: Case) -> None:
    fact = case.desk.read(case.id)
    assert fact is not None
    assert (fact.complaint_id, fact.state, fact.out_trade_nos, fact.complained_at_s) == (
        case.id, ComplaintState.PENDING, (NUMBER,), START_S)
    assert (fact.problem_type, fact.user_complaint_times, fact.is_fully_refunded,
            fact.asked_refund) == ("REFUND", 1, False, Money(4900, "CNY"))
    assert [*case.desk.list(DAY, DAY)] == [fact]
    assert [*case.desk.list("2026-12-01", "2027-02-15")] == [fact]
    assert [*case.desk.list("2027-01-16", "2027-02-20")] == []


def test_an_unknown_complaint_is_none(case: Case) -> None:
    assert case.desk.read("200000020270115000000000000") is None
    with pytest.raises(ProviderRefused, match="RESOURCE_NOT_EXISTS"):
        case.desk.show("200000020270115000000000000")


def test_it_is_answered_completed_and_reopened(case: Case) -> None:
    case.desk.answer(case.id, "已为您退款")
    assert case.state() is ComplaintState.PROCESSING
    case.desk.complete(case.id)
    assert case.state() is ComplaintState.PROCESSED
    case.desk.complete(case.id)
    case.wechat.reopen_complaint(case.id)
    fact = case.desk.read(case.id)
    assert fact is not None
    assert (fact.state, fact.user_complaint_times) == (ComplaintState.PENDING, 2)


def test_it_cannot_be_completed_before_it_was_answered(case: Case) -> None:
    with pytest.raises(ProviderRefused, match="INVALID_REQUEST"):
        case.desk.complete(case.id)
    assert case.state() is ComplaintState.PENDING


def test_an_operator_sees_everything_but_who_it_is(case: Case) -> None:
    case.desk.answer(case.id, "请稍候")
    case.wechat.buyer_replies(case.id, "好的")
    shown = case.desk.show(case.id)
    assert shown["complaint"]["complaint_detail"] == "付了两次"
    assert {"payer_phone", "payer_openid"}.isdisjoint(shown["complaint"])
    assert [entry["operate_details"] for entry in shown["history"]] == [
        "好的", "请稍候", "付了两次"]


def test_more_than_a_page_of_complaints_is_listed(case: Case) -> None:
    for n in range(2, 53):
        request = case.both.gateway.prepare(number(n), SNAPSHOT, START_S + 7200)
        case.wechat.pay(case.both.gateway.place(request, START_S).value)
        case.wechat.complain(out_trade_no=number(n), problem_type="OTHERS")
    found = [*case.desk.list(DAY, DAY)]
    assert len({fact.complaint_id for fact in found}) == len(found) == 52
    assert found[0].asked_refund is None


def test_a_full_refund_is_seen(case: Case) -> None:
    made = case.wechat.console_refund(NUMBER, PRICE.amount_minor)
    case.wechat.settle_refund(made.out_refund_no)
    fact = case.desk.read(case.id)
    assert fact is not None
    assert fact.is_fully_refunded


def test_an_answer_whose_fate_is_unknown_is_not_sent_twice(case: Case) -> None:
    case.wechat.inject(Fault("timeout_after_commit", "complaint_response", hold_s=1))
    with pytest.raises(ProviderUnavailable):
        case.desk.answer(case.id, "已为您退款")
    history = case.desk.show(case.id)["history"]
    assert [entry["operate_details"] for entry in history].count("已为您退款") == 1


def test_completing_again_after_a_lost_answer_is_fine(case: Case) -> None:
    case.desk.answer(case.id, "已为您退款")
    case.wechat.inject(Fault("timeout_after_commit", "complaint_complete", hold_s=1))
    with pytest.raises(ProviderUnavailable):
        case.desk.complete(case.id)
    case.desk.complete(case.id)
    assert case.state() is ComplaintState.PROCESSED


@pytest.mark.parametrize("endpoint", ["complaint", "complaints"])
@pytest.mark.parametrize("kind", ["unsigned", "signtest", "system_error", "tampered_body"])
def test_lasting_faults_are_no_absence(case: Case, kind: str, endpoint: str) -> None:
    case.wechat.inject(Fault(kind, endpoint, times=None))
    with pytest.raises(ProviderUnavailable):
        if endpoint == "complaint":
            case.desk.read(case.id)
        else:
            [*case.desk.list(DAY, DAY)]


OURS, THEIRS = "https://shop.example.com/notify", "https://other.example.com/notify"


def subscriber(case: Case, url: str = OURS) -> WeChatComplaints:
    return WeChatComplaints(case.both.transport, payee=case.both.gateway.payee, notify_url=url)


def writes(case: Case) -> list[str]:
    return [each.method for each in case.wechat.requests
            if "complaint-notifications" in each.target and each.method != "GET"]


def test_wechat_is_told_once_whom_to_notify(case: Case) -> None:
    for _ in range(2):
        assert subscriber(case).subscribe(replace=False) == OURS
    assert writes(case) == ["POST"]


def test_the_address_of_another_is_replaced_only_on_purpose(case: Case) -> None:
    subscriber(case, THEIRS).subscribe(replace=False)
    assert subscriber(case).subscribe(replace=False) == THEIRS
    assert writes(case) == ["POST"]
    assert subscriber(case).subscribe(replace=True) == OURS
    assert writes(case) == ["POST", "PUT"]
