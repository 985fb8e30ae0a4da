"""The order: what one buyer agreed to pay, and what became of it.

      place            instruct              pay                      refunds
 ∅ ─────────▶ CREATED ─────────▶ AWAITING_PAYMENT ─────────▶ PAID ◀────────▶ REFUNDING
                 │                  │      ▲                  ▲                  │
                 └──── close ───────┤      └ instruct (fresh  │ pay: a late      ▼
                                    ▼        code, same no.)  │ payment counts  REFUNDED
                                  CLOSED ─────────────────────┘

After the payment its refunds decide the state: `shared.domain.refunding`.

An order is one row. Every function here returns a new order whose version is one higher;
saving it succeeds only for who read the version before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from shared.domain import identifiers
from shared.domain.device import DEFAULT_DEVICE_LIMIT
from shared.domain.history import Event, History, begin
from shared.domain.license import PAYMENT, Grant, Proof
from shared.domain.payment import Payee, PaymentFact, TradeState

if TYPE_CHECKING:
    from shared.domain.money import Money
    from shared.domain.refund import Refund
    from shared.domain.refund_policy import RefundPolicy

KIND = "order"


class OrderState(str, Enum):
    """Where an order stands."""

    CREATED = "created"
    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    CLOSED = "closed"
    REFUNDING = "refunding"
    """A refund is open, or the provider speaks of one that is not known here yet."""
    REFUNDED = "refunded"
    """All that was paid went back."""


TRANSITIONS: dict[tuple[OrderState, str], OrderState] = {
    (OrderState.CREATED, "instructed"): OrderState.AWAITING_PAYMENT,
    (OrderState.AWAITING_PAYMENT, "instructed"): OrderState.AWAITING_PAYMENT,
    (OrderState.CREATED, "closed"): OrderState.CLOSED,
    (OrderState.AWAITING_PAYMENT, "closed"): OrderState.CLOSED,
    (OrderState.CREATED, "paid"): OrderState.PAID,
    (OrderState.AWAITING_PAYMENT, "paid"): OrderState.PAID,
    (OrderState.CLOSED, "paid"): OrderState.PAID,
    (OrderState.PAID, "refund_reported"): OrderState.REFUNDING,
}
"""Every move an order may make until it is paid, and the first word of a refund."""

REFUND_TRANSITIONS: dict[OrderState, tuple[OrderState, ...]] = {
    OrderState.PAID: (OrderState.PAID, OrderState.REFUNDING, OrderState.REFUNDED),
    OrderState.REFUNDING: (OrderState.PAID, OrderState.REFUNDING, OrderState.REFUNDED),
    OrderState.REFUNDED: (OrderState.REFUNDED,),
}
"""Where the events of refunds and holds may lead: the sum of the refunds decides."""

OPEN_STATES = (OrderState.CREATED, OrderState.AWAITING_PAYMENT)


class ForbiddenTransition(Exception):
    """A move that the table does not have: a mistake in our code, never in the caller's."""


@dataclass(frozen=True)
class PaymentInstruction:
    """How the buyer pays: a QR text, an address to go to, or a secret for a payment form.

    `kind` is qr, redirect or client_secret; it is of use until `expires_at_s`.
    """

    kind: str
    value: str
    expires_at_s: int


@dataclass(frozen=True)
class Snapshot:
    """What was sold, as the catalogue had it when the order was placed.

    `language` ("en", "zh") is that of `title`, the one that the buyer asked for.
    """

    product_id: str
    title: str
    language: str
    price: Money
    term_days: int | None
    entitlements: tuple[str, ...]
    catalogue_version: str
    refund_policy: RefundPolicy | None = None
    device_limit: int = DEFAULT_DEVICE_LIMIT


@dataclass(frozen=True)
class Payment:
    """The verified payment of an order. `payer_hash`: see PaymentFact; `late` says that the
    order had been closed before.
    """

    transaction_id: str
    amount: Money
    paid_at_s: int
    source: str
    payer_hash: str | None = None
    late: bool = False


@dataclass(frozen=True)
class Order:
    """One order. `claim_secret_hash` is base64url(SHA-256(secret)), the shape of RFC 7636 S256.

    `provider_request` is the exact request that every retry replays at the provider.
    `next_query_at_s` is when somebody may next ask the provider about it; the winner of the
    write that moves it asks.
    """

    order_id: str
    out_trade_no: str
    environment: str
    provider: str
    payee: Payee
    snapshot: Snapshot
    license_id: str
    claim_secret_hash: str
    created_at_s: int
    expires_at_s: int
    provider_request: str
    next_query_at_s: int
    state: OrderState
    history: History
    instruction: PaymentInstruction | None = None
    payment: Payment | None = None
    grant: Grant | None = None
    refunds: tuple[Refund, ...] = ()
    holds: tuple[str, ...] = ()
    """Why its license is held back, besides refunds: operator, complaint:<id>."""
    refund_reported_at_s: int | None = None
    """When the provider first spoke of a refund without saying which."""
    version: int = 1

    @property
    def price(self) -> Money:
        """What the buyer owes."""
        return self.snapshot.price

    def is_open(self) -> bool:
        """Whether it still waits for its payment."""
        return self.state in OPEN_STATES


