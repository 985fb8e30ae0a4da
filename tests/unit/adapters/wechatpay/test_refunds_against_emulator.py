"""Refunds against the emulator of WeChat Pay, over HTTP; notifies also against `wechatpayv3`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType

from emulators.wechatpay import Fault
from shared.adapters.wechatpay.refunds import WeChatRefundGateway
from shared.domain.complaint import ComplaintNotice
from shared.domain.money import Money
from shared.domain.refund import RefundFact, RefundState
from shared.errors import InvalidNotify, ProviderRefused, ProviderUnavailable
from shared.ports import RefundTerms
from tests.fakes.samples import PRICE
from tests.unit.adapters.wechatpay.emulated import NUMBER, Pair, account, pair

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, SECOND = "TB01RFND1", "TB01RFND2"
PART = Money(4900, "CNY")


class Shop:
    """A paid order and the gateway that gives its money back."""

    def __init__(self, both: Pair) -> None:
        self.both, self.wechat = both, both.wechat
        self.transaction_id = both.wechat.pay(both.place().value, coupon_fen=500)
        self.gateway = WeChatRefundGateway(both.transport, payee=both.gateway.payee,
                                           notify_url="https://example.com/v1/notify/wechatpay")

    def request(self, number: str = FIRST, amount: Money = PART, total: Money = PRICE) -> str:
        return self.gateway.prepare(
            RefundTerms(number, NUMBER, self.transaction_id, amount, total))

    def notified(self, **about: Any) -> tuple[dict[str, str], bytes]:
        headers, body = self.wechat.build_notify(**about)
        return {name.lower(): value for name, value in headers.items()}, body


@pytest.fixture
def shop() -> Iterator[Shop]:
    with pair() as both:
        yield Shop(both)


def test_a_refund_is_placed_settled_notified_and_queried(shop: Shop) -> None:
    assert shop.gateway.query(FIRST) is None
    placed = shop.gateway.place(shop.request())
    assert (placed.state, placed.amount, placed.total, placed.source) == (
        RefundState.PROCESSING, PART, PRICE, "place")
    shop.wechat.settle_refund(FIRST)
    queried = shop.gateway.query(FIRST)
    told = shop.both.verifier.verify(*shop.notified(out_refund_no=FIRST),
                                     shop.both.clock.now_s())
    assert isinstance(told, RefundFact)
    assert queried == told._replace(source="query")
    assert told.state is RefundState.SUCCEEDED
    assert told.settled_at_s == shop.both.clock.now_s()
    assert told.transaction_id == shop.transaction_id


@pytest.mark.parametrize("status", ["SUCCESS", "ABNORMAL", "CLOSED"])
def test_a_notify_says_what_a_query_says(shop: Shop, status: str) -> None:
    shop.gateway.place(shop.request())
    shop.wechat.settle_refund(FIRST, status)
    told = shop.both.verifier.verify(*shop.notified(out_refund_no=FIRST),
                                     shop.both.clock.now_s())
    assert isinstance(told, RefundFact)
    assert told._replace(source="query") == shop.gateway.query(FIRST)


def test_placing_again_makes_no_second_refund(shop: Shop) -> None:
    request = shop.request()
    first, again = shop.gateway.place(request), shop.gateway.place(request)
    assert first == again
    assert [*shop.wechat.refunds] == [FIRST]


def test_two_equal_parts_are_two_refunds(shop: Shop) -> None:
    shop.gateway.place(shop.request(FIRST))
    shop.gateway.place(shop.request(SECOND))
    assert [*shop.wechat.refunds] == [FIRST, SECOND]


@pytest.mark.parametrize("kind", ["timeout_after_commit", "system_error", "bad_gateway"])
def test_a_refund_made_in_a_lost_answer_is_made_once(shop: Shop, kind: str) -> None:
    more = {"hold_s": 1} if kind == "timeout_after_commit" else {"applied": True}
    shop.wechat.inject(Fault(kind, "refund", **more))
    assert shop.gateway.place(shop.request()).state is RefundState.PROCESSING
    assert [*shop.wechat.refunds] == [FIRST]


@pytest.mark.parametrize("kind", ["signtest", "unsigned", "wrong_serial", "tampered_body",
                                  "system_error", "rate_limited", "bad_gateway", "redirect"])
def test_lasting_faults_leave_it_open_though_it_was_made(shop: Shop, kind: str) -> None:
    more = ({"applied": True} if kind in ("system_error", "rate_limited", "bad_gateway") else {})
    shop.wechat.inject(Fault(kind, "refund", times=None, **more))
    with pytest.raises(ProviderUnavailable):
        shop.gateway.place(shop.request())
    fact = shop.gateway.query(FIRST)
    assert (fact is not None) == (FIRST in shop.wechat.refunds)


def test_an_answer_with_another_amount_is_not_believed(shop: Shop) -> None:
    shop.wechat.inject(Fault("tampered_amount", "refund", changes={"amount.refund": 1}))
    with pytest.raises(ProviderUnavailable, match="answer_about_another_refund"):
        shop.gateway.place(shop.request())


def test_too_little_balance_keeps_it_open_and_passes(shop: Shop) -> None:
    shop.wechat.set_balance(0)
    with pytest.raises(ProviderUnavailable, match="NOT_ENOUGH"):
        shop.gateway.place(shop.request())
    shop.wechat.set_balance(100_000)
    assert shop.gateway.place(shop.request()).state is RefundState.PROCESSING


def test_more_than_is_left_is_refused_for_good(shop: Shop) -> None:
    shop.wechat.console_refund(NUMBER, 9000)
    with pytest.raises(ProviderRefused, match="INVALID_REQUEST"):
        shop.gateway.place(shop.request())
    assert shop.gateway.query(FIRST) is None


def test_a_number_used_for_another_amount_is_not_refused(shop: Shop) -> None:
    shop.gateway.place(shop.request())
    with pytest.raises(ProviderUnavailable, match="answer_about_another_refund"):
        shop.gateway.place(shop.request(amount=Money(1, "CNY")))


def test_an_unpaid_order_has_nothing_to_give_back() -> None:
    with pair() as both:
        both.place()
        gateway = WeChatRefundGateway(both.transport, payee=both.gateway.payee,
                                      notify_url="https://example.com/v1/notify/wechatpay")
        request = gateway.prepare(RefundTerms(FIRST, NUMBER, "4200000000", PART, PRICE))
        with pytest.raises(ProviderRefused, match="RESOURCE_NOT_EXISTS"):
            gateway.place(request)


def test_a_refund_of_the_merchant_console_can_be_asked_for(shop: Shop) -> None:
    made = shop.wechat.console_refund(NUMBER)
    fact = shop.gateway.query(made.out_refund_no)
    assert fact is not None
    assert (fact.out_trade_no, fact.amount) == (NUMBER, PRICE)


def library() -> Any:
    """wechatpayv3 as a merchant has it, to read notifies on its own."""
    return WeChatPay(
        WeChatPayType.NATIVE, account().mchid, account().merchant_private_key_pem,
        account().merchant_serial, account().appid, account().api_v3_key,
        public_key=account().wechatpay_public_key_pem, public_key_id=account().public_key_id)


def test_wechatpayv3_reads_the_same_refund(shop: Shop) -> None:
    shop.gateway.place(shop.request())
    headers, body = shop.wechat.build_notify(out_refund_no=FIRST)
    read = library().callback(headers, body.decode())
    told = shop.both.verifier.verify({name.lower(): value for name, value in headers.items()},
                                     body, shop.both.clock.now_s())
    assert isinstance(told, RefundFact)
    assert read["event_type"] == "REFUND.SUCCESS"
    assert (told.out_refund_no, told.provider_refund_id, told.amount.amount_minor) == (
        read["resource"]["out_refund_no"], read["resource"]["refund_id"],
        read["resource"]["amount"]["refund"])


@pytest.mark.parametrize("action", ["CREATE_COMPLAINT", "USER_RESPONSE"])
def test_wechatpayv3_reads_the_same_complaint(shop: Shop, action: str) -> None:
    made = shop.wechat.complain(out_trade_no=NUMBER)
    headers, body = shop.wechat.build_notify(complaint_id=made.complaint_id, action_type=action)
    read = library().callback(headers, body.decode())
    told = shop.both.verifier.verify({name.lower(): value for name, value in headers.items()},
                                     body, shop.both.clock.now_s())
    assert told == ComplaintNotice("wechatpay", read["resource"]["complaint_id"], action)
    assert read["event_type"] == ("COMPLAINT.CREATE" if action == "CREATE_COMPLAINT"
                                  else "COMPLAINT.STATE_CHANGE")


@pytest.mark.parametrize("kind", ["signtest", "wrong_serial", "unsigned", "tampered_body",
                                  "truncated_body", "wrong_api_v3_key"])
def test_a_faulty_notify_of_a_refund_is_refused(shop: Shop, kind: str) -> None:
    shop.gateway.place(shop.request())
    faulty = shop.notified(out_refund_no=FIRST, faults=(Fault(kind, "notify"),))
    with pytest.raises(InvalidNotify):
        shop.both.verifier.verify(*faulty, shop.both.clock.now_s())
