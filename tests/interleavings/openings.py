"""Where scenarios begin: what has happened to the order before the actors meet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.domain.money import Money
from shared.domain.refund import RefundState
from shared.errors import StoreUnknown
from shared.use_cases.record_payment import PaymentHeld
from tests.fakes.script import raises
from tests.interleavings.actors import claim, create, notify, refund
from tests.interleavings.ends import order_of
from tests.unit.use_cases.world import LIFETIME_S, POLICY, PRICE, catalogue

if TYPE_CHECKING:
    from shared.domain.order import Order
    from tests.interleavings.scene import Scene

LATER_S = 60
"""By then a poll may ask the provider, and the order's first look is due."""
SECOND_TRANSACTION = "4200009999000000000000000002"


def nothing_yet(scene: Scene) -> None:
    """An open shop."""


def ordered(scene: Scene) -> None:
    """The client ordered and shows the code."""
    _know(scene, create(scene))
    scene.clock.advance_s(LATER_S)


def expired(scene: Scene) -> None:
    """It shows the code, and its time is over."""
    ordered(scene)
    scene.clock.advance_s(LIFETIME_S)


def paid_for(scene: Scene) -> None:
    """The buyer has paid, and nobody was told. A poll may ask the provider."""
    _know(scene, create(scene))
    scene.facts["paid"] = scene.pay(order_of(scene))
    scene.clock.advance_s(LATER_S)


def paid_before_the_code_is_stored(scene: Scene) -> None:
    """The provider knows the order and was paid; our row has neither code nor payment."""
    scene.orders.script.before("save", raises(StoreUnknown()))
    try:
        create(scene)
    except StoreUnknown:
        _know(scene, order_of(scene))
    scene.facts["paid"] = scene.pay(order_of(scene))
    scene.clock.advance_s(LATER_S)


def paid_wrongly(scene: Scene) -> None:
    """The provider says that one cent was paid."""
    ordered(scene)
    scene.facts["paid"] = scene.gateway.pay(
        scene.facts["out_trade_no"], scene.clock.now_s(), amount=Money(1, PRICE.currency))


def paid_twice(scene: Scene) -> None:
    """Two payments for one order; the provider's own record shows one of them."""
    ordered(scene)
    scene.facts["second"] = scene.gateway.pay(
        scene.facts["out_trade_no"], scene.clock.now_s(), transaction_id=SECOND_TRANSACTION)
    scene.outside.more_payments.append(scene.facts["second"])
    scene.facts["paid"] = scene.pay(order_of(scene))


def booked(scene: Scene) -> None:
    """Paid, and the notify came; the order's first look is due."""
    paid_for(scene)
    notify()(scene)


def in_use(scene: Scene) -> None:
    """Paid, and its license is in use."""
    booked(scene)
    claim(scene)


def reserved(scene: Scene) -> None:
    """A refund of all was asked for; the provider has not heard of it, and its look is due."""
    in_use(scene)
    scene.run_timer()
    refund()(scene)
    scene.clock.advance_s(LATER_S)


def placed_unseen(scene: Scene) -> None:
    """The provider did the refund, and we have heard of neither: the timer died on the way."""
    reserved(scene)
    number = _place(scene)
    scene.facts["refunded"] = scene.refunds.settle(number)


def placed_and_failed_unseen(scene: Scene) -> None:
    """The provider took the refund, and then gave it up."""
    reserved(scene)
    number = _place(scene)
    scene.facts["refunded"] = scene.refunds.settle(number, RefundState.CLOSED)


def waits_for_approval(scene: Scene) -> None:
    """A refund of all, above the limit of its policy: a second person has to approve it."""
    strict = replace(POLICY, approval_above_minor=1)
    scene.shop = replace(scene.shop, catalogue=catalogue(strict))
    in_use(scene)
    scene.run_timer()
    refund()(scene)
    scene.clock.advance_s(LATER_S)


def held(scene: Scene) -> None:
    """One cent was paid, and is held for an operator."""
    paid_wrongly(scene)
    try:
        notify()(scene)
    except PaymentHeld:
        scene.clock.advance_s(LATER_S)


def _place(scene: Scene) -> str:
    asked, = order_of(scene).refunds
    scene.refunds.place(asked.provider_request)
    return asked.out_refund_no


def _know(scene: Scene, order: Order) -> None:
    scene.facts["order_id"], scene.facts["out_trade_no"] = order.order_id, order.out_trade_no
