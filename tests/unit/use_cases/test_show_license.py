"""What the claim secret shows after the first activation: a receipt, and nothing that unlocks."""

from __future__ import annotations

import pytest

from shared.domain.license import Standing
from shared.errors import OrderNotFound
from shared.use_cases.create_order import create_order
from shared.use_cases.record_payment import record_payment
from shared.use_cases.record_refund import record_refund
from shared.use_cases.show_license import Purchase, show_license
from tests.fakes.issuer import FakeLicenseIssuer
from tests.unit.use_cases.licensing import Sold, refused, sell
from tests.unit.use_cases.world import OTHER_SECRET, SECRET, World, request


@pytest.fixture
def sold() -> Sold:
    return sell()


def show(sold: Sold, secret: str | None = SECRET) -> Purchase:
    return show_license(sold.order.order_id, secret, sold.world.desk())


def test_it_is_one_read_and_the_same_as_often_as_asked(sold: Sold) -> None:
    shown = show(sold)
    assert sold.world.calls() == ["orders.load"]
    assert shown.standing is Standing.ACTIVE
    assert show(sold) == shown


def test_the_receipt_says_what_was_paid_and_names_no_device(sold: Sold) -> None:
    receipt = show(sold).receipt
    assert receipt is not None
    claims = FakeLicenseIssuer.read(receipt)
    payment = sold.order.payment
    assert payment is not None
    assert (claims["order"], claims["sub"], claims["aud"]) == (
        sold.order.order_id, sold.license_id, "reader-pro")
    assert (claims["amount"], claims["currency"], claims["iat"]) == (
        9900, "CNY", payment.paid_at_s)
    assert not {"exp", "ent", "cnf", "grc"} & set(claims)


@pytest.mark.parametrize("secret", [None, "", OTHER_SECRET])
def test_it_is_for_who_knows_the_secret(sold: Sold, secret: str | None) -> None:
    with pytest.raises(OrderNotFound):
        show(sold, secret)


def test_an_unpaid_order_has_no_receipt() -> None:
    world = World()
    order = create_order(request(), world.shop)
    with refused("ORDER_NOT_PAID", 2):
        show_license(order.order_id, SECRET, world.desk())


@pytest.mark.parametrize(("settled", "standing"), [
    (False, Standing.SUSPENDED), (True, Standing.REVOKED)])
def test_after_a_refund_it_says_what_is_left(sold: Sold, settled: bool,
                                             standing: Standing) -> None:
    before, world = show(sold), sold.world
    if settled:
        record_refund(world.refunds.console_refund(sold.order.out_trade_no), world.books)
    else:
        record_payment(world.gateway.refund(sold.order.out_trade_no), world.books)
    after = show(sold)
    assert after.standing is standing
    assert after.receipt == before.receipt


def test_a_receipt_that_is_being_signed_is_none(sold: Sold) -> None:
    sold.world.fake_issuer.is_pending = True
    assert show(sold).receipt is None