@dataclass(frozen=True)
class Terms:
    """What `place` needs besides the snapshot: who is paid, where, and until when."""

    out_trade_no: str
    environment: str
    provider: str
    payee: Payee
    claim_secret_hash: str
    provider_request: str
    created_at_s: int
    expires_at_s: int
    license_id: str


def place(snapshot: Snapshot, terms: Terms) -> Order:
    """A new order, not yet known to the provider."""
    order_id = identifiers.order_id(terms.out_trade_no)
    event = Event("placed", terms.created_at_s, "buyer", "create-order", {
        "product_id": snapshot.product_id, "price": snapshot.price.as_dict(),
        "catalogue_version": snapshot.catalogue_version, "provider": terms.provider})
    return Order(
        order_id=order_id, out_trade_no=terms.out_trade_no, environment=terms.environment,
        provider=terms.provider, payee=terms.payee, snapshot=snapshot,
        license_id=terms.license_id,
        claim_secret_hash=terms.claim_secret_hash, created_at_s=terms.created_at_s,
        expires_at_s=terms.expires_at_s, provider_request=terms.provider_request,
        next_query_at_s=terms.created_at_s + QUERY_INTERVAL_S, state=OrderState.CREATED,
        history=begin(KIND, order_id).add(event))


def instruct(order: Order, instruction: PaymentInstruction, now_s: int) -> Order:
    """The provider knows the order and gave a way to pay (again, when a code expired)."""
    event = Event("instructed", now_s, "provider", "create-order", {
        "kind": instruction.kind, "expires_at_s": instruction.expires_at_s})
    return _move(order, event, version=order.version + 1, instruction=instruction)


def close(order: Order, now_s: int, *, actor: str, source: str) -> Order:
    """The provider no longer takes a payment for it, as far as is known."""
    return _move(order, Event("closed", now_s, actor, source), version=order.version + 1)


def record_payment(order: Order, fact: PaymentFact, now_s: int) -> Order:
    """The order after a fact that fits it; the same order when the fact is not news.

    One verified payment fixes, in one version of one row, the payment and its only grant. A
    REFUNDED fact means paid *and* refunded; it is news only while no refund of this order is
    known, for a known one tells more.
    """
    if not fact.was_paid:
        return order
    before = order
    if order.payment is None:
        order = _pay(order, fact, now_s)
    if (fact.trade_state is TradeState.REFUNDED and order.state is OrderState.PAID
            and order.refund_reported_at_s is None and not order.refunds):
        order = _move(order, Event("refund_reported", now_s, "provider", fact.source),
                      version=before.version + 1, refund_reported_at_s=now_s)
    return order


def schedule_query(order: Order, now_s: int) -> Order:
    """The order with its next query moved on; who saves this may ask the provider."""
    return replace(order, version=order.version + 1, next_query_at_s=now_s + QUERY_INTERVAL_S)


QUERY_INTERVAL_S = 7
"""Between two queries of one order: polled every 2 s or oftener, a lost notify costs 10 s at most.
A page that nobody looks at should poll less often; then WeChat is asked less often too.
"""


def _pay(order: Order, fact: PaymentFact, now_s: int) -> Order:
    assert fact.transaction_id is not None
    assert fact.amount is not None
    assert fact.paid_at_s is not None
    payment = Payment(fact.transaction_id, fact.amount, fact.paid_at_s, fact.source,
                      fact.payer_hash, late=order.state is OrderState.CLOSED)
    grant = grant_for_payment(order, payment)
    data: dict[str, Any] = {
        "transaction_id": payment.transaction_id, "amount": payment.amount.as_dict(),
        "paid_at_s": payment.paid_at_s, "grant_id": grant.grant_id,
        "license_id": grant.license_id}
    event = Event("paid", now_s, "provider", fact.source, data)
    return _move(order, event, version=order.version + 1, payment=payment, grant=grant)


def grant_for_payment(order: Order, payment: Payment) -> Grant:
    """The one grant of a paid order."""
    proof = Proof(PAYMENT, f"{order.provider}:{payment.transaction_id}")
    return Grant(
        grant_id=identifiers.grant_id("order", order.order_id), license_id=order.license_id,
        product_id=order.snapshot.product_id, entitlements=order.snapshot.entitlements,
        term_days=order.snapshot.term_days, granted_at_s=payment.paid_at_s,
        order_id=order.order_id, device_limit=order.snapshot.device_limit, proof=proof)


def _move(order: Order, event: Event, **changes: Any) -> Order:
    """The order in its next state, with what else changes in the same version."""
    state = TRANSITIONS.get((order.state, event.kind))
    if state is None:
        raise ForbiddenTransition(f"{order.state.value} has no move {event.kind!r}")
    return replace(order, state=state, history=order.history.add(event), **changes)
