"""What strangers and buyers can send: attacks 24 to 59 of docs/security.md, at their routes."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.wire.deployment import Buyer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.attacks.asking import Asking

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
    Attack(36, "a path below", 404, ROUTE, path(lambda it: it + "/lease")),
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
