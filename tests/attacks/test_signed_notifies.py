"""Notifies that WeChat did sign: said twice, said under another key, or about other money."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from emulators.wechatpay import Account
from emulators.wechatpay.account import certificate_pem
from shared.domain import order
from tests.attacks.notifies import differences

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.attacks.notifies import Notify
    from tests.attacks.shop import Shop

DAY = timedelta(days=1)
FOREIGN: dict[str, tuple[str, Callable[[Notify], Notify]]] = {
    "38: one fen less": ("amount", lambda n: n.amount(total=n.document["amount"]["total"] - 1)),
    "38: one fen more": ("amount", lambda n: n.amount(total=n.document["amount"]["total"] + 1)),
    "38: one fen": ("amount", lambda n: n.amount(total=1)),
    "38: nothing": ("amount", lambda n: n.amount(total=0)),
    "38: dollars": ("currency", lambda n: n.amount(currency="USD")),
    "38: another merchant's money": ("merchant", lambda n: n.stating(mchid="1230000109")),
    "39: another app of ours": ("app", lambda n: n.stating(appid="wxd678efh567hg6787")),
    "58: an order number that is a path": ("no_order", lambda n: n.stating(
        out_trade_no="TB01/../../etc/passwd")),
    "58: an order number that is a query": ("no_order", lambda n: n.stating(
        out_trade_no="TB01?mchid=1&x=%2e%2e")),
    "59: an order number that is ANSI": ("no_order", lambda n: n.stating(
        out_trade_no="TB01{}[31m'; DROP--")),
}
"""What the held row's reason is, and the change."""


@pytest.mark.parametrize("name", FOREIGN)
def test_signed_money_that_does_not_fit_is_held_and_told(shop: Shop, name: str) -> None:
    reason, change = FOREIGN[name]
    bought = shop.purchase()
    genuine = shop.notify_of(bought)
    attacking = change(genuine)
    assert differences(genuine, attacking) == ["document"]

    seen = shop.tell(attacking)
    assert (seen.status, seen.code) == (500, "PAYMENT_HELD")
    assert "held_payments" in seen.written
    assert (seen.written & {"orders", "licenses"}, seen.calls) == (set(), 0)
    assert [(fact["reason"], fact["alarm"]) for fact in seen.facts("payment.held")] == [
        (reason, True)]
    assert not shop.is_paid(bought)

    assert shop.tell(genuine).status == 200
    assert shop.is_paid(bought)


@pytest.mark.parametrize("attach", [
    '{"amount":1,"state":"PAID"}', "../../x", "<script>", "=1+1", "\x1b[2J\r\n{}"])
def test_40_nothing_is_believed_of_what_was_attached(shop: Shop, attach: str) -> None:
    bought = shop.purchase()
    seen = shop.tell(shop.notify_of(bought).stating(attach=attach))
    assert seen.status == 200
    assert attach not in repr(shop.stored(bought))


def test_16_the_same_notify_again_changes_nothing(shop: Shop) -> None:
    bought = shop.purchase()
    genuine = shop.notify_of(bought)
    assert shop.tell(genuine).written == {"orders"}
    once = shop.stored(bought)
    for again in (genuine, shop.notify_of(bought)):
        seen = shop.tell(again)
        assert (seen.status, seen.store, seen.written) == (200, ("GetRow",), set())
    assert shop.stored(bought) == once


def test_42_a_payment_after_the_order_was_closed_is_booked_and_told(shop: Shop) -> None:
    bought = shop.purchase()
    genuine = shop.notify_of(bought)
    shop.orders().save(order.close(shop.stored(bought), 1, actor="provider", source="query"))
    seen = shop.tell(genuine)
    assert seen.status == 200
    assert [fact["late"] for fact in seen.facts("order.paid")] == [True]


def test_43_a_second_payment_of_one_order_is_held_and_told(shop: Shop) -> None:
    bought = shop.purchase()
    genuine = shop.notify_of(bought)
    assert shop.tell(genuine).status == 200
    once = shop.stored(bought)
    for _ in range(2):
        seen = shop.tell(genuine.stating(transaction_id="4200000000202611150000000001"))
        assert (seen.status, seen.code) == (500, "PAYMENT_HELD")
        assert [fact["reason"] for fact in seen.facts("payment.held")] == ["second_payment"]
    assert shop.stored(bought).payment == once.payment


