"""What WeChat's objects state, field by field: payments, refunds and complaints as plain data."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.wechatpay.complaint_facts import complaint_fact, complaint_notice
from shared.adapters.wechatpay.facts import payment_fact
from shared.adapters.wechatpay.payer import payer_hasher
from shared.adapters.wechatpay.reasons import Rejected
from shared.adapters.wechatpay.refund_facts import answered_refund
from shared.domain.complaint import ComplaintFact, ComplaintNotice, ComplaintState
from shared.domain.money import Money
from shared.domain.payment import Payee, PaymentFact, TradeState
from shared.domain.refund import RefundFact, RefundState
from tests.unit.adapters.wechatpay.wechat_side import transaction

ORDER = "TB01ABCDEFGHJKMNPQRSTVWXYZ01234"
PAYER = payer_hasher(b"TestPepperOfTongbao0123456789")
REFUND = {
    "refund_id": "50000000382019052709732678859", "out_refund_no": "TB01R-1_|*@",
    "transaction_id": "4200001968202701159876543210", "out_trade_no": ORDER,
    "status": "SUCCESS", "success_time": "2018-06-08T10:34:56+08:00",
    "amount": {"total": 9900, "refund": 4900, "payer_refund": 1, "currency": "CNY"}}
COMPLAINT = {
    "complaint_id": "200201820200101080076610000", "complaint_state": "PENDING",
    "complaint_time": "2018-06-08T10:34:56.123+08:00", "problem_type": "REFUND",
    "complaint_order_info": [{"out_trade_no": "A"}, {"out_trade_no": "B"}, {"out_trade_no": "A"}],
    "user_complaint_times": 2, "complaint_full_refunded": False, "apply_refund_amount": 10,
    "payer_phone": "canary", "complaint_detail": "canary", "payer_openid": "canary"}


def refund(**changes: Any) -> RefundFact:
    return answered_refund(_with(REFUND, changes), "query", "1900000001")


def complaint(**changes: Any) -> ComplaintFact:
    return complaint_fact(_with(COMPLAINT, changes))


def _with(fields: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


# payments

@pytest.mark.parametrize(("word", "state"), [
    ("NOTPAY", TradeState.UNPAID), ("USERPAYING", TradeState.PENDING),
    ("ACCEPT", TradeState.PENDING), ("CLOSED", TradeState.CLOSED),
    ("REVOKED", TradeState.CLOSED), ("PAYERROR", TradeState.FAILED)])
def test_an_unpaid_order_states_nothing_of_money(word: str, state: TradeState) -> None:
    told = transaction(trade_state=word, transaction_id=None, amount=None, success_time=None)
    assert payment_fact(told, "query", PAYER) == PaymentFact(
        "wechatpay", Payee("1900000001", "wxd678efh567hg6787"), ORDER, state, "query")


@pytest.mark.parametrize(("word", "state"), [
    ("SUCCESS", TradeState.PAID), ("REFUND", TradeState.REFUNDED)])
def test_a_paid_order_states_all_of_it(word: str, state: TradeState) -> None:
    told = transaction(trade_state=word, payer={"openid": "oX"})
    assert payment_fact(told, "bill", PAYER) == PaymentFact(
        "wechatpay", Payee("1900000001", "wxd678efh567hg6787"), ORDER, state, "bill",
        "4200001968202701159876543210", Money(9900, "CNY"), 1_799_999_995, PAYER("oX"))


@pytest.mark.parametrize("field", ["mchid", "appid", "out_trade_no", "transaction_id"])
def test_an_identifier_has_one_to_thirty_two_characters(field: str) -> None:
    for value in ("x", "x" * 32, "a b"):
        payment_fact(transaction(**{field: value}), "query")
    for value in ("", "x" * 33, "x\x7f", "é"):
        with pytest.raises(Rejected, match="fact_malformed"):
            payment_fact(transaction(**{field: value}), "query")


@pytest.mark.parametrize(("openid", "known"), [("x", True), ("x" * 128, True), ("x" * 129, False),
                                               ("", False), (1, False), (None, False)])
def test_a_payer_is_named_where_wechat_names_one(openid: Any, known: bool) -> None:
    fact = payment_fact(transaction(payer={"openid": openid}), "query", PAYER)
    assert fact.payer_hash == (PAYER(openid) if known else None)
    assert payment_fact(transaction(payer={"openid": openid}), "query").payer_hash is None


# refunds

def test_a_refund_states_all_of_it() -> None:
    assert refund() == RefundFact(
        "wechatpay", "1900000001", ORDER, "4200001968202701159876543210", "TB01R-1_|*@",
        "50000000382019052709732678859", RefundState.SUCCEEDED, Money(4900, "CNY"),
        Money(9900, "CNY"), "query", 1_528_425_296)


@pytest.mark.parametrize(("word", "state"), [
    ("CLOSED", RefundState.CLOSED), ("PROCESSING", RefundState.PROCESSING),
    ("ABNORMAL", RefundState.ABNORMAL)])
def test_a_refund_that_did_not_succeed_has_no_time(word: str, state: RefundState) -> None:
    fact = refund(status=word, success_time="no time at all")
    assert (fact.state, fact.settled_at_s) == (state, None)


@pytest.mark.parametrize("status", ["success", "", "REFUNDED", 1, ["SUCCESS"], None])
def test_a_refund_status_nobody_knows(status: Any) -> None:
    with pytest.raises(Rejected, match="refund_status_unknown"):
        refund(status=status)


@pytest.mark.parametrize(("given_back", "total"), [(1, 1), (1, 9900), (9900, 9900)])
def test_a_refund_gives_back_something_and_at_most_all(given_back: int, total: int) -> None:
    amount = {"refund": given_back, "total": total, "currency": "CNY"}
    assert refund(amount=amount).amount == Money(given_back, "CNY")


@pytest.mark.parametrize("change", [
    {"amount": {"refund": 0, "total": 1, "currency": "CNY"}},
    {"amount": {"refund": 2, "total": 1, "currency": "CNY"}},
    {"amount": {"refund": 1, "total": 1}}, {"amount": {"refund": 1, "total": 1, "currency": "x"}},
    {"amount": {"total": 1, "currency": "CNY"}}, {"amount": {"refund": 1, "currency": "CNY"}},
    {"amount": None}, {"amount": [1]}, {"success_time": None}, {"success_time": 1},
    {"success_time": "2018"}, {"out_refund_no": "x" * 65}, {"out_refund_no": ""},
    {"out_refund_no": "a b"}, {"out_refund_no": 1}, {"refund_id": "x" * 33}, {"refund_id": ""},
    {"refund_id": "a-b"}, {"refund_id": None}, {"out_trade_no": None}, {"transaction_id": None}])
def test_a_refund_with_a_field_that_cannot_be(change: dict[str, Any]) -> None:
    with pytest.raises(Rejected, match="fact_malformed"):
        refund(**change)


def test_the_longest_numbers_of_a_refund_are_taken() -> None:
    fact = refund(out_refund_no="x" * 64, refund_id="0aZ" + "x" * 29)
    assert (len(fact.out_refund_no), len(fact.provider_refund_id)) == (64, 32)


# complaints

def test_a_complaint_states_ids_and_times_and_nobodys_words() -> None:
    assert complaint() == ComplaintFact(
        "wechatpay", "200201820200101080076610000", ComplaintState.PENDING, ("A", "B"),
        1_528_425_296, "REFUND", 2, False, Money(10, "CNY"))
    assert "canary" not in repr(complaint())


@pytest.mark.parametrize(("word", "state"), [
    ("PENDING", ComplaintState.PENDING), ("PROCESSING", ComplaintState.PROCESSING),
    ("PROCESSED", ComplaintState.PROCESSED)])
def test_the_state_of_a_complaint(word: str, state: ComplaintState) -> None:
    assert complaint(complaint_state=word).state is state


@pytest.mark.parametrize("time", ["2018-06-08T10:34:56+08:00", "2018-06-08T10:34:56.1+08:00",
                                  "2018-06-08T02:34:56.123456789Z", "2018-06-07T23:04:56-03:30"])
def test_the_time_of_a_complaint_may_have_a_fraction(time: str) -> None:
    assert complaint(complaint_time=time).complained_at_s == 1_528_425_296


def test_what_a_complaint_need_not_have() -> None:
    bare = complaint(problem_type=None, complaint_order_info=None, apply_refund_amount=None)
    assert (bare.problem_type, bare.out_trade_nos, bare.asked_refund) == ("", (), None)
    assert complaint(problem_type="").problem_type == ""
    unnumbered = [{}, {"out_trade_no": None}, {"out_trade_no": ""}, {"out_trade_no": "A"}]
    assert complaint(complaint_order_info=unnumbered).out_trade_nos == ("A",)
    assert complaint(complaint_full_refunded=True).is_fully_refunded is True


def test_the_largest_of_each_field_of_a_complaint_is_taken() -> None:
    many = [{"out_trade_no": str(n)} for n in range(100)]
    largest = complaint(complaint_order_info=many, user_complaint_times=1_000_000,
                        complaint_id="-_aZ" + "9" * 60, problem_type="A_9" + "Z" * 61)
    assert (len(largest.out_trade_nos), largest.user_complaint_times) == (100, 1_000_000)
    assert complaint(user_complaint_times=0).user_complaint_times == 0
    assert complaint(apply_refund_amount=0).asked_refund == Money(0, "CNY")


@pytest.mark.parametrize("change", [
    {"complaint_id": ""}, {"complaint_id": "x" * 65}, {"complaint_id": "a b"}, {"complaint_id": 1},
    {"complaint_state": None}, {"complaint_state": "pending"}, {"complaint_state": "DONE"},
    {"complaint_time": None}, {"complaint_time": 1}, {"complaint_time": "2018"},
    {"complaint_time": "2018-06-08T10:34:56.+08:00"},
    {"complaint_time": "2018-06-08T10:34:56.1234567890Z"},
    {"complaint_time": "2018-06-08T10:34:56.1.2Z"},
    {"problem_type": "refund"}, {"problem_type": 1}, {"problem_type": "9A"},
    {"problem_type": "A" * 65}, {"user_complaint_times": -1}, {"user_complaint_times": None},
    {"user_complaint_times": 1_000_001}, {"user_complaint_times": True},
    {"user_complaint_times": "1"}, {"complaint_full_refunded": None},
    {"complaint_full_refunded": 0}, {"complaint_full_refunded": "false"},
    {"apply_refund_amount": -1}, {"apply_refund_amount": "1"}, {"apply_refund_amount": 1.0},
    {"complaint_order_info": {}}, {"complaint_order_info": ["A"]},
    {"complaint_order_info": [{"out_trade_no": "A"}, 1]},
    {"complaint_order_info": [{"out_trade_no": "A"}] * 101}])
def test_a_complaint_with_a_field_that_cannot_be(change: dict[str, Any]) -> None:
    with pytest.raises(Rejected, match="fact_malformed"):
        complaint(**change)


def test_a_notice_names_its_complaint_and_what_was_done() -> None:
    told = {"complaint_id": "C_1-a", "action_type": "CREATE_COMPLAINT"}
    assert complaint_notice(told) == ComplaintNotice("wechatpay", "C_1-a", "CREATE_COMPLAINT")
    for change in ({"complaint_id": None}, {"complaint_id": ""}, {"action_type": None},
                   {"action_type": "create"}):
        with pytest.raises(Rejected, match="fact_malformed"):
            complaint_notice({**told, **change})
