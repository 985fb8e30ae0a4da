"""Whoever pays gets a name that only this deployment can make; WeChat's name goes no further."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from shared.adapters.wechatpay.gateway import WeChatNativeGateway
from shared.adapters.wechatpay.notify import WeChatNotifyVerifier
from shared.adapters.wechatpay.payer import payer_hasher
from shared.domain.payment import PaymentFact
from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.scripted_wechat import ScriptedWeChat, signed
from tests.unit.adapters.wechatpay.wechat_side import Notify, dumps, transaction
from tests.unit.adapters.wechatpay.wiring import NOTIFY_URL, PAYEE, wired

PEPPER = b"TestPepperOfTongbao0123456789"
OPENID = "oTestVectorOpenidNobody00000"
NAME = hmac.new(PEPPER, b"wechatpay\n" + OPENID.encode(), hashlib.sha256).hexdigest()
NUMBER = "TB01ABCDEFGHJKMNPQRSTVWXYZ01234"


def notified(**changes: Any) -> PaymentFact:
    verifier = WeChatNotifyVerifier({wechat.PUBLIC_KEY_ID: wechat.pem("wechatpay_public")},
                                    wechat.API_V3_KEY, payer_hasher(PEPPER))
    fact = verifier.verify(*Notify(dumps(transaction(**changes))).send(), wechat.NOW_S)
    assert isinstance(fact, PaymentFact)
    return fact


def test_equal_payers_have_equal_names_and_others_have_others() -> None:
    named = payer_hasher(PEPPER)
    assert named(OPENID) == NAME == named(OPENID)
    assert named(OPENID + "0") != NAME
    assert payer_hasher(PEPPER + b"0")(OPENID) != NAME


def test_a_pepper_that_can_be_guessed_is_refused() -> None:
    payer_hasher(b"x" * 16)
    with pytest.raises(ValueError, match="16 bytes"):
        payer_hasher(b"x" * 15)


def test_a_notify_names_the_payer_by_hash_alone() -> None:
    fact = notified()
    assert fact.payer_hash == NAME
    assert OPENID not in repr(fact)


@pytest.mark.parametrize("payer", [None, {}, {"openid": None}, {"openid": 1}, {"openid": ""},
                                   {"openid": "x" * 129}, "x", []])
def test_a_payment_without_a_payer_is_a_payment(payer: Any) -> None:
    assert notified(payer=payer).payer_hash is None
    assert notified(payer=payer)._replace(payer_hash=NAME) == notified()


def test_a_query_names_the_payer_the_same() -> None:
    answers = signed(200, transaction()), signed(200, transaction(trade_state="NOTPAY"))
    with ScriptedWeChat(*answers) as server, wired(server.base_url) as ours:
        gateway = WeChatNativeGateway(ours.transport, payee=PAYEE, notify_url=NOTIFY_URL,
                                      payer_hasher=payer_hasher(PEPPER))
        paid, unpaid = gateway.query(NUMBER), gateway.query(NUMBER)
        assert OPENID not in ours.log.text()
    assert paid is not None
    assert unpaid is not None
    assert (paid.payer_hash, unpaid.payer_hash) == (NAME, None)


def test_without_a_hasher_nobody_is_named() -> None:
    with ScriptedWeChat(signed(200, transaction())) as server, wired(server.base_url) as ours:
        fact = ours.gateway.query(NUMBER)
    assert fact is not None
    assert fact.payer_hash is None