def certificate(account: Account, begins: timedelta, ends: timedelta) -> str:
    """A platform certificate of WeChat's platform key, valid from and until then, as PEM."""
    genuine, now = account.platform_certificate, datetime.now(timezone.utc)
    made = (x509.CertificateBuilder().subject_name(genuine.subject).issuer_name(genuine.issuer)
            .public_key(genuine.public_key()).serial_number(genuine.serial_number)
            .not_valid_before(now + begins).not_valid_after(now + ends)
            .sign(account.platform.private_key, hashes.SHA256()))
    return certificate_pem(made)


def trusting(shop: Shop, pems: dict[str, str], **environ: str) -> Any:
    """notify, trusting these platform certificates besides the public key."""
    return shop.build("notify", WECHATPAY_PLATFORM_CERTIFICATES=json.dumps(pems), **environ)


@pytest.mark.parametrize(("begins", "ends"), [(-9 * DAY, -DAY), (DAY, 9 * DAY)],
                         ids=["12: expired", "12: not yet valid"])
def test_a_certificate_counts_while_it_is_valid(shop: Shop, begins: timedelta,
                                                ends: timedelta) -> None:
    account, bought = shop.account, shop.purchase()
    notify = shop.notify_of(bought).but(signed_by=account.platform.private_key,
                                        serial=account.platform_serial)
    seen = shop.tell(notify, trusting(shop, {
        account.platform_serial: certificate(account, begins, ends)}))
    assert (seen.status, seen.store, seen.calls) == (401, (), 0)
    assert [fact["reason"] for fact in seen.facts("notify.refused")] == ["key_not_valid_now"]
    good = trusting(shop, {account.platform_serial: certificate(account, -DAY, DAY)})
    assert shop.tell(notify, good).status == 200


def test_12_a_revoked_certificate_is_one_that_is_not_configured(shop: Shop) -> None:
    account, bought = shop.account, shop.purchase()
    notify = shop.notify_of(bought).but(signed_by=account.platform.private_key,
                                        serial=account.platform_serial)
    seen = shop.tell(notify)
    assert (seen.status, seen.store, seen.calls) == (401, (), 0)
    assert [fact["reason"] for fact in seen.facts("notify.refused")] == ["serial_unknown"]
    both = trusting(shop, {account.platform_serial: account.platform_certificate_pem})
    assert shop.tell(notify, both).status == 200
    assert shop.tell(shop.notify_of(bought), both).status == 200


@pytest.mark.parametrize("forge", [
    lambda n, a: n.but(signed_by=a.merchant_key), lambda n, a: n.but(serial=a.merchant_serial),
    lambda n, a: n.but(serial=a.platform_serial),
    lambda n, a: n.but(signed_by=a.platform.private_key),
    lambda n, a: n.but(serial="0x" + a.platform_serial),
    lambda n, a: n.but(serial=a.platform_serial.lower())],
    ids=["10: our own key", "10: our own serial", "10: WeChat's other serial",
         "10: WeChat's other key", "10: 0x", "10: lower case"])
def test_a_key_counts_under_its_own_serial_only(
        shop: Shop, forge: Callable[[Notify, Account], Notify]) -> None:
    account, bought = shop.account, shop.purchase()
    both = trusting(shop, {account.platform_serial: account.platform_certificate_pem})
    genuine = shop.notify_of(bought)
    seen = shop.tell(forge(genuine, account), both)
    assert (seen.status, seen.store, seen.calls) == (401, (), 0)
    assert {fact["reason"] for fact in seen.facts("notify.refused")} <= {
        "serial_unknown", "signature_wrong"}
    assert shop.tell(genuine, both).status == 200


def test_21_the_notify_of_another_merchant_s_account(shop: Shop) -> None:
    staging, bought = Account.create(), shop.purchase()
    genuine = shop.notify_of(bought)
    theirs = genuine.but(signed_by=staging.public_key.private_key,
                         serial=staging.public_key_id, api_v3_key=staging.api_v3_key)
    seen = shop.tell(theirs)
    assert (seen.status, seen.store, seen.calls) == (401, (), 0)
    assert [fact["reason"] for fact in seen.facts("notify.refused")] == ["serial_unknown"]
    assert shop.tell(genuine).status == 200


@pytest.mark.parametrize("number", ["OTHERSHOP0001", "../../etc/passwd", "{}[31m'; DROP--"])
def test_signed_money_of_another_shop_is_told_and_left_alone(shop: Shop, number: str) -> None:
    bought = shop.purchase()
    genuine = shop.notify_of(bought)
    seen = shop.tell(genuine.stating(out_trade_no=number))
    assert (seen.status, seen.code) == (500, "NOTIFY_NOT_ACCEPTED")
    assert (seen.written, seen.calls) == (set(), 0)
    assert len(seen.facts("payment.foreign")) == 1
    assert shop.tell(genuine).status == 200
