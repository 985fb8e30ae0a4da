"""Money that goes back: only its buyer may ask for it, and only WeChat says that it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.attacks.asking import Asking
from tests.attacks.buyer_attacks import HOLDING, KEY, METHOD, Attack, header, method, twice
from tests.attacks.notifies import Notify, differences
from tests.attacks.signature_attacks import strangers_key
from tests.attacks.test_buyers import named, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.attacks.shop import Purchase, Shop

METHODS = [Attack(36, f"{name} of it", 405, METHOD, method(name)) for name in ("PUT", "DELETE")]
KEYS = [Attack(46, "no key", 400, KEY, header("Idempotency-Key", None)),
        Attack(46, "a key that can be guessed", 400, KEY, header("Idempotency-Key", "refund-1")),
        Attack(32, "two keys", 400, KEY, twice("Idempotency-Key"))]


def paid(shop: Shop) -> Purchase:
    bought = shop.purchase()
    assert shop.tell(shop.notify_of(bought)).status == 200
    return bought


@pytest.mark.parametrize("attack", [*HOLDING, *METHODS], ids=named)
def test_an_order_is_cancelled_by_its_buyer_only(shop: Shop, attack: Attack) -> None:
    bought = shop.purchase(paid=False)
    good = Asking.cancel(bought.buyer, bought.order_id)
    refused(shop, good, attack)
    assert shop.wechat.orders[bought.out_trade_no].trade_state == "NOTPAY"
    assert shop.ask(good).body["order"]["status"] == "closed"


@pytest.mark.parametrize("attack", [*HOLDING, *METHODS, *KEYS], ids=named)
def test_money_is_asked_back_by_its_buyer_only(shop: Shop, attack: Attack) -> None:
    bought = paid(shop)
    good = Asking.refund(bought.buyer, bought.order_id)
    refused(shop, good, attack)
    assert shop.stored(bought).refunds == ()
    assert shop.ask(good).status == 200
    assert len(shop.stored(bought).refunds) == 1


@pytest.mark.parametrize("attack", [*HOLDING, *METHODS], ids=named)
def test_a_receipt_is_shown_to_its_buyer_only(shop: Shop, attack: Attack) -> None:
    bought = paid(shop)
    good = Asking.receipt(bought.buyer, bought.order_id)
    refused(shop, good, attack)
    assert shop.ask(good).status == 200


@pytest.mark.parametrize("fields", [
    {"amount": {"amount_minor": 1, "currency": "CNY"}}, {"amount_minor": 10**9},
    {"refund": 990_000}, {"account": "somebody-else"}, {"state": "succeeded"}])
def test_51_a_buyer_does_not_say_how_much_goes_back_or_to_whom(shop: Shop,
                                                               fields: dict[str, Any]) -> None:
    bought = paid(shop)
    seen = shop.ask(Asking.refund(bought.buyer, bought.order_id).but(fields=fields))
    assert seen.calls == 0
    stored = shop.stored(bought)
    assert [refund.amount for refund in stored.refunds] in ([], [stored.price])


def test_51_two_clicks_ask_once(shop: Shop) -> None:
    bought = paid(shop)
    good = Asking.refund(bought.buyer, bought.order_id)
    assert shop.ask(good).text == shop.ask(good).text
    second = shop.ask(good.header("Idempotency-Key", bought.buyer.key + "-2"))
    assert second.status == 409
    assert len(shop.stored(bought).refunds) == 1


def stating(**changes: Any) -> Callable[[Notify], Notify]:
    """Fields of the refund."""
    return lambda notify: notify.stating(**changes)


UNTRUE: dict[str, Callable[[Notify], Notify]] = {
    "20: a payment's event around a refund": lambda n: n.but(event_type="TRANSACTION.SUCCESS"),
    "20: a complaint's event around a refund": lambda n: n.but(event_type="COMPLAINT.CREATE"),
    "20: sealed as a payment": lambda n: n.but(kind="transaction"),
    "20: closed, in the envelope of a success": stating(refund_status="CLOSED"),
    "20: a status nobody knows": stating(refund_status="DONE"),
    "38: another merchant's refund": stating(mchid="1230000109"),
    "38: a refund of another payment": stating(transaction_id="4200000000202611150000000009"),
    "38: more than was paid": lambda n: n.amount(refund=n.document["amount"]["total"] + 1),
    "38: nothing": lambda n: n.amount(refund=0),
    "38: a negative refund": lambda n: n.amount(refund=-1),
    "27: a fraction of a fen": lambda n: n.amount(refund=0.5),
    "38: a refund of another total": lambda n: n.amount(total=n.document["amount"]["total"] + 1),
    "58: a refund number that is a path": stating(out_refund_no="../../refunds"),
    "59: a refund number that is ANSI": stating(out_refund_no="\x1b[2J\r\n{}"),
    "11: signed by a stranger": lambda n: n.but(signed_by=strangers_key()),
}


@pytest.mark.parametrize("name", UNTRUE)
def test_a_refund_is_what_wechat_says_of_this_payment(shop: Shop, name: str) -> None:
    bought = paid(shop)
    order = shop.wechat.orders[bought.out_trade_no]
    refund = shop.wechat.console_refund(bought.out_trade_no)
    genuine = Notify.of_refund(shop.wechat, order, shop.wechat.settle_refund(
        refund.out_refund_no))
    attacking = UNTRUE[name](genuine)
    assert len(differences(genuine, attacking)) == 1
    before = shop.stored(bought)
    seen = shop.tell(attacking)
    assert 400 <= seen.status < 600
    assert (seen.written & {"orders", "licenses"}, seen.calls) == (set(), 0)
    assert seen.facts("function.crashed") == []
    assert shop.stored(bought) == before

    assert shop.tell(genuine).status == 200
    assert shop.stored(bought).state.value in ("refunding", "refunded")
    refusal = shop.ask(Asking.claim(bought.buyer, bought.order_id))
    assert refusal.status == 403
