"""Take a provider's notify: verify it, book what it states, and only then accept it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import NotifyNotAccepted
from shared.use_cases.record_payment import Books, record_payment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.order import Order
    from shared.ports import NotifyVerifier


def receive_notify(headers: Mapping[str, str], body: bytes, *, verifier: NotifyVerifier,
                   books: Books) -> Order:
    """The order, once what the notify states is durable.

    Raises InvalidNotify (nothing was read or written), NotifyNotAccepted (verified, but not
    booked: PaymentHeld, or a state that is no payment) and the Unavailable family.
    """
    fact = verifier.verify(headers, body, books.clock.now_s())
    if not fact.was_paid:
        raise NotifyNotAccepted(reason="not_a_payment")
    return record_payment(fact, books)
