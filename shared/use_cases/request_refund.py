"""Reserve a refund in its order; the timer asks the provider for it.

  1. work list: look at this order soon    fails: nothing happened
  2. payer's list: note the refund's id    (only where payer hashes are kept; again is harmless),
                                           then count again: another order may be noted too
  3. order row: the refund, its amount reserved, its exact request    the only commit point
  4. license row: suspended                fails: the timer does it

Nothing is sent from here: a provider call that dies half-way would leave a buyer waiting for an
answer that only the timer can find. A repeated request, with the same key, finds its refund.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.order import Order, OrderState
from shared.domain.refund import Refund, RefundOrigin, RefundState
from shared.domain.refund_policy import Circumstances, find_objection
from shared.domain.refunding import find_refund, refundable, reserved_minor
from shared.domain.refunding import request_refund as with_refund
from shared.errors import Conflict, OrderNotFound, StoreUnavailable, VersionConflict
from shared.ports import RefundTerms
from shared.use_cases.fetch_order import authorized_order
from shared.use_cases.project_license import project_if_possible
from shared.use_cases.record_refund import tell_newest_event

if TYPE_CHECKING:
    from shared.domain.money import Money
    from shared.ports import LicenseRepository, PayerRefunds, RefundGateway
    from shared.use_cases.record_payment import Books

MOST_RIVALS = 5


@dataclass(frozen=True)
class RefundCounter:
    """Where refunds are asked for. Of `gateway` only `prepare` is used, which calls nobody."""

    books: Books
    licenses: LicenseRepository
    payers: PayerRefunds
    gateway: RefundGateway


@dataclass(frozen=True)
class RefundRequest:
    """`amount` None means all that is left; `key` is the request's own idempotency key."""

    key: str
    amount: Money | None
    origin: RefundOrigin
    actor: str
    source: str


def request_own_refund(order_id: str, claim_secret: str | None, key: str,
                       counter: RefundCounter) -> Order:
    """The order with a refund of all that is left, asked for by its buyer.

    Raises OrderNotFound, Conflict with the policy's objection, and the Unavailable family.
    """
    authorized_order(order_id, claim_secret, counter.books)
    return request_refund(
        order_id, RefundRequest(key, None, RefundOrigin.BUYER, "buyer", "refund"), counter)


def request_refund(order_id: str, wanted: RefundRequest, counter: RefundCounter) -> Order:
    """The order with this refund reserved; as it is, when the same key came before.

    A buyer's refund must fit the policy that they agreed to; every refund must fit what was
    paid, and one that brings the order's refunds above the policy's limit waits for a second
    person's approval. Raises OrderNotFound, Conflict and the Unavailable family.
    """
    books = counter.books
    for _ in range(MOST_RIVALS):
        order = books.orders.load(order_id)
        if order is None:
            raise OrderNotFound
        number = identifiers.out_refund_no(order.out_trade_no, wanted.key)
        known = find_refund(order, number)
        if known is not None:
            return _if_the_same(order, known, wanted)
        refund = _new_refund(order, number, wanted, counter)
        books.look_later("order", order_id)
        _note_payer(order, refund, wanted, counter)
        reserved = with_refund(order, refund, source=wanted.source)
        try:
            books.orders.save(reserved)
        except VersionConflict:
            continue
        tell_newest_event(reserved, books)
        project_if_possible(reserved, counter.licenses, books, source=wanted.source)
        return reserved
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)


def _if_the_same(order: Order, known: Refund, wanted: RefundRequest) -> Order:
    if wanted.amount is None or wanted.amount == known.amount:
        return order
    raise Conflict(code="IDEMPOTENCY_KEY_REUSED")


def _new_refund(order: Order, number: str, wanted: RefundRequest,
                counter: RefundCounter) -> Refund:
    amount = wanted.amount or refundable(order)
    _refuse_unless_possible(order, amount, wanted, counter)
    assert order.payment is not None
    policy = order.snapshot.refund_policy
    state = RefundState.REQUESTED
    if (wanted.origin is not RefundOrigin.PRODUCT_GONE and policy is not None
            and policy.needs_approval(reserved_minor(order) + amount.amount_minor)):
        state = RefundState.AWAITING_APPROVAL
    request = counter.gateway.prepare(RefundTerms(
        number, order.out_trade_no, order.payment.transaction_id, amount, order.payment.amount))
    return Refund(
        refund_id=identifiers.refund_id(number), out_refund_no=number, amount=amount,
        state=state, origin=wanted.origin, requested_by=wanted.actor,
        requested_at_s=counter.books.clock.now_s(), provider_request=request)


def _refuse_unless_possible(order: Order, amount: Money, wanted: RefundRequest,
                            counter: RefundCounter) -> None:
    if order.payment is None:
        raise Conflict(code="ORDER_NOT_PAID")
    if wanted.origin is RefundOrigin.BUYER:
        number = identifiers.out_refund_no(order.out_trade_no, wanted.key)
        objection = find_objection(order, amount, circumstances(
            order, counter, asked=identifiers.refund_id(number)))
        if objection is not None:
            raise Conflict(code=objection.value)
    left = refundable(order)
    if (amount.currency != left.currency or order.state is OrderState.REFUNDED
            or not 0 < amount.amount_minor <= left.amount_minor):
        raise Conflict(code="REFUND_EXCEEDS_PAYMENT")


def circumstances(order: Order, counter: RefundCounter, *, asked: str = "") -> Circumstances:
    """What the policy of this order looks at, read now: only what it asks for is read.

    `asked` is the refund that is decided about: an earlier try, or a rival that saved the order
    first, may have left its note, and nobody is refused for the sake of their own request.
    """
    policy = order.snapshot.refund_policy
    license_ = (counter.licenses.load(order.license_id)
                if policy is not None and policy.only_if_never_activated else None)
    payer = order.payment.payer_hash if order.payment is not None else None
    own = {asked, *(refund.refund_id for refund in order.refunds)}
    given = (counter.payers.list(payer) - own
             if payer and policy is not None and policy.most_per_payer is not None
             else frozenset())
    return Circumstances(
        now_s=counter.books.clock.now_s(), payer_refunds=len(given),
        was_activated=license_ is not None and license_.activated_at_s is not None)


def _note_payer(order: Order, refund: Refund, wanted: RefundRequest,
                counter: RefundCounter) -> None:
    """Note it for its payer, where payers are known, and count once more where they are counted.

    Before the order's write: a note too many costs a buyer an answer, one too few money. Another
    order of this payer's may be asked for at the same moment: as both are noted before they
    count, no two can miss each other. Raises Conflict and the Unavailable family.
    """
    if (order.payment is None or not order.payment.payer_hash
            or refund.origin is not RefundOrigin.BUYER):
        return
    counter.payers.note(order.payment.payer_hash, refund.refund_id)
    policy = order.snapshot.refund_policy
    if policy is not None and policy.most_per_payer is not None:
        _refuse_unless_possible(order, refund.amount, wanted, counter)
