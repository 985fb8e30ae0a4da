"""Bills against the emulator of WeChat Pay, over HTTP, whole and spoilt."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from emulators.wechatpay import Fault
from shared.adapters.wechatpay.bills import WeChatBills
from shared.adapters.wechatpay.payer import payer_hasher
from shared.domain.bill import Bill
from shared.domain.money import Money
from shared.domain.refund import RefundState
from shared.errors import BillNotReady, ProviderUnavailable, UntrustedBill
from tests.fakes.samples import PRICE, SNAPSHOT, number
from tests.unit.adapters.wechatpay.emulated import NUMBER, Pair, pair

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = "2027-01-15"
PEPPER = b"TestPepperOfTongbao0123456789"
SECOND = number(2)


class Day:
    """A day with two payments, one with a coupon, and a refund from the merchant's console."""

    def __init__(self, both: Pair) -> None:
        self.both, self.wechat = both, both.wechat
        both.wechat.pay(both.place().value, coupon_fen=500)
        request = both.gateway.prepare(SECOND, SNAPSHOT, both.clock.now_s() + 7200)
        both.wechat.pay(both.gateway.place(request, both.clock.now_s()).value)
        self.refund = both.wechat.console_refund(NUMBER, 4900)
        both.wechat.settle_refund(self.refund.out_refund_no)
        self.bills = WeChatBills(both.transport, payee=both.gateway.payee,
                                 payer_hasher=payer_hasher(PEPPER))

    def over(self) -> None:
        """It is the afternoon of the next day."""
        self.both.clock.advance_s(86_400)
        self.both.deadline.begin(8_000)

    def fetch(self, *faults: Fault) -> Bill:
        for fault in faults:
            self.wechat.inject(fault)
        return self.bills.fetch(DAY)

    def downloads(self) -> int:
        return sum(request.target.startswith("/v3/billdownload/")
                   for request in self.wechat.requests)


@pytest.fixture
def traded() -> Iterator[Day]:
    with pair() as both:
        day = Day(both)
        day.over()
        yield day


def test_a_bill_says_what_queries_say(traded: Day) -> None:
    bill = traded.fetch()
    payments = {line.payment.out_trade_no: line.payment for line in bill.lines if line.payment}
    refunds = [line.refund for line in bill.lines if line.refund]
    assert sorted(payments) == sorted([NUMBER, SECOND])
    for name in payments:
        queried = traded.both.gateway.query(name)
        assert queried is not None
        assert payments[name]._replace(source="query", payer_hash=None,
                                       trade_state=queried.trade_state) == queried
    (refund,) = refunds
    assert (refund.out_refund_no, refund.provider_refund_id, refund.amount) == (
        traded.refund.out_refund_no, traded.refund.refund_id, Money(4900, "CNY"))
    assert (refund.state, refund.billed_on, refund.total) == (
        RefundState.SUCCEEDED, DAY, None)
    assert sum(line.amount.amount_minor for line in payments.values() if line.amount) == (
        2 * PRICE.amount_minor)


def test_a_payer_has_one_name_in_notify_query_and_bill(traded: Day) -> None:
    named = payer_hasher(PEPPER)
    openids = {order.out_trade_no: order.payer_openid
               for order in traded.wechat.orders.values()}
    for line in traded.fetch().lines:
        if line.payment is not None:
            assert line.payment.payer_hash == named(str(openids[line.payment.out_trade_no]))


def test_the_same_day_twice_is_the_same_bill(traded: Day) -> None:
    assert traded.fetch() == traded.fetch()


def test_a_day_without_trade_is_empty(traded: Day) -> None:
    assert traded.bills.fetch("2027-01-14") == Bill("2027-01-14", (), "")


def test_the_bill_of_a_day_comes_the_next_morning() -> None:
    with pair() as both:
        day = Day(both)
        both.clock.advance_s(17 * 3600)  # 09:00 in Beijing
        both.deadline.begin(8_000)
        with pytest.raises(BillNotReady):
            day.fetch()
        both.clock.advance_s(3600)
        both.deadline.begin(8_000)
        assert len(day.fetch().lines) == 3


