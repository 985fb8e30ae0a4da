"""What a genuine notify becomes."""

from __future__ import annotations

import json

import pytest

from shared.adapters.wechatpay.notify import WeChatNotifyVerifier
from shared.domain.money import Money
from shared.domain.payment import Payee, PaymentFact, TradeState
from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.wechat_side import Notify, dumps, transaction


def verify(notify: Notify, now_s: int = wechat.NOW_S) -> PaymentFact:
    headers, body = notify.send()
    fact = wechat.verifier().verify(headers, body, now_s)
    assert isinstance(fact, PaymentFact)
    return fact


def test_a_genuine_notify_becomes_a_fact() -> None:
    assert verify(Notify()) == PaymentFact(
        provider="wechatpay", payee=Payee("1900000001", "wxd678efh567hg6787"),
        out_trade_no="TB01ABCDEFGHJKMNPQRSTVWXYZ01234", trade_state=TradeState.PAID,
        source="notify", transaction_id="4200001968202701159876543210",
        amount=Money(9900, "CNY"), paid_at_s=1_799_999_995)


def test_what_was_owed_counts_and_not_what_was_left_after_coupons() -> None:
    amount = {"total": 9900, "payer_total": 1, "currency": "CNY", "payer_currency": "CNY"}
    assert verify(Notify(dumps(transaction(amount=amount)))).amount == Money(9900, "CNY")


def test_the_same_notify_within_five_minutes_states_the_same_fact() -> None:
    headers, body = Notify().send()
    first = wechat.verifier().verify(headers, body, wechat.NOW_S)
    assert wechat.verifier().verify(headers, body, wechat.NOW_S + 299) == first


def test_a_payment_refunded_since_is_still_stated_as_paid() -> None:
    fact = verify(Notify(dumps(transaction(trade_state="REFUND"))))
    assert fact.trade_state is TradeState.REFUNDED
    assert fact.was_paid
    assert fact.transaction_id is not None


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_either_way_are_fresh(seconds: int) -> None:
    verify(Notify(), wechat.NOW_S + seconds)


def test_a_missing_signature_type_means_the_default() -> None:
    assert verify(Notify(headers={"wechatpay-signature-type": None})).was_paid


def test_old_and_new_key_are_both_taken_during_a_rotation() -> None:
    assert verify(Notify(serial=wechat.PLATFORM_SERIAL, signed_by="platform")) == verify(Notify())


@pytest.mark.parametrize("associated", ["", "transaction"])
def test_associated_data_may_be_empty(associated: str) -> None:
    sealed = wechat.seal(dumps(transaction()), associated=associated)
    assert verify(Notify(resource={"ciphertext": sealed, "associated_data": associated}))


def test_associated_data_may_be_absent() -> None:
    sealed = wechat.seal(dumps(transaction()), associated="")
    assert verify(Notify(resource={"ciphertext": sealed, "associated_data": None}))


def test_facts_say_whose_money_it_is_and_leave_judging_to_the_order() -> None:
    fact = verify(Notify(dumps(transaction(mchid="1900000002", appid="wx0000000000000000"))))
    assert fact.payee == Payee("1900000002", "wx0000000000000000")


def test_unknown_extra_fields_are_ignored() -> None:
    assert verify(Notify(dumps(transaction(added_in_2030=[1, {"a": None}])),
                         envelope={"added_in_2030": 1.5}))


def test_foreign_headers_of_other_servers_change_nothing() -> None:
    headers = {"x-forwarded-host": "localhost", "http_wechatpay_signature": "AAAA",
               "Wechatpay-Signature": "AAAA", "x-original-url": "/"}
    assert verify(Notify(headers=headers)) == verify(Notify())


def test_the_largest_body_is_still_read() -> None:
    padding = 64 * 1024 - len(Notify(envelope={"pad": ""}).body_bytes())
    assert verify(Notify(envelope={"pad": "x" * padding}))


def test_the_answers_are_those_wechat_wants() -> None:
    accepted = wechat.verifier().accepted()
    assert (accepted.status, json.loads(accepted.body)) == (
        200, {"code": "SUCCESS", "message": "成功"})
    refused = wechat.verifier().refused(503, "TEMPORARILY_UNAVAILABLE")
    assert (refused.status, json.loads(refused.body)) == (
        503, {"code": "FAIL", "message": "TEMPORARILY_UNAVAILABLE"})
    assert accepted.content_type == refused.content_type == "application/json"


@pytest.mark.parametrize("status", [200, 204, 302, 399, 600])
def test_a_refusal_never_has_a_status_that_ends_the_repetitions(status: int) -> None:
    with pytest.raises(ValueError, match="4xx or 5xx"):
        wechat.verifier().refused(status, "X")


@pytest.mark.parametrize("key", [b"", b"x" * 31, b"x" * 33, b"x" * 16])
def test_an_api_v3_key_of_another_size_is_refused_at_once(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        WeChatNotifyVerifier({wechat.PUBLIC_KEY_ID: wechat.pem("wechatpay_public")}, key)


def test_the_verifier_says_whose_notifies_it_takes() -> None:
    assert WeChatNotifyVerifier.provider == "wechatpay"
