"""Mistakes in booking what was paid: not checked, not once, not at all, or too soon answered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.domain import identifiers, matching, order
from shared.domain.due import FIRST_LOOK_AFTER_S, Work
from shared.domain.license import apply_grant
from shared.domain.order import OrderState
from shared.domain.payment import Mismatch, PaymentFact
from shared.errors import TongbaoError, Unavailable
from shared.ports import AlreadyPaid
from shared.use_cases import (
    ask_provider,
    cancel_order,
    claim_license,
    look_at_order,
    project_license,
    record_payment,
)
from shared.use_cases.receive_notify import receive_notify
from tests.crash_points import stage as stage_module
from tests.seeded_bugs.bugs import bug

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crash_points.stage import Stage

NOTIFY = (stage_module, "receive_notify")


def _blind_for(*reasons: Mismatch, source: str | None = None) -> Callable[..., Any]:
    """The matching rule without some of its checks (for facts of one source only)."""
    def find(known: Any, fact: PaymentFact) -> Mismatch | None:
        found = matching.find_mismatch(known, fact)
        return None if found in reasons and source in (None, fact.source) else found
    return find


MATCH = (record_payment, "find_mismatch")
bug("the amount is not checked", "held: a wrong amount, refunded", "I4",
    {MATCH: _blind_for(Mismatch.AMOUNT)})
bug("the currency is not checked", "held: another currency", "I4",
    {MATCH: _blind_for(Mismatch.CURRENCY)})
bug("the app is not checked", "held: paid to another app of ours", "I4",
    {MATCH: _blind_for(Mismatch.APP)})
bug("the merchant is not checked", "held: paid to another merchant of ours", "I4",
    {MATCH: _blind_for(Mismatch.MERCHANT)})
bug("a second payment is not noticed", "held: a second payment, refunded", "I7",
    {MATCH: _blind_for(Mismatch.SECOND_PAYMENT)})
bug("what a query says is not checked", "held: a wrong amount, its notify lost", "I4",
    {MATCH: _blind_for(Mismatch.AMOUNT, source="query")})
bug("what a bill says is not checked", "held: a wrong amount, found by the bill", "I4",
    {MATCH: _blind_for(Mismatch.AMOUNT, source="bill")})


def _accepts_unknown(*args: Any, **kwargs: Any) -> None:
    """The store did not answer: it will have done it."""
    try:
        receive_notify(*args, **kwargs)
    except Unavailable:
        return


bug("a notify is acknowledged on an unknown outcome", "purchase: notify", "I7",
    {NOTIFY: _accepts_unknown})


def _accepts_held(*args: Any, **kwargs: Any) -> None:
    try:
        receive_notify(*args, **kwargs)
    except TongbaoError:
        return


bug("a notify is acknowledged whatever comes of it", "held: a wrong amount, refunded", "I7",
    {NOTIFY: _accepts_held})


def _works_later(headers: Any, body: Any, *, verifier: Any, books: Any) -> None:
    """Answer at once, book in the background."""
    fact = verifier.verify(headers, body, books.clock.now_s())
    books.work.add(Work("order", identifiers.order_id(fact.out_trade_no),
                        books.clock.now_s() + FIRST_LOOK_AFTER_S))


bug("a notify is acknowledged before the work", "purchase: nobody fetches it", "I7",
    {NOTIFY: _works_later})


def _deduplicates_first(stage: Stage) -> None:
    """A notify's id is noted before its work; a known id has been worked on."""
    verify, seen = stage.verifier.verify, set()

    def once(headers: Any, body: bytes, now_s: int) -> Any:
        fact = verify(headers, body, now_s)
        if body in seen:
            raise _Known
        seen.add(body)
        return fact
    stage.verifier.verify = once  # type: ignore[method-assign]


class _Known(Exception):
    """This notify came before."""


def _known_is_accepted(*args: Any, **kwargs: Any) -> None:
    try:
        receive_notify(*args, **kwargs)
    except _Known:
        return


bug("a notify is deduplicated before its work", "purchase: nobody fetches it", "I7",
    {NOTIFY: _known_is_accepted}, spoil=_deduplicates_first)


def _paid_over_refund(known: Any, fact: PaymentFact, now_s: int) -> Any:
    """A notify of a payment says "paid", so paid it is."""
    booked = order.record_payment(known, fact, now_s)
    if booked is known and known.state in (OrderState.REFUNDING, OrderState.REFUNDED):
        return replace(known, state=OrderState.PAID, version=known.version + 1)
    return booked