def test_the_bill_of_a_day_that_is_not_over_is_refused() -> None:
    with pair() as both, pytest.raises(ProviderUnavailable, match="PARAM_ERROR"):
        Day(both).fetch()


def test_a_late_bill_is_tried_again(traded: Day) -> None:
    with pytest.raises(BillNotReady):
        traded.fetch(Fault("bill_late", "tradebill"))
    assert len(traded.fetch().lines) == 3


@pytest.mark.parametrize(("fault", "reason"), [
    (Fault("bill_wrong_hash", "tradebill"), "hash_wrong"),
    (Fault("bill_duplicated_row", "tradebill"), "row_count_wrong"),
    (Fault("bill_missing_row", "tradebill", row=1), "row_count_wrong"),
    (Fault("bill_changed_amount", "tradebill", row=9), "totals_wrong"),
    (Fault("bill_changed_amount", "tradebill", row=0, add_fen=-1), "totals_wrong"),
    (Fault("bill_truncated", "billdownload"), "hash_wrong"),
    (Fault("bill_truncated", "billdownload", keep=0), "hash_wrong"),
    (Fault("bill_truncated", "billdownload", packed=True), "file_truncated"),
    (Fault("bill_garbage", "billdownload"), "not_gzip"),
    (Fault("bill_not_gzip", "billdownload"), "not_gzip"),
    (Fault("tampered_amount", "tradebill", changes={"hash_type": "SHA256"}),
     "hash_type_unknown")], ids=lambda value: getattr(value, "kind", value))
def test_a_spoilt_bill_is_not_believed_and_the_next_one_is(traded: Day, fault: Fault,
                                                           reason: str) -> None:
    with pytest.raises(UntrustedBill) as caught:
        traded.fetch(fault)
    assert caught.value.reason == reason
    assert len(traded.fetch().lines) == 3


@pytest.mark.parametrize("true_hash", [False, True])
def test_a_bomb_is_given_up_early(traded: Day, true_hash: bool) -> None:
    bomb = Fault("bill_bomb", "tradebill", size_bytes=64 << 20, true_hash=true_hash)
    tracemalloc.start()
    try:
        with pytest.raises(UntrustedBill, match="file_too_large"):
            traded.fetch(bomb)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20  # the emulator's side included
    finally:
        tracemalloc.stop()


def test_a_link_to_another_host_is_not_followed(traded: Day) -> None:
    with pytest.raises(UntrustedBill, match="download_url_foreign"):
        traded.fetch(Fault("bill_foreign_host", "tradebill"))
    assert traded.downloads() == 0


def test_rows_that_agree_with_their_totals_are_left_to_the_ledger(traded: Day) -> None:
    doubled = traded.fetch(Fault("bill_duplicated_row", "tradebill", true_summary=True))
    missing = traded.fetch(Fault("bill_missing_row", "tradebill", true_summary=True))
    assert (len(doubled.lines), len(missing.lines)) == (4, 2)


@pytest.mark.parametrize(("kind", "endpoint"), [
    ("unsigned", "tradebill"), ("signtest", "tradebill"), ("system_error", "tradebill"),
    ("system_error", "billdownload"), ("redirect", "billdownload"),
    ("bad_gateway", "billdownload")])
def test_lasting_troubles_are_no_bill_and_no_empty_day(traded: Day, kind: str,
                                                       endpoint: str) -> None:
    with pytest.raises(ProviderUnavailable):
        traded.fetch(Fault(kind, endpoint, times=None))


def test_a_download_cut_on_the_way_is_fetched_again(traded: Day) -> None:
    bill: Any = traded.fetch(Fault("truncated_body", "billdownload"))
    assert len(bill.lines) == 3
    assert traded.downloads() == 2
