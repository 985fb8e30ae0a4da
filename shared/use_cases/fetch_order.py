"""Tell a buyer how their order stands; when it looks unpaid, ask the provider ourselves.

A notify may be late or lost, so a poll is also a source of payments. The next allowed query
time lives in the order row: whoever wins the write that moves it makes the call, however
many pages poll.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.base64url import digest_b64url
from shared.domain import identifiers
from shared.domain.order import schedule_query
from shared.errors import OrderNotFound, TongbaoError, Unavailable, VersionConflict
from shared.use_cases.ask_provider import ask_provider

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.ports import PaymentGateway
    from shared.use_cases.record_payment import Books

READ_EVERY_MS = 2_000


@dataclass(frozen=True)
class Counter:
    """Where buyers ask. `wait_s` is how long one call may wait for a change; 0: not at all."""

    books: Books
    gateway: PaymentGateway
    wait_s: int = 0


def fetch_order(order_id: str, claim_secret: str | None, counter: Counter) -> Order:
    """The order as it stands now, for who knows its claim secret.

    Raises OrderNotFound for a wrong, a missing secret and a guessed id alike.
    """
    order = authorized_order(order_id, claim_secret, counter.books)
    order = _ask_if_due(order, counter)
    ends_at_ms = counter.books.clock.monotonic_ms() + counter.wait_s * 1000
    while order.is_open() and counter.books.clock.monotonic_ms() + READ_EVERY_MS <= ends_at_ms:
        counter.books.clock.sleep_ms(READ_EVERY_MS)
        order = _ask_if_due(_read_again(order, counter.books), counter)
    return order


def authorized_order(order_id: str, claim_secret: str | None, books: Books) -> Order:
    """The order, if the caller proves that they placed it; else OrderNotFound."""
    if claim_secret is None or not identifiers.is_id(order_id):
        raise OrderNotFound
    order = books.orders.load(order_id)
    stored_hash = order.claim_secret_hash if order is not None else _hash_of("")
    if not hmac.compare_digest(stored_hash, _hash_of(claim_secret)) or order is None:
        raise OrderNotFound
    return order


def _read_again(order: Order, books: Books) -> Order:
    """The order as stored now; the one in hand while the store does not answer."""
    try:
        return books.orders.load(order.order_id) or order
    except Unavailable:
        return order


def _hash_of(secret: str) -> str:
    """base64url(SHA-256(secret)) without padding: RFC 7636 §4.2, method S256."""
    return digest_b64url(secret.encode())


def _ask_if_due(order: Order, counter: Counter) -> Order:
    """The order after a query, if one is due and this call won the right to make it."""
    books = counter.books
    now_s = books.clock.now_s()
    if not order.is_open() or now_s < order.next_query_at_s:
        return order
    claimed = schedule_query(order, now_s)
    try:
        books.orders.save(claimed)
    except (VersionConflict, Unavailable):
        return order
    try:
        return ask_provider(claimed, books, counter.gateway)
    except TongbaoError as error:
        # The buyer only asked how things stand: what is stored is still a true answer.
        books.log.fact("order.query_failed", order_id=order.order_id, code=error.code,
                       reason=error.reason)
        return claimed