WITH_PAYMENT = (record_payment, "with_payment")
bug("a late notify undoes a refund", "refund: the payment's notify comes again, late", "I6",
    {WITH_PAYMENT: _paid_over_refund})


def _closed_is_closed(known: Any, fact: PaymentFact, now_s: int) -> Any:
    if known.state is OrderState.CLOSED:
        return known
    return order.record_payment(known, fact, now_s)


bug("a late payment is dropped", "expiry: paid after close, notified", "I7",
    {WITH_PAYMENT: _closed_is_closed})


def _refund_unheard(known: Any, fact: PaymentFact, now_s: int) -> Any:
    booked = order.record_payment(known, fact, now_s)
    return replace(booked, state=OrderState.PAID, refund_reported_at_s=None)


bug("a payment reported as refunded counts as paid",
    "console refund: before anybody knew of the payment", "I14",
    {WITH_PAYMENT: _refund_unheard})


_fixed_grant = order.grant_for_payment
bug("a grant is not named by its order", "purchase: notify", "I1",
    {(order, "grant_for_payment"): lambda known, payment: replace(
        _fixed_grant(known, payment), grant_id=identifiers.grant_id("x", known.order_id))})


def _grants_again(stored: Any, grant: Any, **told: Any) -> Any:
    """Applying a grant adds its days, however often it is applied."""
    again = sum(one.grant_id.startswith(grant.grant_id) for one in stored.grants)
    return apply_grant(stored, replace(grant, grant_id=f"{grant.grant_id}{again or ''}"), **told)


bug("a grant is applied again at each claim", "purchase: notify twice", "I3",
    {(project_license, "apply_grant"): _grants_again})

# Closing.


def _closed_here_only(known: Any, books: Any, gateway: Any, *, actor: str, source: str) -> Any:
    return ask_provider.close_here(known, books, actor=actor, source=source)


bug("an expired order is closed here only", "expiry: never paid", "I17",
    {(look_at_order, "close_order"): _closed_here_only})
bug("a cancelled order is closed here only", "cancel: unpaid", "I17",
    {(cancel_order, "close_order"): _closed_here_only})


def _orderpaid_ignored(stage: Stage) -> None:
    close = stage.gateway.close

    def deaf(out_trade_no: str) -> None:
        try:
            close(out_trade_no)
        except AlreadyPaid:
            return
    stage.gateway.close = deaf  # type: ignore[method-assign]


bug("ORDERPAID on closing is ignored", "expiry: paid between query and close", "I14",
    spoil=_orderpaid_ignored)


def _cancel_unsaved(known: Any, books: Any, **who: str) -> Any:
    """The answer says "closed"; the row will follow at its expiry."""
    return order.close(known, books.clock.now_s(), **who)


bug("a cancelled order is answered before it is stored", "cancel: unpaid", "I7",
    {(ask_provider, "close_here"): _cancel_unsaved})

# Placing.

_numbers = iter(range(10**9))
_number_of = identifiers.out_trade_no


def _numbered_anew(prefix: str, environment: str, key: str) -> str:
    return _number_of(prefix, environment, f"{key}{next(_numbers)}")


bug("each try of a create draws a new number", "purchase: notify", "I13",
    {(identifiers, "out_trade_no"): _numbered_anew})


def _prepared_anew(stage: Stage) -> None:
    """A retry does not send what was stored, but what it would store now."""
    place = stage.gateway.place

    def fresh(provider_request: str, now_s: int) -> Any:
        return place(provider_request.replace('"expires_at_s": ', f'"now_s": {now_s}, '
                                              '"expires_at_s": '), now_s)
    stage.gateway.place = fresh  # type: ignore[method-assign]


bug("a retry makes its request anew", "purchase: notify", "I13", spoil=_prepared_anew)


def _trusts_the_license(known: Any, licenses: Any, books: Any, change: Any, **told: Any) -> Any:
    """A claim trusts the license's own row where there is one."""
    stored = told.pop("stored", None) or licenses.load(known.license_id)
    if stored is not None:
        return project_license.change_stored(stored, licenses, books, change)
    return project_license.change_license(known, licenses, books, change, **told)


bug("a claim does not look at its order", "refund: buyer's whole", "I5",
    {(claim_license, "change_license"): _trusts_the_license})
