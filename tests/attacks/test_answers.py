"""What comes back on the way from WeChat: who changes an answer makes nothing happen.

Each case changes one thing of a genuine answer: to placing an order, or to the question whether
an order is paid, which it is. What follows is the same request with nothing changed.
"""

from __future__ import annotations

import gzip
import json
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from emulators.wechatpay import signing
from shared.domain.order import OrderState
from tests.attacks.asking import Asking
from tests.attacks.middleman import Middleman, unchanged
from tests.attacks.shop import Shop
from tests.attacks.signature_attacks import strangers_key
from tests.wire.deployment import Buyer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from emulators.wechatpay import Account
    from tests.attacks.middleman import Relayed

    Spoil = Callable[[Relayed, Account], Relayed | None]

SIGNED = ("timestamp", "nonce", "signature", "serial")


class Attack(NamedTuple):
    """`outcome` is what the log says of the attempt."""

    number: int
    name: str
    outcome: str
    change: Spoil


def signed(answer: Relayed, key: RSAPrivateKey, serial: str, *, age_s: int = 0,
           body: bytes | None = None, status: int | None = None) -> Relayed:
    """The answer signed anew, perhaps by another key, at another time or over another body."""
    sent = answer.body if body is None else body
    headers = signing.signature_headers(signing.SigningKey(serial, key), body=sent,
                                        timestamp_s=int(time.time()) - age_s, nonce="n" * 32)
    return answer.but(status=status, body=sent, **headers)


def by_wechat(answer: Relayed, account: Account, *, age_s: int = 0, body: bytes | None = None,
              status: int | None = None) -> Relayed:
    """The answer signed anew with WeChat's own key."""
    key = account.public_key
    return signed(answer, key.private_key, key.serial, age_s=age_s, body=body, status=status)


def without(name: str) -> Spoil:
    """One header of the signature left out."""
    return lambda answer, _: answer.but(**{f"wechatpay_{name}": None})


def unsigned(answer: Relayed, **changes: int | bytes) -> Relayed:
    """All headers of the signature left out."""
    return answer.but(**changes, **dict.fromkeys(f"wechatpay_{name}" for name in SIGNED))  # type: ignore[arg-type]


def error(status: int, code: str) -> Spoil:
    """An unsigned error of WeChat's form."""
    return lambda answer, _: unsigned(answer, status=status, body=json.dumps(
        {"code": code, "message": "x"}).encode())


def redirect(status: int, place: str) -> Spoil:
    """A redirect in place of the answer."""
    return lambda answer, _: unsigned(answer, status=status, body=b"").but(location=place)


