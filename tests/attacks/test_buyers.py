"""What strangers and buyers can send: each request differs from a good one in one part.

The good one is sent right after it and does what it should.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.attacks.asking import Asking
from tests.attacks.notifies import differences
from tests.wire.deployment import Buyer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.attacks.shop import Shop

FIELD, BAD_JSON, NO_ORDER = "INVALID_FIELD", "INVALID_JSON", "ORDER_NOT_FOUND"
ROUTE, METHOD, MEDIA = "ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED", "UNSUPPORTED_MEDIA_TYPE"
KEY, HEADER, LARGE = "IDEMPOTENCY_KEY_REQUIRED", "INVALID_HEADER", "PAYLOAD_TOO_LARGE"
SOMEBODY = Buyer("somebody-elses-key-0123456789", "s" * 43)


class Attack(NamedTuple):
    """`number` as in docs/security.md; `reads`: how often the store may be asked."""

    number: int
    name: str
    status: int
    code: str
    change: Callable[[Asking], Asking]
    reads: int = 0


def fields(**changes: Any) -> Callable[[Asking], Asking]:
    """Fields of the body."""
    return lambda asking: asking.with_fields(**changes)


def header(name: str, value: str | None) -> Callable[[Asking], Asking]:
    """One header."""
    return lambda asking: asking.header(name, value)


def raw(change: Callable[[bytes], bytes]) -> Callable[[Asking], Asking]:
    """The body's bytes."""
    return lambda asking: asking.but(raw=change)


def path(change: Callable[[str], str]) -> Callable[[Asking], Asking]:
    """The target."""
    return lambda asking: asking.but(target=change(asking.target))


def method(name: str) -> Callable[[Asking], Asking]:
    """The method."""
    return lambda asking: asking.but(method=name)


def twice(name: str) -> Callable[[Asking], Asking]:
    """A header sent twice: Function Compute joins the values by a comma."""
    return lambda asking: asking.but(more_headers=((name, str(asking.headers[name])),))


def respelled(made: dict[str, Any]) -> dict[str, Any]:
    """Content-Type under a second spelling."""
    return {**made, "headers": {**made["headers"], "CONTENT-TYPE": "application/json"}}


def overridden(made: dict[str, Any]) -> dict[str, Any]:
    """DELETE, with the header by which some frameworks make a POST of it."""
    http = {**made["requestContext"]["http"], "method": "DELETE"}
    return {**made, "headers": {**made["headers"], "X-Http-Method-Override": "POST"},
            "requestContext": {**made["requestContext"], "http": http}}


