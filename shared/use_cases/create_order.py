"""Place an order: durable here first, then at the provider, with the same bytes every time.

  1. order row + work row (one batch)    fails: nothing happened; the same key tries again
  2. provider: place the stored request  unknown: 503; the same key replays the same request
  3. order row + instruction             lost to a rival: place again, so that what is stored
                                         is the newest code (an older code dies at WeChat)
A crash after any step leaves a row that the same key, a poll or the timer can finish.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.due import FIRST_LOOK_AFTER_S
from shared.domain.order import Order, Snapshot, Terms, instruct, place
from shared.errors import (
    AlreadyExists,
    Conflict,
    NotFound,
    ProviderRefused,
    StoreUnavailable,
    StoreUnknown,
    VersionConflict,
)
from shared.ports import AlreadyPaid
from shared.use_cases.ask_provider import book_already_paid

if TYPE_CHECKING:
    from shared.domain.catalogue import Catalogue
    from shared.domain.license_key import LicenseKeys
    from shared.ports import PaymentGateway
    from shared.use_cases.record_payment import Books

MOST_RIVALS = 3


@dataclass(frozen=True)
class OrderRequest:
    """What a buyer's client asks for; the price is not among it."""

    product_id: str
    currency: str
    idempotency_key: str
    claim_secret_hash: str
    language: str = "zh"


@dataclass(frozen=True)
class Shop:
    """What placing an order needs."""

    catalogue: Catalogue
    gateway: PaymentGateway
    books: Books
    prefix: str
    environment: str
    order_lifetime_s: int
    license_keys: LicenseKeys


def create_order(request: OrderRequest, shop: Shop) -> Order:
    """The order of this idempotency key, with a payment instruction while it can be paid.

    Raises NotFound(PRODUCT_NOT_FOUND), Conflict(IDEMPOTENCY_KEY_REUSED), ProviderRefused,
    PaymentHeld (it was paid, but not what was owed) and the Unavailable family; after any
    of the last the same request may be sent again.
    """
    order = _stored(request, shop)
    for _ in range(MOST_RIVALS):
        now_s = shop.books.clock.now_s()
        if not order.is_open() or now_s >= order.expires_at_s or _payable(order, now_s):
            return order
        try:
            return _instructed(order, shop, now_s)
        except AlreadyPaid:
            return book_already_paid(order, shop.books, shop.gateway)
        except ProviderRefused as refusal:
            order = _closed_meanwhile(order, refusal, shop)
        except VersionConflict:
            order = _without_instruction(_load(order.order_id, shop))
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)


def _stored(request: OrderRequest, shop: Shop) -> Order:
    """The order of this key: placed now, or as it was placed before."""
    number = identifiers.out_trade_no(shop.prefix, shop.environment, request.idempotency_key)
    snapshot = _snapshot(request, shop)
    draft = (_draft(number, snapshot, request, shop) if snapshot is not None
             else _placed_before_withdrawal(number, shop))
    try:
        shop.books.orders.create(draft, draft.created_at_s + FIRST_LOOK_AFTER_S)
    except AlreadyExists:
        return _if_the_same(_load(draft.order_id, shop), request)
    shop.books.log.fact("order.placed", order_id=draft.order_id,
                        product_id=draft.snapshot.product_id)
    return draft


def _snapshot(request: OrderRequest, shop: Shop) -> Snapshot | None:
    """What is sold, as the catalogue has it now; None where it is not for sale."""
    product = shop.catalogue.products.get(request.product_id)
    collected = request.currency in shop.gateway.currencies
    price = product.price_in(request.currency) if product and collected else None
    if product is None or price is None:
        return None
    return Snapshot(
        product_id=product.product_id, title=product.titles[request.language],
        language=request.language, price=price, term_days=product.term_days,
        entitlements=product.entitlements, catalogue_version=shop.catalogue.version,
        refund_policy=product.refund_policy, device_limit=product.device_limit)


def _placed_before_withdrawal(number: str, shop: Shop) -> Order:
    """A product may leave the catalogue between two tries with one key.

    The order goes through `create` again like any repetition: its first try may have died
    with only half of the batch stored, and nothing goes to WeChat without a due row.
    """
    order = shop.books.orders.load(identifiers.order_id(number))
    if order is None:
        raise NotFound(code="PRODUCT_NOT_FOUND", field="product_id")
    return order


def _draft(number: str, snapshot: Snapshot, request: OrderRequest, shop: Shop) -> Order:
    now_s = shop.books.clock.now_s()
    expires_at_s = now_s + shop.order_lifetime_s
    return place(snapshot, Terms(
        out_trade_no=number, environment=shop.environment, provider=shop.gateway.provider,
        payee=shop.gateway.payee, claim_secret_hash=request.claim_secret_hash,
        provider_request=shop.gateway.prepare(number, snapshot, expires_at_s),
        created_at_s=now_s, expires_at_s=expires_at_s,
        license_id=identifiers.license_id(
            shop.license_keys.new(identifiers.order_id(number)))))


def _if_the_same(stored: Order, request: OrderRequest) -> Order:
    """The stored order, if this request asks for just that; else the key was used before."""
    if (stored.snapshot.product_id == request.product_id
            and stored.price.currency == request.currency
            and stored.snapshot.language == request.language
            and stored.claim_secret_hash == request.claim_secret_hash):
        return stored
    raise Conflict(code="IDEMPOTENCY_KEY_REUSED")


def _payable(order: Order, now_s: int) -> bool:
    return order.instruction is not None and now_s < order.instruction.expires_at_s


def _instructed(order: Order, shop: Shop, now_s: int) -> Order:
    instruction = shop.gateway.place(order.provider_request, now_s)
    instructed = instruct(order, instruction, now_s)
    shop.books.orders.save(instructed)
    shop.books.log.fact("order.instructed", order_id=order.order_id, kind=instruction.kind)
    return instructed


def _closed_meanwhile(order: Order, refusal: ProviderRefused, shop: Shop) -> Order:
    """The order, if its buyer cancelled it in another window: that is why it was refused."""
    stored = _load(order.order_id, shop)
    if not stored.is_open():
        return stored
    # No retry will mend it, and no buyer can: the seller must know.
    shop.books.log.fact("order.refused_by_provider", alarm=True, order_id=order.order_id,
                        reason=refusal.reason)
    raise refusal


def _without_instruction(order: Order) -> Order:
    """A rival stored a code that our own call may have killed: get one that lives."""
    return replace(order, instruction=None) if order.is_open() else order


def _load(order_id: str, shop: Shop) -> Order:
    order = shop.books.orders.load(order_id)
    if order is None:
        raise StoreUnknown(reason="created_but_not_there", retry_after_s=1)
    return order