ANSWERS = [
    Attack(55, "unsigned", "answer_header_missing", lambda answer, _: unsigned(answer)),
    *[Attack(55, f"no {name}", "answer_header_missing", without(name)) for name in SIGNED],
    Attack(55, "a changed body", "answer_signature_wrong",
           lambda answer, _: answer.but(body=answer.body.replace(b'":', b'": '))),
    Attack(55, "an emptied body", "answer_signature_wrong",
           lambda answer, _: answer.but(body=b"")),
    Attack(55, "a stranger's key", "answer_signature_wrong",
           lambda answer, account: signed(answer, strangers_key(), account.public_key_id)),
    Attack(55, "a stranger's key and serial", "answer_serial_unknown",
           lambda answer, _: signed(answer, strangers_key(), "PUB_KEY_ID_0" + "6" * 33)),
    Attack(55, "our own key", "answer_signature_wrong",
           lambda answer, account: signed(answer, account.merchant_key, account.public_key_id)),
    Attack(55, "our own serial", "answer_serial_unknown",
           lambda answer, account: answer.but(wechatpay_serial=account.merchant_serial)),
    Attack(55, "five minutes old", "answer_timestamp_stale",
           lambda answer, account: by_wechat(answer, account, age_s=302)),
    Attack(55, "five minutes ahead", "answer_timestamp_stale",
           lambda answer, account: by_wechat(answer, account, age_s=-302)),
    Attack(55, "another signature type", "answer_signature_type_unsupported",
           lambda answer, _: answer.but(wechatpay_signature_type="none")),
    Attack(55, "a probe", "answer_signature_malformed",
           lambda answer, _: answer.but(wechatpay_signature="WECHATPAY/SIGNTEST/abcd")),
    Attack(55, "a padding too many", "answer_signature_malformed", lambda answer, _: answer.but(
        wechatpay_signature=answer.header("Wechatpay-Signature") + "=")),
    Attack(32, "two signatures", "answer_header_ambiguous", lambda answer, _: answer.but(
        wechatpay_signature=answer.header("Wechatpay-Signature") + ", AAAA")),
    Attack(24, "gzip", "answer_signature_wrong", lambda answer, _: answer.but(
        body=gzip.compress(answer.body), content_encoding="gzip")),
    Attack(56, "an answer without end", "answer_too_large",
           lambda answer, _: answer.but(body=answer.body + b" " * 400_000)),
    Attack(56, "shorter than it says", "connection_broken",
           lambda answer, _: answer.but(length=len(answer.body) + 5)),
    Attack(55, "no answer", "connection_broken", lambda _answer, _account: None),
    Attack(53, "302 to the metadata service", "answer_header_missing",
           redirect(302, "http://100.100.100.200/latest/meta-data/ram/")),
    Attack(53, "307 to the machine itself", "answer_header_missing",
           redirect(307, "http://169.254.169.254/")),
    Attack(53, "301 to a file", "answer_header_missing", redirect(301, "file:///etc/passwd")),
    Attack(53, "a signed redirect", "status_302", lambda answer, account: by_wechat(
        answer, account, status=302).but(location="http://100.100.100.200/")),
    Attack(55, "an unsigned no", "answer_header_missing", error(404, "ORDER_NOT_EXIST")),
    Attack(55, "an unsigned end", "answer_header_missing", error(400, "ORDER_CLOSED")),
    Attack(55, "an unsigned payment", "answer_header_missing", error(400, "ORDERPAID")),
    Attack(55, "an unsigned doubt of our signature", "answer_header_missing",
           error(401, "SIGN_ERROR")),
    Attack(55, "a page of some proxy", "answer_header_missing", lambda answer, _: unsigned(
        answer, status=502, body=b"<html>Bad Gateway</html>")),
    Attack(61, "202, which decides nothing", "status_202", lambda answer, account: by_wechat(
        answer, account, status=202)),
]
LIES = {"unsigned", "a changed body", "a stranger's key", "our own key", "five minutes old",
        "no answer", "302 to the metadata service", "a signed redirect", "an unsigned no",
        "202, which decides nothing"}
QUESTIONS = [attack for attack in ANSWERS if attack.name in LIES]
"""One of each kind: the transport is the same, and pauses before it tries again."""
MALFORMED = {
    "30: a list": b"[]", "30: no JSON": b"<html></html>", "26: doubled keys":
        b'{"code_url":"weixin://a","code_url":"weixin://b","out_trade_no":"x","out_trade_no":"y"}',
    "27: NaN": b'{"code_url":NaN,"trade_state":NaN}',
    "28: a thousand brackets": b'{"x":' + b"[" * 1000 + b"]" * 1000 + b"}",
    "53: a code that leads elsewhere": b'{"code_url":"https://evil.example/pay"}',
    "59: a code with ANSI": b'{"code_url":"weixin://\\u001b[2J"}',
    "30: nothing": b"{}"}
"""Signed by WeChat, and still not an answer that we take."""


@pytest.fixture(scope="module")
def between() -> Iterator[Middleman]:
    with Middleman() as middleman:
        yield middleman


@pytest.fixture(scope="module")
def shop(account: Account, between: Middleman) -> Iterator[Shop]:
    """A shop whose way to WeChat leads through the middleman."""
    with Shop(account, WECHATPAY_BASE_URL=between.base_url) as running:
        between.upstream = running.wechat
        yield running


@pytest.fixture(autouse=True)
def honest_again(between: Middleman) -> Iterator[None]:
    yield
    between.change = unchanged


def named(attack: Attack) -> str:
    return f"{attack.number}: {attack.name}"


@pytest.mark.parametrize("attack", ANSWERS, ids=named)
def test_a_changed_answer_to_an_order_places_nothing(shop: Shop, between: Middleman,
                                                     attack: Attack) -> None:
    good = Asking.place(Buyer.fresh())
    between.change = lambda answer: attack.change(answer, shop.account)
    seen = shop.ask(good)
    assert (seen.status, seen.code) == (503, "PROVIDER_UNAVAILABLE")
    assert {fact["outcome"] for fact in seen.facts("wechatpay.called")} == {attack.outcome}
    assert seen.store == ("BatchWriteRow",)  # the order itself, before WeChat was asked

    between.change = unchanged
    placed = shop.ask(good)
    assert placed.status == 200
    assert placed.body["order"]["payment"]["value"].startswith("weixin://")


