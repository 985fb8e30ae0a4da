"""Mistakes in giving money back, and in working off what is due. `seeding` says how to add one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.domain import refunding
from shared.domain.license import GrantStanding, apply_grant, set_standing
from shared.domain.order import OrderState, close
from shared.domain.order import record_payment as with_payment
from shared.domain.refund import RESERVING, RefundState
from shared.ports import AlreadyPaid
from shared.use_cases import (
    cancel_order,
    claim_license,
    follow_refund,
    project_license,
    record_payment,
    record_refund,
    request_refund,
    work_due,
)
from shared.use_cases.decide_refund import REFUSED, decision
from tests.interleavings.seeding import wrong

if TYPE_CHECKING:
    from shared.domain.license import Grant, License
    from shared.domain.order import Order
    from shared.ports import RefundTerms
    from shared.use_cases.request_refund import RefundCounter, RefundRequest
    from tests.interleavings.scene import Scene


def _pays_again(order: Order, fact: Any, now_s: int) -> Order:
    if order.payment is None:
        return with_payment(order, fact, now_s)
    return replace(order, state=OrderState.PAID, version=order.version + 1)


wrong("a late notify overwrites a refund", "a late notify, a refund's notify and the timer",
      rules={(record_payment, "with_payment"): _pays_again})


def _asks_before_it_reserves(scene: Scene) -> None:
    prepare = scene.refunds.prepare

    def prepare_and_place(terms: RefundTerms) -> str:
        text = prepare(terms)
        scene.refunds.place(text)
        return text

    scene.refunds.prepare = prepare_and_place  # type: ignore[method-assign]


wrong("the provider is asked before the amount is reserved", "two whole refunds and the timer",
      ports=_asks_before_it_reserves)


wrong("two refunds may promise the same money", "two whole refunds and the timer",
      rules={(refunding, "reserved_minor"): refunding.refunded_minor})
wrong("a refund that was given up keeps its amount", "a refund that the provider gave up",
      rules={(refunding, "RESERVING"): RESERVING | {RefundState.CLOSED}})


def _gives_up(order: Order, refund: Any, error: Any, books: Any) -> Order:
    """Release the amount of a refund of which nothing is known."""
    if refund.state is not RefundState.REQUESTED:
        return order
    event = decision(REFUSED, refund.refund_id, books.clock.now_s(), actor="system",
                     source="timer")
    after = refunding.decide_refund(order, refund.refund_id, event)
    books.orders.save(after)
    return after


wrong("an unknown answer releases the amount", "two timers over one refund",
      rules={(follow_refund, "_postponed"): _gives_up})


def _as_it_is_stored(order: Order, licenses: Any, books: Any, change: Any,
                     **how: Any) -> License:
    stored = licenses.load(order.license_id)
    if stored is None:
        return _change(order, licenses, books, change, **how)
    return project_license.change_stored(stored, licenses, books, change)


_change = project_license.change_license

wrong("a claim believes the license's row alone", "a refund against a license in use",
      rules={(claim_license, "change_license"): _as_it_is_stored})


def _whatever_its_age(license_: License, told: GrantStanding, *, now_s: int,
                      source: str) -> License:
    """The last to speak is right, however old their news."""
    known = next((one for one in license_.standings if one.grant_id == told.grant_id), None)
    if known is None or known == told:
        return set_standing(license_, told, now_s=now_s, source=source)
    bare = tuple(one for one in license_.standings if one is not known)
    return set_standing(replace(license_, standings=bare), told, now_s=now_s, source=source)


wrong("an old standing undoes a newer one", "a refund against a license in use",
      rules={(project_license, "set_standing"): _whatever_its_age})


def _forgets_first(work: Any, looks: Any, books: Any) -> str:
    """The row is gone before its work is done."""
    books.work.remove(work)
    next_at_s = looks[work.kind](work.subject_id)
    if next_at_s is not None:
        books.work.add(work._replace(due_at_s=next_at_s, leased_until_s=0, version=1))
    return "looked"


wrong("the timer forgets what it begins", "two timers over one refund",
      rules={(work_due, "_work_on"): _forgets_first})


def _tells_nobody(books: Any, kind: str, subject_id: str) -> None:
    """No row in the work list: what dies half-way stays so."""


wrong("the timer is not told of a refund", "one refund asked for twice, and the timer",
      rules={(record_payment.Books, "look_later"): _tells_nobody})


def _shrugs(fact: Any, mismatch: Any, books: Any) -> None:
    """Not ours, it seems: WeChat need not send it again."""


wrong("a refund's notify that fits nothing is accepted", "a refund in the provider's console",
      rules={(record_refund, "_record_for_another"): _shrugs})


def _closes_here_alone(order: Order, books: Any, gateway: Any, *, actor: str,
                       source: str) -> Order:
    closed = close(order, books.clock.now_s(), actor=actor, source=source)
    books.orders.save(closed)
    return closed


wrong("a cancelled order stays open at the provider", "the buyer pays, cancels and polls",
      rules={(cancel_order, "close_order"): _closes_here_alone})


def _paid_counts_as_closed(scene: Scene) -> None:
    close = scene.gateway.close

    def close_or_shrug(out_trade_no: str) -> None:
        try:
            close(out_trade_no)
        except AlreadyPaid:
            return

    scene.gateway.close = close_or_shrug  # type: ignore[method-assign]


wrong("a paid order is closed all the same", "the buyer pays, cancels and polls",
      ports=_paid_counts_as_closed)


def _a_key_for_each_try(order_id: str, wanted: RefundRequest, counter: RefundCounter) -> Order:
    """A double click is two requests."""
    orders: Any = counter.books.orders
    moment = sum(order.version for order in orders.all())
    return _request(order_id, replace(wanted, key=f"{wanted.key} {moment}"), counter)


_request = request_refund.request_refund

wrong("every try of a refund is a new one", "one part asked for twice, and the timer",
      rules={(request_refund, "request_refund"): _a_key_for_each_try})


def _applies_again(license_: License, grant: Grant, *, now_s: int, source: str) -> License:
    """Whoever brings a grant has it applied, however often."""
    bare = apply_grant(replace(license_, grants=()), grant, now_s=now_s, source=source)
    return replace(bare, grants=(*license_.grants, grant))


wrong("a grant is applied each time it is brought", "a notify, a poll and two claims",
      rules={(project_license, "apply_grant"): _applies_again})
