"""Who takes part: each is one request, from its first call to its answer.

An actor checks its own answer at the moment when it is given, with nothing in between: what
is told must be durable then, not later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.errors import TongbaoError
from shared.use_cases import claim_license as claims
from shared.use_cases import create_order as creates
from shared.use_cases import fetch_order as fetches
from shared.use_cases import receive_notify as notifies
from shared.use_cases.record_payment import PaymentHeld
from tests.interleavings.invariants import (
    accepted_is_durable,
    leased_is_durable,
    shown_is_durable,
)
from tests.unit.use_cases.world import SECRET, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.order import Order
    from tests.interleavings.scene import Scene

    Act = Callable[[Scene], Any]

MOST_TRIES = 6
NEXT_TRY_S = 15


def notify(fact: str = "paid") -> Act:
    """WeChat tells of the prepared fact of that name."""

    def act(scene: Scene) -> Order:
        headers, body = scene.verifier.sign(scene.facts[fact])
        order = notifies.receive_notify(headers, body, verifier=scene.verifier,
                                        books=scene.books)
        accepted_is_durable(scene, scene.facts[fact])
        return order

    return act


def poll(scene: Scene) -> Order:
    """The page asks how the order stands."""
    order = fetches.fetch_order(scene.facts["order_id"], SECRET, scene.counter())
    shown_is_durable(scene, order)
    return order


def claim(scene: Scene) -> claims.HandedOver:
    """The page asks for the license."""
    given = claims.claim_license(scene.facts["order_id"], SECRET, scene.desk())
    leased_is_durable(scene, given.license)
    return given


def create(scene: Scene) -> Order:
    """The client sends its order (again), with the same key."""
    order = creates.create_order(request(), scene.shop)
    shown_is_durable(scene, order)
    return order


def pay(scene: Scene) -> None:
    """The buyer scans and pays, once the provider knows the order."""
    scene.step("buyer pays")
    number = scene.facts["out_trade_no"]
    scene.facts["paid"] = scene.gateway.pay(number, scene.clock.now_s())


def until_answered(scene: Scene, act: Act) -> Any:
    """Whoever got no good answer asks again, a little later; a payment held stays refused."""
    error: TongbaoError | None = None
    for _ in range(MOST_TRIES):
        try:
            return act(scene)
        except PaymentHeld as found:
            return found
        except TongbaoError as found:
            error = found
            scene.clock.advance_s(NEXT_TRY_S)
    raise AssertionError(f"it is never answered: {error}")
