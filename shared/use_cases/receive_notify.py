"""Take a provider's notify: verify it, book what it states, and only then accept it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.payment import PaymentFact
from shared.domain.refund import RefundFact
from shared.errors import NotifyNotAccepted
from shared.use_cases.record_payment import Books, record_payment
from shared.use_cases.record_refund import record_refund

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.complaint import ComplaintNotice
    from shared.ports import NotifyVerifier


def receive_notify(headers: Mapping[str, str], body: bytes, *, verifier: NotifyVerifier,
                   books: Books) -> None:
    """Return once what the notify states is durable.

    A complaint's notify says no more than that something changed: the timer is told to read
    it. Raises InvalidNotify (nothing was read or written), NotifyNotAccepted (verified, but
    not booked: PaymentHeld, RefundUnfit, or a state that is no payment) and the Unavailable
    family.
    """
    fact = verifier.verify(headers, body, books.clock.now_s())
    if isinstance(fact, PaymentFact) and not fact.was_paid:
        raise NotifyNotAccepted(reason="not_a_payment")
    _book(fact, books)


def _book(fact: PaymentFact | RefundFact | ComplaintNotice, books: Books) -> None:
    if isinstance(fact, PaymentFact):
        record_payment(fact, books)
        _tell("payment", fact, books)
    elif isinstance(fact, RefundFact):
        record_refund(fact, books)
        _tell("refund", fact, books)
    else:
        books.look_later("complaint", fact.complaint_id)
        books.log.fact("complaint.announced", action=fact.action)


def _tell(kind: str, fact: PaymentFact | RefundFact, books: Books) -> None:
    """Every accepted notify has its line, news or not: an audit compares them with the rows."""
    books.log.fact("notify.accepted", kind=kind,
                   order_id=identifiers.order_id(fact.out_trade_no))
