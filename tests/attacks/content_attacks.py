"""Notifies that are touched on the way, or signed with a content that we do not take.

Attacks 20 to 35 of docs/security.md. Many of them no stranger can make, for they are signed: they
are what a mistake at WeChat, a stolen key or another deployment would send.
"""

from __future__ import annotations

import gzip
import zlib
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from tests.attacks.asking import JSON
from tests.attacks.notifies import dump
from tests.attacks.signature_attacks import AMBIGUOUS, MALFORMED, MISSING, WRONG, Attack

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.attacks.notifies import Notify

    Change = Callable[[Notify], Notify]

NOT_JSON, ENVELOPE, FOREIGN = "body_not_json", "envelope_malformed", "event_type_not_payment"
RESOURCE, SEALED = "resource_malformed", "resource_not_decryptable"
PLAIN, FACT, STATE = "resource_not_json", "fact_malformed", "trade_state_unknown"
AFTER_THE_SIGNATURE = (NOT_JSON, ENVELOPE, FOREIGN, f"{FOREIGN}|{ENVELOPE}", RESOURCE, SEALED,
                       PLAIN, FACT, STATE, "resource_algorithm_unsupported",
                       "trade_state_contradicts_event")
"""Reasons of the checks that only WeChat's own messages get to."""
SIGNED = ("Timestamp", "Nonce", "Signature", "Serial")


def touched(change: Callable[[bytes], bytes]) -> Change:
    """The body, after it was signed."""
    return lambda notify: notify.but(sent_body=change)


def body(change: Callable[[bytes], bytes]) -> Change:
    """The body, before it was signed."""
    return lambda notify: notify.but(body=change)


def envelope(**changes: Any) -> Change:
    """Fields of the envelope; None leaves one out."""
    return lambda notify: notify.but(envelope=changes)


def resource(**changes: Any) -> Change:
    """Fields of the resource; None leaves one out."""
    return lambda notify: notify.but(resource=changes)


def sealed(change: Callable[[bytes], bytes]) -> Change:
    """Ciphertext and tag."""
    return lambda notify: notify.but(sealed=change)


def plaintext(change: Callable[[bytes], bytes]) -> Change:
    """What is sealed."""
    return lambda notify: notify.but(plaintext=change)


def event(**changes: Any) -> Change:
    """Fields of the event that Function Compute hands over."""
    return lambda notify: notify.but(event_change=lambda made: {**made, **changes})


def stating(**changes: Any) -> Change:
    """Fields of the transaction; None leaves one out."""
    return lambda notify: notify.stating(**changes)


def amount(**changes: Any) -> Change:
    """Fields of the amount; None leaves one out."""
    return lambda notify: notify.amount(**changes)


def with_field(text: bytes) -> Callable[[bytes], bytes]:
    """One more field at the end of a JSON object."""
    return lambda raw: raw[:-1] + b"," + text + b"}"


def flip(position: int) -> Callable[[bytes], bytes]:
    """One bit of one byte."""
    def flipped(raw: bytes) -> bytes:
        changed = bytearray(raw)
        changed[position] ^= 1
        return bytes(changed)
    return flipped


def encoded(made: dict[str, Any]) -> dict[str, Any]:
    """The body in base64, while the event says that it is not."""
    return {**made, "body": b64encode(made["body"].encode()).decode()}


def listed(made: dict[str, Any]) -> dict[str, Any]:
    """The signature as a list of one."""
    headers = made["headers"]
    name = "Wechatpay-Signature"
    return {**made, "headers": {**headers, name: [headers[name]]}}


def twice_spelled(made: dict[str, Any]) -> dict[str, Any]:
    """The signature under a second spelling of its name."""
    headers = made["headers"]
    return {**made, "headers": {**headers,
                                "WECHATPAY-SIGNATURE": headers["Wechatpay-Signature"]}}


def joined(name: str) -> Change:
    """One header sent twice: Function Compute joins the values with a comma."""
    return lambda notify: notify.but(more_headers=((f"Wechatpay-{name}", "0"),))


def underscored(made: dict[str, Any]) -> dict[str, Any]:
    """The signature headers as CGI spells them."""
    return {**made, "headers": {
        "HTTP_" + name.upper().replace("-", "_") if name.startswith("Wechatpay") else name: value
        for name, value in made["headers"].items()}}


