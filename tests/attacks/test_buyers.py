"""What strangers and buyers can send: each request differs from a good one in one part.

The good one is sent right after it and does what it should.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.attacks.asking import Asking
from tests.attacks.buyer_attacks import (
    CLAIMING,
    NO_ORDER,
    PLACING,
    POLLING,
    SOMEBODY,
    Attack,
    fields,
    method,
    path,
    raw,
)
from tests.attacks.notifies import differences
from tests.wire.deployment import Buyer

if TYPE_CHECKING:
    from tests.attacks.shop import Shop


def named(attack: Attack) -> str:
    return f"{attack.number}: {attack.name}"


def refused(shop: Shop, good: Asking, attack: Attack) -> None:
    """The attack fails as it should, without a trace."""
    attacking = attack.change(good)
    assert len(differences(good, attacking)) == 1
    seen = shop.ask(attacking)
    assert (seen.status, seen.code) == (attack.status, attack.code)
    assert (seen.store, seen.calls) == (("GetRow",) * attack.reads, 0)
    assert seen.facts("function.crashed") == []
    assert set(seen.body["error"]) <= {"code", "message", "message_zh", "request_id", "field"}
    assert seen.headers["Access-Control-Allow-Origin"] == "*"
    assert seen.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("attack", PLACING, ids=named)
def test_an_order_is_placed_in_one_way_only(shop: Shop, attack: Attack) -> None:
    buyer = Buyer.fresh()
    refused(shop, Asking.place(buyer), attack)
    placed = shop.ask(Asking.place(buyer))
    assert (placed.status, placed.calls) == (200, 1)
    assert placed.body["order"]["price"] == {"amount_minor": 9900, "currency": "CNY"}


@pytest.mark.parametrize("attack", POLLING, ids=named)
def test_an_order_is_shown_to_its_buyer_only(shop: Shop, attack: Attack) -> None:
    bought = shop.purchase(paid=False)
    good = Asking.poll(bought.buyer, bought.order_id)
    refused(shop, good, attack)
    assert shop.ask(good).body["order"]["order_id"] == bought.order_id


@pytest.mark.parametrize("attack", CLAIMING, ids=named)
def test_a_license_is_handed_to_its_buyer_only(shop: Shop, attack: Attack) -> None:
    bought = shop.purchase()
    assert shop.tell(shop.notify_of(bought)).status == 200
    good = Asking.claim(bought.buyer, bought.order_id)
    refused(shop, good, attack)
    assert shop.ask(good).body["license"]["status"] == "active"


def test_45_two_buyers_cannot_open_each_other_s_orders(shop: Shop) -> None:
    one, other = shop.purchase(), shop.purchase()
    for bought in (one, other):
        assert shop.tell(shop.notify_of(bought)).status == 200
    crossed = shop.ask(Asking.claim(one.buyer, other.order_id))
    assert (crossed.status, crossed.code, crossed.written) == (404, NO_ORDER, set())
    assert shop.ask(Asking.claim(one.buyer, one.order_id)).status == 200


def test_46_a_wrong_secret_and_a_guessed_id_look_the_same(shop: Shop) -> None:
    bought = shop.purchase(paid=False)
    wrong = shop.ask(Asking.poll(SOMEBODY, bought.order_id))
    guessed = shop.ask(Asking.poll(SOMEBODY, bought.order_id[::-1]))
    assert (wrong.status, wrong.headers, wrong.text, wrong.store) == (
        guessed.status, guessed.headers, guessed.text, guessed.store)


def test_41_a_key_cannot_be_used_again_for_something_else(shop: Shop) -> None:
    bought = shop.purchase(paid=False)
    good = Asking.place(bought.buyer)
    for change in (fields(language="en"), fields(claim_secret_hash=SOMEBODY.secret_hash)):
        seen = shop.ask(change(good))
        assert (seen.status, seen.code, seen.calls) == (409, "IDEMPOTENCY_KEY_REUSED", 0)
    assert shop.ask(good).body["order"]["payment"]["value"] == bought.code_url


def test_47_no_license_before_the_payment(shop: Shop) -> None:
    bought = shop.purchase()
    good = Asking.claim(bought.buyer, bought.order_id)
    seen = shop.ask(good)
    assert (seen.status, seen.code, seen.written) == (409, "ORDER_NOT_PAID", set())
    assert shop.tell(shop.notify_of(bought)).status == 200
    assert shop.ask(good).status == 200


def test_47_no_license_after_a_refund(shop: Shop) -> None:
    bought = shop.purchase()
    shop.wechat.console_refund(bought.out_trade_no)
    shop.make_query_due(bought)
    shown = shop.ask(Asking.poll(bought.buyer, bought.order_id)).body["order"]
    assert shown["status"] in ("refunding", "refunded")
    seen = shop.ask(Asking.claim(bought.buyer, bought.order_id))
    assert seen.status == 403
    assert seen.code in ("LICENSE_SUSPENDED", "LICENSE_REVOKED")
    assert "lease" not in seen.text


def test_52_a_source_cannot_hide_behind_forwarded_addresses(shop: Shop) -> None:
    app = shop.build("create-order", TONGBAO_ORDERS_BURST="2", TONGBAO_ORDERS_PER_MINUTE="1")

    def place(number: int, source_ip: str = "198.51.100.7") -> Asking:
        return Asking.place(Buyer.fresh()).but(source_ip=source_ip, more_headers=tuple(
            (name, f"203.0.113.{number}") for name in (
                "X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP")))

    seen = [shop.ask(place(number), app) for number in range(4)]
    assert [each.status for each in seen] == [200, 200, 429, 429]
    assert (seen[3].store, seen[3].calls) == ((), 0)
    assert shop.ask(place(9, "192.0.2.1"), app).status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://shop.example.evil",
                                    "file://", "https://shop.example\x00.evil"])
def test_37_no_origin_is_reflected_and_none_gets_credentials(shop: Shop, origin: str) -> None:
    bought = shop.purchase(paid=False)
    for asking in (Asking.poll(bought.buyer, bought.order_id), Asking.place(bought.buyer)):
        for made in (asking, asking.but(method="OPTIONS")):
            seen = shop.ask(made.header("Origin", origin))
            assert seen.headers["Access-Control-Allow-Origin"] == "*"
            assert "Access-Control-Allow-Credentials" not in seen.headers
            assert origin not in json.dumps(seen.headers)


def test_61_an_error_page_tells_nothing_of_the_machine(shop: Shop) -> None:
    good = Asking.place(Buyer.fresh())
    for change in (path(lambda _: "/etc/passwd"), method("TRACE"), raw(lambda _: b"{")):
        seen = shop.ask(change(good))
        told = (seen.text + repr(seen.headers)).lower()
        assert not [word for word in ("traceback", ".py", "/var/", "python", "tablestore", "server",
                                      "x-powered-by", "aliyun") if word in told]


def test_every_attack_has_a_name_of_its_own() -> None:
    for attacks in (PLACING, POLLING, CLAIMING):
        names = [named(attack) for attack in attacks]
        assert len(names) == len(set(names))
    assert len(PLACING) + len(POLLING) + len(CLAIMING) > 60
