"""What people do in the stories, with the patience that they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain import identifiers
from shared.domain.order import Order
from shared.domain.refund import RefundOrigin, RefundState
from shared.errors import TongbaoError
from shared.use_cases.cancel_order import cancel_order
from shared.use_cases.claim_license import HandedOver, claim_license
from shared.use_cases.create_order import create_order
from shared.use_cases.decide_refund import decide_refund, decision
from shared.use_cases.fetch_order import fetch_order
from shared.use_cases.request_refund import RefundRequest, request_own_refund, request_refund
from tests.crash_points.stage import Stage, is_refused
from tests.invariants import Broken, must
from tests.invariants.answers import shown
from tests.invariants.leases import begun, handed_over
from tests.unit.use_cases.world import DEVICE, KEY, SECRET, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.device import Wanted
    from shared.domain.money import Money
    from shared.domain.payment import PaymentFact
    from shared.domain.refund import RefundFact

HOUR_S = 3_600


def place(stage: Stage, key: str = KEY, product_id: str = "reader-pro") -> Order:
    """A client places an order, and places it again until it has an answer."""
    wanted = request(key, product_id=product_id)
    stage.outside.order_keys.add(key)
    return _shown(stage, stage.until_answered("client", lambda: create_order(wanted, stage.shop)))


def try_to_place(stage: Stage, key: str = KEY) -> Order | None:
    """A client that asks once, and is gone; the order, if it was told of one."""
    stage.outside.order_keys.add(key)
    answer = stage.attempt("client", lambda: create_order(request(key), stage.shop))
    return _shown(stage, answer) if isinstance(answer, Order) else None


def number_of(key: str = KEY) -> str:
    """The order number that this key makes."""
    return identifiers.out_trade_no("TB01", "test", key)


def pay(stage: Stage, order: Order, after_s: int = 10) -> PaymentFact:
    """The buyer scans and pays; nobody has been told yet."""
    stage.let_pass(after_s)
    return stage.gateway.pay(order.out_trade_no, stage.clock.now_s())


def poll_until_paid(stage: Stage, order: Order) -> Order:
    """An open page asks until it is paid."""
    def ask() -> Order:
        return fetch_order(order.order_id, SECRET, stage.counter())
    return _shown(stage, stage.until_answered(
        "page", ask, lambda answer: isinstance(answer, Order) and answer.payment is not None))


def claim(stage: Stage, order: Order) -> HandedOver:
    """The extension fetches its lease."""
    answer = stage.until_answered("page", lambda: try_claim(stage, order.order_id),
                                  lambda answer: isinstance(answer, HandedOver))
    assert isinstance(answer, HandedOver)
    return answer


def claim_refused(stage: Stage, order: Order, code: str = "LICENSE_REVOKED") -> None:
    """The extension asks for a lease, and is told why there is none."""
    stage.until_answered("page", lambda: try_claim(stage, order.order_id), is_refused(code))


def try_claim(stage: Stage, order_id: str, wanted: Wanted = DEVICE) -> HandedOver:
    """One claim; a lease must be right at the moment at which it leaves."""
    before = begun(stage, order_id)
    handed = claim_license(order_id, SECRET, wanted, stage.desk())
    handed_over(stage, stage.outside, handed, wanted.thumbprint, before, activates=True)
    return handed


def cancel(stage: Stage, order: Order) -> Any:
    """The buyer cancels, and again until it is certain what became of it."""
    answer = stage.until_answered("client", lambda: cancel_order(
        order.order_id, SECRET, stage.books, stage.gateway))
    if isinstance(answer, Order):
        shown(stage, answer)
    return answer


def buy(stage: Stage, key: str = KEY, product_id: str = "reader-pro") -> Order:
    """A purchase, from the order to the lease."""
    order = place(stage, key, product_id)
    stage.tell(pay(stage, order))
    paid = poll_until_paid(stage, order)
    claim(stage, order)
    return paid


def ask_back(stage: Stage, order: Order, key: str = "r1") -> Order:
    """The buyer asks for all that is left."""
    stage.outside.refund_keys.setdefault(order.order_id, set()).add(key)
    return _shown(stage, stage.until_answered("client", lambda: request_own_refund(
        order.order_id, SECRET, key, stage.refund_counter)))


def give_back(stage: Stage, order: Order, amount: Money | None, key: str) -> Order:
    """An operator refunds a part, or all that is left."""
    stage.outside.refund_keys.setdefault(order.order_id, set()).add(key)
    wanted = RefundRequest(key, amount, RefundOrigin.OPERATOR, "operator:anna", "admin")
    return _shown(stage, stage.until_answered("operator", lambda: request_refund(
        order.order_id, wanted, stage.refund_counter)))


def decide(stage: Stage, order: Order, kind: str) -> Order:
    """Another operator approves or declines the order's newest refund."""
    refund_id = stage.stored(order).refunds[-1].refund_id
    event = decision(kind, refund_id, stage.clock.now_s(), actor="operator:berta", source="admin")
    return _shown(stage, stage.until_answered("operator", lambda: decide_refund(
        order.order_id, refund_id, event, stage.books, stage.licenses)))


def wait_until(stage: Stage, happened: Callable[[], object], within_s: int = 3 * HOUR_S) -> None:
    """Let time pass until it happened; a story in which it never does is stuck."""
    end_s = stage.clock.now_s() + within_s
    while not happened() and stage.clock.now_s() < end_s:
        stage.let_pass(max(1, min(stage.next_s(), end_s) - stage.clock.now_s()))
    must(happened(), "I14", f"it did not happen within {within_s} s")


def number_back(stage: Stage, order: Order, place_of: int = -1) -> str:
    """The number of one of the order's refunds."""
    refunds = stage.stored(order).refunds
    must(len(refunds) > place_of, "I8", "two requests made one refund")
    return refunds[place_of].out_refund_no


def wait_placed(stage: Stage, order: Order, place_of: int = -1) -> str:
    """Until the provider knows the refund; its number."""
    number = number_back(stage, order, place_of)
    wait_until(stage, lambda: number in stage.refunds.refunds)
    return number


def settle(stage: Stage, number: str,
           state: RefundState = RefundState.SUCCEEDED) -> RefundFact:
    """The provider brings the refund on; nobody has been told yet."""
    stage.let_pass(20)
    return stage.refunds.settle(number, state)


def _shown(stage: Stage, answer: Any) -> Order:
    if isinstance(answer, TongbaoError):
        raise Broken("I0", f"refused, against what was agreed: {answer}") from answer
    shown(stage, answer)
    assert isinstance(answer, Order)
    return answer