PLACING = [
    *[Attack(51, f"the field {name}", 400, FIELD, fields(**{name: value})) for name, value in {
        "price": {"amount_minor": 1, "currency": "CNY"}, "amount_minor": 1, "state": "paid",
        "paid": True, "out_trade_no": "TB01", "transaction_id": "4200", "payment": {},
        "coupon": "FREE", "quantity": 2**31, "notify_url": "https://evil.example/",
        "order_id": "0" * 26, "license_id": "0" * 26, "__proto__": {"paid": True}}.items()],
    Attack(41, "a product that is not for sale", 404, "PRODUCT_NOT_FOUND",
           fields(product_id="reader-pro-free"), 1),
    Attack(41, "a currency without a price", 404, "PRODUCT_NOT_FOUND", fields(currency="USD"),
           1),
    Attack(41, "two products", 400, FIELD, fields(product_id=["reader-pro", "reader-pro"])),
    Attack(58, "a product that is a path", 400, FIELD, fields(product_id="../../etc/passwd")),
    Attack(58, "a product that is an archive's member", 400, FIELD,
           fields(product_id="/var/task/index.py")),
    Attack(57, "a product that is a formula", 400, FIELD, fields(product_id="=cmd|'/c calc'!A1")),
    Attack(59, "a product that is ANSI", 400, FIELD, fields(product_id="\x1b[2Jx\r\n{}")),
    Attack(59, "a field name that is a log line", 400, FIELD,
           fields(**{'x"}\n{"fact":"order.paid': 1})),
    Attack(45, "a hash in another spelling", 400, FIELD,
           fields(claim_secret_hash="s" * 43 + "=")),
    Attack(26, "the product twice", 400, BAD_JSON, raw(
        lambda body: body[:-1] + b',"product_id":"other"}')),
    Attack(27, "NaN", 400, BAD_JSON, raw(lambda body: body[:-1] + b',"currency":NaN}')),
    Attack(28, "a thousand brackets", 400, BAD_JSON, raw(
        lambda body: body[:-1] + b',"currency":' + b"[" * 1000 + b"]" * 1000 + b"}")),
    Attack(28, "4301 digits", 400, BAD_JSON, raw(
        lambda body: body[:-1] + b',"currency":' + b"9" * 4301 + b"}")),
    Attack(29, "six megabytes", 413, LARGE, raw(lambda body: body + b" " * 6_000_000)),
    Attack(30, "a list", 400, BAD_JSON, raw(lambda body: b"[" + body + b"]")),
    Attack(25, "a lone surrogate", 400, BAD_JSON, raw(
        lambda body: body[:-1] + rb',"currency":"\ud800"}')),
    Attack(24, "UTF-16", 400, BAD_JSON, raw(lambda body: body.decode().encode("utf-16"))),
    Attack(24, "a byte order mark", 400, BAD_JSON, raw(lambda body: b"\xef\xbb\xbf" + body)),
    Attack(24, "gzip without a word", 400, BAD_JSON, raw(gzip.compress)),
    Attack(24, "a form", 415, MEDIA, header("Content-Type", "application/x-www-form-urlencoded")),
    Attack(24, "GBK by its name", 415, MEDIA,
           header("Content-Type", "application/json; charset=gbk")),
    Attack(24, "a content encoding", 415, MEDIA, header("Content-Encoding", "gzip")),
    Attack(32, "two keys", 400, KEY, twice("Idempotency-Key")),
    Attack(32, "two media types", 415, MEDIA, twice("Content-Type")),
    Attack(32, "two spellings of a header", 400, HEADER, lambda a: a.but(event_change=respelled)),
    Attack(46, "a key that can be guessed", 400, KEY, header("Idempotency-Key", "order-1")),
    Attack(46, "a long key of one letter", 400, KEY, header("Idempotency-Key", "a" * 64)),
    Attack(34, "a key of 8 KB", 400, KEY, header("Idempotency-Key", "abcdefgh" * 1024)),
    Attack(59, "a line feed in the key", 400, KEY,
           header("Idempotency-Key", 'k"}\r\n{"fact":"order.paid"}')),
    *[Attack(36, f"{name} of the orders", 405, METHOD, method(name))
      for name in ("PUT", "DELETE", "PATCH", "TRACE", "HEAD")],
    Attack(36, "DELETE made a POST by a header", 405, METHOD,
           lambda a: a.but(event_change=overridden)),
    *[Attack(36, f"the orders as {kind}", 404, ROUTE, path(change)) for kind, change in {
        "a slash more": lambda it: it + "/", "two slashes": lambda it: "/" + it,
        "a parameter": lambda it: it + ";x=1", "an escape": lambda it: it.replace("o", "%6f"),
        "dots": lambda it: "/x/.." + it, "escaped dots": lambda it: "/x/%2e%2e" + it,
        "NUL": lambda it: it + "%00", "capitals": str.upper}.items()],
]
HOLDING = [
    Attack(45, "no secret", 404, NO_ORDER, header("Authorization", None)),
    Attack(45, "another buyer's secret", 404, NO_ORDER,
           header("Authorization", f"Bearer {SOMEBODY.secret}"), 1),
    Attack(45, "an empty secret", 404, NO_ORDER, header("Authorization", "Bearer ")),
    Attack(45, "Basic", 404, NO_ORDER, header("Authorization", "Basic YWRtaW46YWRtaW4=")),
    Attack(45, "two secrets", 404, NO_ORDER, twice("Authorization")),
    Attack(45, "the secret and a line feed", 404, NO_ORDER, lambda a: a.but(
        event_change=lambda made: {**made, "headers": {
            **made["headers"], "Authorization": made["headers"]["Authorization"] + "\n"}})),
    Attack(45, "a secret of 8 KB", 404, NO_ORDER, header("Authorization", "Bearer " + "s" * 8192)),
]
POLLING = [
    *HOLDING,
    Attack(50, "the secret in the address", 404, NO_ORDER, lambda a: a.but(event_change=moved)),
    *[Attack(46, f"the number {number}", 404, NO_ORDER, path(
        lambda it, n=number: f"/v1/orders/{n}"), reads)  # type: ignore[misc]
      for number, reads in (("1", 0), ("0" * 26, 1), ("..%2f..", 0), ("%00", 0), ("*", 0),
                            ("%27%20OR%201=1", 0), ("0" * 25 + "%0A", 0), ("O" * 26, 0))],
    Attack(36, "a path below", 404, ROUTE, path(lambda it: it + "/license")),
    *[Attack(36, f"{name} of an order", 405, METHOD, method(name))
      for name in ("POST", "PUT", "DELETE", "TRACE")],
]
CLAIMING = [
    *HOLDING,
    Attack(45, "another order's id", 404, NO_ORDER, fields(order_id="0" * 26), 1),
    Attack(46, "an order id of another form", 404, NO_ORDER, fields(order_id="1")),
    Attack(51, "a longer license", 400, FIELD, fields(ends_at_s=None)),
    Attack(51, "another product", 400, FIELD, fields(product_id="course")),
    Attack(27, "an order id that is a list", 400, FIELD, fields(order_id=["0" * 26])),
    Attack(26, "two order ids", 400, BAD_JSON, raw(
        lambda body: body[:-1] + b',"order_id":"x"}')),
    Attack(58, "an order id that is a path", 404, NO_ORDER, fields(order_id="../licenses")),
]


def moved(made: dict[str, Any]) -> dict[str, Any]:
    """The secret as a query parameter instead of a header."""
    headers = dict(made["headers"])
    secret = headers.pop("Authorization").removeprefix("Bearer ")
    return {**made, "headers": headers, "queryParameters": {
        "access_token": secret, "authorization": f"Bearer {secret}"}}


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
    assert (crossed.status, crossed.code, crossed.wrote()) == (404, NO_ORDER, [])
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
    assert (seen.status, seen.code, seen.wrote()) == (409, "ORDER_NOT_PAID", [])
    assert shop.tell(shop.notify_of(bought)).status == 200
    assert shop.ask(good).status == 200


def test_47_no_license_after_a_refund(shop: Shop) -> None:
    bought = shop.purchase()
    shop.wechat.console_refund(bought.out_trade_no)
    shop.make_query_due(bought)
    shown = shop.ask(Asking.poll(bought.buyer, bought.order_id)).body["order"]
    assert shown["status"] == "refunding"
    seen = shop.ask(Asking.claim(bought.buyer, bought.order_id))
    assert (seen.status, seen.code, seen.wrote()) == (403, "LICENSE_SUSPENDED", [])


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