KINDS = [
    Attack(20, "a refund event around a payment", f"{FOREIGN}|{ENVELOPE}",
           envelope(event_type="REFUND.SUCCESS"), 400),
    Attack(20, "an event of another product", FOREIGN, envelope(event_type="PAYSCORE.USER_PAID"),
           400),
    Attack(20, "a payment event in lower case", FOREIGN,
           envelope(event_type="transaction.success"), 400),
    Attack(20, "an event type that is a list", ENVELOPE,
           envelope(event_type=["TRANSACTION.SUCCESS"]), 400),
    Attack(20, "another original type", ENVELOPE, resource(original_type="refund"), 400),
    Attack(20, "other associated data", ENVELOPE, resource(associated_data="refund"), 400),
    Attack(20, "another resource type", ENVELOPE, envelope(resource_type="plain"), 400),
    Attack(20, "no resource", ENVELOPE, envelope(resource=None), 400),
    Attack(21, "sealed with the staging key", SEALED, lambda n: n.but(
        api_v3_key="StagingKeyOfTongbao0123456789012")),
]
TOUCHED = [
    Attack(22, "spaces", WRONG, touched(lambda raw: raw.replace(b'":', b'": '))),
    Attack(22, "another order of keys", WRONG, touched(
        lambda raw: b'{"summary":"x",' + raw[1:])),
    Attack(22, "an escape", WRONG, touched(lambda raw: raw.replace("支".encode(), rb"\u652f"))),
    Attack(22, "a final line feed", WRONG, touched(lambda raw: raw + b"\n")),
    Attack(22, "cut short", WRONG, touched(lambda raw: raw[:-1])),
    Attack(22, "emptied", WRONG, touched(lambda _: b"")),
    Attack(23, "said to be base64", "body_encoding", event(isBase64Encoded=True), 400),
    Attack(23, "secretly base64", WRONG, lambda n: n.but(event_change=encoded)),
    Attack(23, "a body that is an object", "not_an_http_event", event(body={}), 400),
    Attack(24, "gzip", WRONG, touched(gzip.compress)),
    Attack(24, "deflate", WRONG, touched(zlib.compress)),
    Attack(24, "a byte order mark", WRONG, touched(lambda raw: b"\xef\xbb\xbf" + raw)),
    Attack(24, "UTF-16", WRONG, touched(lambda raw: raw.decode().encode("utf-16"))),
    Attack(24, "GBK", WRONG, touched(lambda raw: raw.decode().encode("gbk"))),
]
BODIES = [
    Attack(24, "a signed byte order mark", NOT_JSON, body(lambda raw: b"\xef\xbb\xbf" + raw), 400),
    Attack(25, "invalid UTF-8", NOT_JSON, body(lambda raw: raw.replace(
        "支".encode(), b"\xff\xfe")), 400),
    Attack(25, "a lone surrogate", NOT_JSON, body(with_field(rb'"x":"\ud800"')), 400),
    Attack(25, "NUL", NOT_JSON, body(with_field(rb'"x":"\u0000"')), 400),
    Attack(26, "a doubled event type", NOT_JSON, body(with_field(b'"event_type":"x"')), 400),
    Attack(26, "a doubled amount inside", PLAIN, plaintext(with_field(
        b'"amount":{"total":1,"currency":"CNY"}')), 400),
    Attack(27, "NaN", NOT_JSON, body(with_field(b'"x":NaN')), 400),
    Attack(27, "infinity", PLAIN, plaintext(with_field(b'"x":1e999')), 400),
    *[Attack(27, f"an amount of {total!r}", FACT, amount(total=total), 400)
      for total in (9900.0, "9900", True, [9900], None)],
    Attack(27, "an amount beyond 64 bits", PLAIN, amount(total=2**63), 400),
    Attack(28, "a thousand brackets", NOT_JSON, body(
        with_field(b'"x":' + b"[" * 1000 + b"]" * 1000)), 400),
    Attack(28, "an integer of 4301 digits", NOT_JSON, body(with_field(b'"x":' + b"9" * 4301)), 400),
    Attack(29, "more than 64 KiB", "body_too_large", body(
        with_field(b'"x":"' + b"x" * 65_536 + b'"')), 400),
    Attack(29, "six megabytes", "body_too_large", touched(lambda raw: raw + b" " * 6_000_000),
           400),
    *[Attack(30, f"a body of {text}", NOT_JSON, body(lambda _, t=text: t.encode()), 400)  # type: ignore[misc]
      for text in ("[]", "null", '"x"', "1", "{} {}")],
]
SEALS = [
    Attack(31, "a flipped bit of the ciphertext", SEALED, sealed(flip(0))),
    Attack(31, "a flipped bit of the tag", SEALED, sealed(flip(-1))),
    Attack(31, "a tag of 12 bytes", SEALED, sealed(lambda raw: raw[:-4])),
    Attack(31, "a tag of 4 bytes", SEALED, sealed(lambda raw: raw[:-12])),
    Attack(31, "no more than a tag", RESOURCE, sealed(lambda raw: raw[-16:]), 400),
    Attack(31, "an empty nonce", RESOURCE, resource(nonce=""), 400),
    Attack(31, "another nonce", SEALED, resource(nonce="fdasflkja485")),
    Attack(31, "no associated data", SEALED, resource(associated_data="")),
    Attack(31, "another algorithm", "resource_algorithm_unsupported", resource(
        algorithm="AEAD_AES_128_GCM"), 400),
    Attack(31, "not encrypted", RESOURCE, lambda n: n.but(resource={
        "ciphertext": dump(dict(n.document)).decode()}), 400),
]
HEADERS = [
    *[Attack(32, f"two of {name}", AMBIGUOUS, joined(name)) for name in SIGNED],
    Attack(32, "a second spelling", "-", lambda n: n.but(event_change=twice_spelled), 400),
    Attack(32, "a list", "-", lambda n: n.but(event_change=listed), 400),
    Attack(33, "names as CGI spells them", MISSING, lambda n: n.but(event_change=underscored)),
    Attack(34, "a line feed in the nonce", MALFORMED, lambda n: n.but(nonce="a\r\nX-Admin: 1")),
    Attack(34, "a nonce of 8 KB", MALFORMED, lambda n: n.but(nonce="n" * 8192)),
    Attack(34, "a serial of 8 KB", MALFORMED, lambda n: n.but(serial="s" * 8192)),
    Attack(59, "ANSI in the serial", "serial_unknown", lambda n: n.but(
        serial="\x1b[2J\x1b]0;owned\x07")),
    Attack(59, "a forged log line in the serial", AMBIGUOUS, lambda n: n.but(
        serial='x"}\n{"fact":"order.paid","alarm":false}')),
]
FACTS = [
    Attack(38, "a trade state that is no payment", "trade_state_contradicts_event",
           stating(trade_state="NOTPAY"), 400),
    Attack(38, "a trade state nobody knows", STATE, stating(trade_state="PAID"), 400),
    Attack(38, "no amount", FACT, stating(amount=None), 400),
    Attack(38, "a negative amount", FACT, amount(total=-9900), 400),
    Attack(38, "no transaction", FACT, stating(transaction_id=None), 400),
    Attack(58, "an order number of 1 MB", "body_too_large", stating(out_trade_no="A" * 1_000_000),
           400),
    Attack(58, "an order number of 33 characters", FACT, stating(out_trade_no="A" * 33), 400),
    Attack(59, "a line feed in the transaction", FACT, stating(transaction_id="4200\r\n{}"), 400),
]
ATTACKS = [*KINDS, *TOUCHED, *BODIES, *SEALS, *HEADERS, *FACTS]


