"""What an operator may do, in the words of an operator: for `admin` now, a console later.

Orders are named as people name them (their id, or the number in the buyer's WeChat bill, typed
by hand), people by a short name. Each act is one use case; every one that changes something
leaves an event with its actor in the history of what it changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shared.domain import identifiers
from shared.domain.activation import remove_device as without
from shared.domain.calendar import start_of
from shared.domain.held import SETTLED, held_id
from shared.domain.money import Money
from shared.domain.refund import RefundOrigin
from shared.errors import Conflict, InvalidRequest, OrderNotFound
from shared.use_cases import settle_held
from shared.use_cases.decide_refund import APPROVED, DECLINED, decide_refund, decision
from shared.use_cases.forget_buyer import BuyerData, collect_buyer, forget_buyer
from shared.use_cases.give_grant import give_grant
from shared.use_cases.hold_order import hold_order, release_order
from shared.use_cases.project_license import change_stored, project_license
from shared.use_cases.reconcile_day import reconcile_day
from shared.use_cases.request_refund import RefundRequest, request_refund

if TYPE_CHECKING:
    from shared.domain.bill import Reconciliation
    from shared.domain.complaint import Complaint
    from shared.domain.held import HeldPayment
    from shared.domain.license import License
    from shared.domain.order import Order
    from shared.use_cases.compare_bill import AuditRoom
    from shared.use_cases.request_refund import RefundCounter
    from shared.use_cases.settle_held import HeldDesk
    from shared.use_cases.watch_complaint import ComplaintRoom

SOURCE = "admin"
HOLD = "operator"


@dataclass(frozen=True)
class OperatorDesk:
    """Everything that operators' acts need."""

    counter: RefundCounter
    held: HeldDesk
    complaints: ComplaintRoom
    audit: AuditRoom


class RefundWish(NamedTuple):
    """A refund as an operator asks for it: `amount_minor` None means all that is left.

    `key` is the wish's own idempotency key.
    """

    key: str
    amount_minor: int | None


def actor_of(name: str) -> str:
    """The operator of this name, as events call them."""
    return f"operator:{name}"


def find_order(typed: str, desk: OperatorDesk) -> Order:
    """The order of an id or of a number as typed. Raises OrderNotFound, InvalidRequest."""
    text = typed.strip().upper()
    if not identifiers.is_id(text):
        try:
            text = identifiers.order_id(identifiers.parse_out_trade_no(typed))
        except identifiers.InvalidIdentifier:
            raise InvalidRequest(code="INVALID_FIELD", field="order") from None
    order = desk.counter.books.orders.load(text)
    if order is None:
        raise OrderNotFound
    return order


def show_order(typed: str, desk: OperatorDesk) -> tuple[Order, License | None]:
    """The order, and its license once there is one."""
    order = find_order(typed, desk)
    return order, desk.counter.licenses.load(order.license_id)


def refund_order(typed: str, wish: RefundWish, desk: OperatorDesk, *, name: str) -> Order:
    """The order with this refund reserved. Raises as `request_refund` does."""
    order = find_order(typed, desk)
    amount = (None if wish.amount_minor is None
              else Money(wish.amount_minor, order.price.currency))
    return request_refund(order.order_id, RefundRequest(
        wish.key, amount, RefundOrigin.OPERATOR, actor_of(name), SOURCE), desk.counter)


def approve_refund(typed: str, refund_id: str, desk: OperatorDesk, *, name: str) -> Order:
    """The order with this refund on its way. Raises as `decide_refund` does."""
    return _decided(typed, refund_id, APPROVED, desk, name=name)


def decline_refund(typed: str, refund_id: str, reason: str, desk: OperatorDesk, *,
                   name: str) -> Order:
    """The order without this refund; `reason` is a short code. Raises as `decide_refund` does."""
    return _decided(typed, refund_id, DECLINED, desk, name=name, reason=reason)


def hold_license(typed: str, desk: OperatorDesk, *, name: str) -> Order:
    """The order with its license held back. Raises as `hold_order` does."""
    order = find_order(typed, desk)
    return hold_order(order.order_id, HOLD, desk.counter.books, desk.counter.licenses,
                      actor=actor_of(name), source=SOURCE)


