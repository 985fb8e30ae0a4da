"""The receipt: what was paid, the same for ever, and nothing that unlocks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.domain.identifiers import is_id
from shared.domain.lease import LEASE_TYPE, Window, claims
from shared.domain.license import DAY_S
from shared.domain.receipt import RECEIPT_TYPE, receipt_claims
from tests.fakes import samples

if TYPE_CHECKING:
    from shared.domain.order import Payment

PAID = samples.paid(samples.instructed(samples.order()))


def payment() -> Payment:
    assert PAID.payment is not None
    return PAID.payment


SAID = receipt_claims(PAID, payment(), "https://shop.example")


def test_a_receipt_says_what_was_paid_and_when_and_not_by_whom() -> None:
    said = dict(SAID)
    assert is_id(said.pop("jti"))
    assert said == {
        "v": 1, "iss": "https://shop.example", "aud": "pro-yearly", "env": "test",
        "sub": PAID.license_id, "order": PAID.order_id, "iat": samples.NOW_S + 60,
        "amount": 9900, "currency": "CNY"}
    hashed = replace(payment(), payer_hash="5e" * 32, source="query", late=True)
    assert receipt_claims(PAID, hashed, "https://shop.example") == SAID


def test_a_receipt_has_no_end_no_device_and_no_entitlement() -> None:
    license_ = samples.license_of(PAID)
    lease = claims(license_, "A" * 43, Window(0, DAY_S, 0), "https://shop.example")
    assert RECEIPT_TYPE == "tongbao-receipt+jwt"
    assert RECEIPT_TYPE != LEASE_TYPE
    assert {"exp", "nbf", "grc", "lexp", "ent", "cnf"} == lease.keys() - SAID.keys()
    assert lease["jti"] != SAID["jti"]


def test_each_order_has_a_receipt_of_its_own() -> None:
    other = samples.paid(samples.order(2))
    assert other.payment is not None
    assert receipt_claims(other, other.payment, "https://shop.example")["jti"] != SAID["jti"]
