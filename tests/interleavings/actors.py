"""Who takes part: each is one request, from its first call to its answer.

An actor checks its own answer at the moment when it is given, with nothing in between: what
is told must be durable then, not later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain import identifiers
from shared.domain.device import Refusal
from shared.domain.order import OrderState
from shared.domain.payment import TradeState
from shared.domain.refund import RefundOrigin
from shared.domain.refunding import find_refund
from shared.errors import TongbaoError
from shared.use_cases import (
    cancel_order,
    claim_license,
    create_order,
    fetch_order,
    receive_notify,
    request_refund,
)
from shared.use_cases.record_payment import PaymentHeld
from shared.use_cases.request_refund import RefundRequest
from tests.interleavings.device_answers import handed_over
from tests.interleavings.ends import order_of
from tests.invariants import answers, must
from tests.unit.use_cases.world import DEVICE, SECRET, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.money import Money
    from shared.domain.order import Order
    from tests.interleavings.scene import Scene

    Act = Callable[[Scene], Any]

MOST_TRIES = 6
NEXT_TRY_S = 60
FINAL = frozenset({
    "REFUND_EXCEEDS_PAYMENT", "REFUND_NOT_DECIDABLE", "HELD_PAYMENT_SETTLED", "ORDER_NOT_OPEN",
    *(refusal.value for refusal in Refusal)})
"""Answers that are no good news, and that asking again does not change."""


def notify(fact: str = "paid") -> Act:
    """WeChat tells of the prepared fact of that name."""

    def act(scene: Scene) -> None:
        headers, body = scene.verifier.sign(scene.facts[fact])
        receive_notify.receive_notify(headers, body, verifier=scene.verifier, books=scene.books)
        answers.accepted(scene, scene.facts[fact])

    return act


def poll(scene: Scene) -> Order:
    """The page asks how the order stands."""
    order = fetch_order.fetch_order(scene.facts["order_id"], SECRET, scene.counter())
    answers.shown(scene, order)
    return order


def claim(scene: Scene) -> claim_license.HandedOver:
    """The page asks for the license, for its device."""
    given = claim_license.claim_license(scene.facts["order_id"], SECRET, DEVICE,
                                        scene.desk())
    handed_over(scene, given, DEVICE)
    return given


def create(scene: Scene) -> Order:
    """The client sends its order (again), with the same key."""
    order = create_order.create_order(request(), scene.shop)
    answers.shown(scene, order)
    return order


def refund(key: str = "refund-1", amount: Money | None = None) -> Act:
    """An operator asks for a refund (None: of all that is left)."""

    def act(scene: Scene) -> Order:
        _note_key(scene, key)
        wanted = RefundRequest(key, amount, RefundOrigin.OPERATOR, "operator:ada", "admin")
        order = request_refund.request_refund(scene.facts["order_id"], wanted,
                                              scene.refund_counter)
        _refund_is_stored(scene, key)
        return order

    return act


def own_refund(key: str = "own-refund") -> Act:
    """The buyer asks for the money back."""

    def act(scene: Scene) -> Order:
        _note_key(scene, key)
        order = request_refund.request_own_refund(scene.facts["order_id"], SECRET, key,
                                                  scene.refund_counter)
        _refund_is_stored(scene, key)
        return order

    return act


def _note_key(scene: Scene, key: str) -> None:
    scene.outside.refund_keys.setdefault(scene.facts["order_id"], set()).add(key)


def _refund_is_stored(scene: Scene, key: str) -> None:
    order = order_of(scene)
    number = identifiers.out_refund_no(order.out_trade_no, key)
    must(find_refund(order, number) is not None, "I11", "a refund is promised, and not stored")


def cancel(scene: Scene) -> Order:
    """The buyer does not want it any more."""
    order = cancel_order.cancel_order(scene.facts["order_id"], SECRET, scene.books,
                                      scene.gateway)
    answers.shown(scene, order)
    stored = order_of(scene)
    must(stored.payment is not None or stored.state is OrderState.CLOSED,
         "I11", "told as closed, and it is open")
    trade, = scene.gateway.trades.values()
    must(stored.payment is not None or trade.transaction_id is None,
         "I17", "told as closed, and it is paid")
    return order


def timer(scene: Scene) -> None:
    """The timer's minute has come; it answers to nobody."""
    scene.run_timer()


def buyer(scene: Scene) -> None:
    """The buyer pays, where the provider still takes it; its notify follows at once."""
    scene.step("buyer pays")
    number = scene.facts["out_trade_no"]
    if scene.gateway.trades[number].state is TradeState.UNPAID:
        scene.gateway.pay(number, scene.clock.now_s())
    if scene.gateway.trades[number].transaction_id is not None:
        scene.facts["paid"] = scene.gateway.fact(number, source="notify")
        notify()(scene)


def console(scene: Scene) -> None:
    """The seller refunds in the provider's own console, where it can; its notify follows."""
    scene.step("seller refunds at the provider")
    if "refunded" not in scene.facts:
        if scene.refunds.refunds:
            return
        scene.facts["refunded"] = scene.refunds.console_refund(scene.facts["out_trade_no"])
    notify("refunded")(scene)


def until_answered(scene: Scene, act: Act) -> Any:
    """Whoever got no good answer asks again, each minute; and each minute the timer runs.

    Some bad answers are for good; they are returned.
    """
    error: TongbaoError | None = None
    for _ in range(MOST_TRIES):
        try:
            return act(scene)
        except TongbaoError as found:
            if isinstance(found, PaymentHeld) or found.code in FINAL or _is_over(scene):
                return found
            error = found
        scene.clock.advance_s(NEXT_TRY_S)
        scene.run_timer()
    raise AssertionError(f"it is never answered: {error}")


def _is_over(scene: Scene) -> bool:
    """Never paid, and nobody can pay it any more: there is nothing to wait for."""
    return any(trade.state is TradeState.CLOSED and trade.transaction_id is None
               for trade in scene.gateway.trades.values())