def release_license(typed: str, hold: str, desk: OperatorDesk, *, name: str) -> Order:
    """The order without this hold. Raises as `release_order` does."""
    order = find_order(typed, desk)
    return release_order(order.order_id, hold, desk.counter.books, desk.counter.licenses,
                         actor=actor_of(name), source=SOURCE)


def give_days(typed: str, term_days: int, key: str, desk: OperatorDesk, *,
              name: str) -> License:
    """The license with this many days more. Raises as `give_grant` does."""
    order = find_order(typed, desk)
    return give_grant(order.order_id, term_days, key, desk.counter.books, desk.counter.licenses,
                      actor=actor_of(name))


def remove_device(typed: str, device_id: str, desk: OperatorDesk, *, name: str) -> License:
    """The license without this device; it counts for no limit. Raises OrderNotFound,
    Conflict(ORDER_NOT_PAID) and the Unavailable family.
    """
    order = find_order(typed, desk)
    if order.grant is None:
        raise Conflict(code="ORDER_NOT_PAID")
    counter = desk.counter
    license_ = project_license(order, counter.licenses, counter.books, source=SOURCE)
    return change_stored(license_, counter.licenses, counter.books, lambda it, now_s: without(
        it, device_id, by=None, now_s=now_s, actor=actor_of(name), source=SOURCE))


def export_buyer(typed: str, desk: OperatorDesk) -> BuyerData:
    """Everything that is kept about this order's buyer. Raises OrderNotFound, Unavailable."""
    return collect_buyer(find_order(typed, desk), desk.counter, desk.complaints.complaints)


def erase_buyer(typed: str, desk: OperatorDesk, *, name: str) -> Order:
    """The order, with nothing left of who bought. Raises as `forget_buyer` does."""
    order = find_order(typed, desk)
    return forget_buyer(order.order_id, desk.counter, actor=actor_of(name), source=SOURCE)


def list_held(desk: OperatorDesk, *, settled: bool) -> list[HeldPayment]:
    """The held payments that are not settled (or all of them), the oldest first."""
    found = [held for held in desk.held.books.held.all()
             if settled or held.state not in SETTLED]
    return sorted(found, key=lambda held: (held.recorded_at_s, held.transaction_id))


def refund_held(transaction_id: str, desk: OperatorDesk, *, name: str) -> HeldPayment:
    """The held payment with its refund reserved. Raises as `settle_held.refund_held` does."""
    return settle_held.refund_held(_held(transaction_id, desk), desk.held,
                                   actor=actor_of(name), source=SOURCE)


def dismiss_held(transaction_id: str, reason: str, desk: OperatorDesk, *,
                 name: str) -> HeldPayment:
    """The held payment, settled in another way. Raises as `settle_held.dismiss_held` does."""
    return settle_held.dismiss_held(_held(transaction_id, desk), reason, desk.held.books,
                                    actor=actor_of(name), source=SOURCE)


def list_complaints(desk: OperatorDesk, *, settled: bool) -> list[Complaint]:
    """The open complaints (or all of them), the one with the next deadline first."""
    found = [complaint for complaint in desk.complaints.complaints.all()
             if settled or complaint.is_open]
    return sorted(found, key=lambda complaint: (complaint.answer_by_s, complaint.complaint_id))


def reconcile(day: str, desk: OperatorDesk, *, name: str) -> Reconciliation:
    """The result of reconciling this day now. Raises as `reconcile_day` does."""
    try:
        start_of(day)
    except ValueError:
        raise InvalidRequest(code="INVALID_FIELD", field="day") from None
    return reconcile_day(day, desk.audit, actor=actor_of(name))


def count_due(desk: OperatorDesk) -> int:
    """How many rows the timer has before it now, whoever works on them."""
    books = desk.counter.books
    return books.work.count(books.clock.now_s())


def _decided(typed: str, refund_id: str, kind: str, desk: OperatorDesk, *, name: str,
             reason: str = "") -> Order:
    order, counter = find_order(typed, desk), desk.counter
    event = decision(kind, refund_id, counter.books.clock.now_s(), actor=actor_of(name),
                     source=SOURCE, reason=reason)
    return decide_refund(order.order_id, refund_id, event, counter.books, counter.licenses)


def _held(transaction_id: str, desk: OperatorDesk) -> HeldPayment:
    name = held_id(desk.complaints.provider, transaction_id)
    return settle_held.load_held(name, desk.held.books)