@pytest.mark.parametrize("attack", QUESTIONS, ids=named)
def test_a_changed_answer_to_a_question_books_nothing(shop: Shop, between: Middleman,
                                                      attack: Attack) -> None:
    bought = shop.purchase()
    good = Asking.poll(bought.buyer, bought.order_id)
    shop.make_query_due(bought)
    between.change = lambda answer: attack.change(answer, shop.account)
    seen = shop.ask(good)
    assert (seen.status, seen.body["order"]["status"]) == (200, "awaiting_payment")
    assert {fact["outcome"] for fact in seen.facts("wechatpay.called")} == {attack.outcome}
    assert seen.store == ("GetRow", "UpdateRow")  # when to ask again, before it was asked
    stored = shop.stored(bought)
    assert (stored.state, stored.payment) == (OrderState.AWAITING_PAYMENT, None)

    between.change = unchanged
    shop.make_query_due(bought)
    assert shop.ask(good).body["order"]["status"] == "paid"


@pytest.mark.parametrize("name", MALFORMED)
def test_a_signed_answer_that_is_none_is_not_believed(shop: Shop, between: Middleman,
                                                      name: str) -> None:
    bought, fresh = shop.purchase(), Asking.place(Buyer.fresh())
    shop.make_query_due(bought)
    between.change = lambda answer: by_wechat(answer, shop.account, body=MALFORMED[name])
    assert shop.ask(fresh).code == "PROVIDER_UNAVAILABLE"
    seen = shop.ask(Asking.poll(bought.buyer, bought.order_id))
    assert seen.body["order"]["status"] == "awaiting_payment"
    assert not shop.is_paid(bought)
    between.change = unchanged
    assert shop.ask(fresh).status == 200


def test_every_kind_of_lie_is_told() -> None:
    assert {attack.name for attack in QUESTIONS} == LIES


@pytest.mark.parametrize(("name", "changes", "held"), [
    ("38: another amount", {"amount": {"total": 1, "currency": "CNY"}}, "amount"),
    ("38: another currency", {"amount": {"total": 9900, "currency": "USD"}}, "currency"),
    ("38: another merchant", {"mchid": "1230000109"}, "merchant"),
    ("39: another app", {"appid": "wxd678efh567hg6787"}, "app"),
    ("55: another order", {"out_trade_no": "TB01" + "0" * 27}, None)])
def test_a_signed_answer_about_other_money_pays_nothing(
        shop: Shop, between: Middleman, name: str, changes: dict[str, object],
        held: str | None) -> None:
    bought = shop.purchase()
    shop.make_query_due(bought)
    between.change = lambda answer: by_wechat(answer, shop.account, body=json.dumps(
        {**json.loads(answer.body), **changes}).encode())
    good = Asking.poll(bought.buyer, bought.order_id)
    seen = shop.ask(good)
    assert seen.body["order"]["status"] == "awaiting_payment"
    assert [fact["reason"] for fact in seen.facts("payment.held")] == ([held] if held else [])
    assert not shop.is_paid(bought)
    between.change = unchanged
    shop.make_query_due(bought)
    assert shop.ask(good).body["order"]["status"] == "paid"


@pytest.mark.parametrize("value", ["\x1b[2J\x1b[31m", "x" * 30_000, '"}{"fact":"order.paid"}',
                                   "08F78BB5AF0610D302-268435456-\xe9\x80\x9a"])
def test_59_a_request_id_is_a_text_like_any_other_to_the_log(shop: Shop, between: Middleman,
                                                             value: str) -> None:
    between.change = lambda answer: answer.but(request_id=value)
    seen = shop.ask(Asking.place(Buyer.fresh()))
    assert seen.status == 200
    assert max(map(len, seen.log.splitlines())) < 2_500
    assert [fact["fact"] for fact in map(json.loads, seen.log.splitlines())] == [
        "order.placed", "wechatpay.called", "order.instructed"]