def method(name: str) -> Change:
    """Another method."""
    return lambda notify: notify.but(method=name)


def target(text: str) -> Change:
    """Another path."""
    return lambda notify: notify.but(target=text)


DOORS = [
    *[Attack(36, f"{name} of the notify", "METHOD_NOT_ALLOWED", method(name), 405)
      for name in ("GET", "PUT", "DELETE", "HEAD", "TRACE", "OPTIONS", "PATCH")],
    *[Attack(36, f"path {text}", "ROUTE_NOT_FOUND", target(text), 404)
      for text in ("/v1/notify/wechatpay/", "//v1/notify/wechatpay", "/v1//notify/wechatpay",
                   "/v1/notify/%77echatpay", "/v1/notify/wechatpay;a=1", "/v1/notify/wechatpay%00",
                   "/v1/x/%2e%2e/notify/wechatpay", "/v1/x/../notify/wechatpay",
                   "/V1/notify/wechatpay", "/v1/notify/stripe", "/v1/orders", "/")],
    Attack(36, "GET made a POST by a header", "METHOD_NOT_ALLOWED", lambda n: n.but(
        event_change=overridden), 405),
]
"""A genuine notify at another door."""


def overridden(made: dict[str, Any]) -> dict[str, Any]:
    """GET, with the header by which some frameworks make a POST of it."""
    http = {**made["requestContext"]["http"], "method": "GET"}
    return {**made, "requestContext": {**made["requestContext"], "http": http},
            "headers": {**made["headers"], "X-Http-Method-Override": "POST",
                        "Content-Type": JSON}}
