"""Mistakes in giving money back: twice, unreserved, half followed, or with a license left over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.domain import identifiers, refunding
from shared.domain.license import GrantStanding, Standing, set_standing
from shared.domain.refund import RefundFact, RefundState
from shared.errors import Unavailable
from shared.use_cases import (
    decide_refund,
    follow_refund,
    look_at_order,
    project_license,
    record_refund,
    request_refund,
    settle_held,
    watch_complaint,
)
from tests.seeded_bugs.bugs import bug

if TYPE_CHECKING:
    from tests.crash_points.stage import Stage

WHOLE, LOST = "refund: buyer's whole", "refund: its notify lost"
PARTS, ABNORMAL = "refund: two equal parts, then the rest", "refund: abnormal, then it succeeds"
CLOSED = "refund: closed, and asked for again"

_number_of, _draws = identifiers.out_refund_no, iter(range(10**9))
bug("each try of a refund draws a new number", PARTS, "I8",
    {(identifiers, "out_refund_no"): lambda number, key: _number_of(
        number, f"{key}{next(_draws)}")})
bug("refunds are numbered by their amount, not their request", PARTS, "I8",
    {(identifiers, "out_refund_no"): lambda number, key: _number_of(number, "3000")})


def _sent_before_reserved(stage: Stage) -> None:
    """The provider is called as soon as the request is made, before its row."""
    prepare = stage.refunds.prepare

    def hasty(terms: Any) -> str:
        text = prepare(terms)
        stage.refunds.place(text)
        return text
    stage.refunds.prepare = hasty  # type: ignore[method-assign]


bug("the provider is called before the reservation", WHOLE, "I8", spoil=_sent_before_reserved)
bug("nothing is reserved", PARTS, "I8", {
    (request_refund, "refundable"): lambda order: order.payment.amount,
    (refunding, "refundable"): lambda order: order.payment.amount})


def _released(order: Any, refund: Any, error: Any, counter: Any) -> Any:
    """No answer, so the refund did not happen."""
    return follow_refund._refused(order, refund, "no_answer", counter)


def _sent_once(order: Any, refund: Any, counter: Any) -> Any:
    try:
        fact = counter.gateway.place(refund.provider_request)
    except Unavailable as error:
        return _released(order, refund, error, counter)
    return record_refund.record_refund(fact, counter.books, order) or order


bug("the reservation is released on an unknown outcome", WHOLE, "I14",
    {(follow_refund, "_sent"): _sent_once})

WITH = (record_refund, "with_refund")


def _done_when_processing(order: Any, fact: RefundFact, now_s: int) -> Any:
    if fact.state is RefundState.PROCESSING:
        fact = fact._replace(state=RefundState.SUCCEEDED, settled_at_s=now_s)
    return refunding.record_refund(order, fact, now_s)


bug("a refund in process counts as done", CLOSED, "I14", {WITH: _done_when_processing})


def _deaf_for(*states: RefundState) -> Any:
    def record(order: Any, fact: RefundFact, now_s: int) -> Any:
        return order if fact.state in states else refunding.record_refund(order, fact, now_s)
    return record


bug("CLOSED is ignored", CLOSED, "I7", {WITH: _deaf_for(RefundState.CLOSED)})
bug("ABNORMAL is ignored", ABNORMAL, "I7", {WITH: _deaf_for(RefundState.ABNORMAL)})
bug("SUCCEEDED is ignored", WHOLE, "I7", {WITH: _deaf_for(RefundState.SUCCEEDED)})


def _ours_only(order: Any, fact: RefundFact, now_s: int) -> Any:
    known = refunding.find_refund(order, fact.out_refund_no)
    return order if known is None else refunding.record_refund(order, fact, now_s)


bug("a refund made in the console is ignored", "console refund: notified", "I7",
    {WITH: _ours_only})


def _accepted_when_unfit(fact: Any, mismatch: Any, books: Any) -> None:
    """It fits nothing, so it is not ours: accepted, and forgotten."""


bug("a refund that overtakes its payment is forgotten",
    "console refund: its notify overtakes the payment's", "I7",
    {(record_refund, "_record_for_another"): _accepted_when_unfit})
bug("a refund is not looked at again", LOST, "I14",
    {(look_at_order, "next_look"): lambda order, now_s, keep_payer_s: None})
bug("an approval is not followed by a look", "refund: approved", "I14",
    {(decide_refund, "decided"): lambda order, refund_id, event: order})

# What the license is worth.

STANDING = (project_license, "standing_of")
_standing_of = refunding.standing_of


def _any_part_revokes(order: Any) -> Standing:
    return Standing.REVOKED if refunding.refunded_minor(order) else _standing_of(order)


def _only_the_end_counts(order: Any) -> Standing:
    found = _standing_of(order)
    waits = found is Standing.SUSPENDED and not order.holds
    return Standing.ACTIVE if waits else found


def _released_is_active(order: Any) -> Standing:
    """The hold is gone, so the license is free."""
    last = order.history.events[-1].kind
    return Standing.ACTIVE if last == "released" else _standing_of(order)


bug("a part refunded revokes the license", "console refund: a part, found by the bill", "I14",
    {STANDING: _any_part_revokes})
bug("a license is not suspended while its money goes back", WHOLE, "I5",
    {STANDING: _only_the_end_counts})
bug("the end of a hold restores a revoked license", "complaint: refunded while it is open", "I5",
    {STANDING: _released_is_active})
bug("a refunded license is never revoked", WHOLE, "I5",
    {STANDING: lambda order: Standing.ACTIVE})


def _old_word_wins(license_: Any, told: GrantStanding, *, now_s: int, source: str) -> Any:
    """Whoever writes last is right, whatever version of the order they read."""
    known = next((one for one in license_.standings if one.grant_id == told.grant_id), None)
    if known == told:
        return license_
    others = tuple(one for one in license_.standings if one.grant_id != told.grant_id)
    bare = replace(license_, standings=others)
    return set_standing(bare, told, now_s=now_s, source=source)


bug("an old version of the order wins over a newer one",
    "refund: the whole, while the license is fetched", "I6",
    {(project_license, "set_standing"): _old_word_wins})

# What was agreed.

bug("use is looked at before the reservation only",
    "refund: asked for while the license is fetched", "I18",
    {(follow_refund, "_was_used_meanwhile"): lambda order, refund, license_: False})
bug("refunds per payer are not counted", "refund: one per payer", "I18",
    {(request_refund, "_note_payer"): lambda order, refund, wanted, counter: None,
     (request_refund, "find_objection"): lambda order, amount, circumstances: None})
bug("a refund above the limit needs nobody", "refund: nobody decides", "I18",
    {(request_refund, "RefundState"): type("Requested", (), {
        "REQUESTED": RefundState.REQUESTED, "AWAITING_APPROVAL": RefundState.REQUESTED})})

# Held payments and complaints.

_held_request = settle_held._follow


def _held_anew(held: Any, desk: Any) -> Any:
    """Each look asks for the refund under a number of its own."""
    number = f'"{next(_draws)}'
    text = held.provider_request.replace('"out_refund_no": "', f'"out_refund_no": {number}')
    return _held_request(replace(held, provider_request=text), desk)


bug("each look refunds a held payment anew", "held: its refund's notify lost", "I8",
    {(settle_held, "_follow"): _held_anew})
bug("a complaint's hold is never released", "complaint: notified, answered, completed", "I14",
    {(watch_complaint, "release_order"): lambda *args, **who: None})
bug("a complaint holds nothing back", "complaint: notified, answered, completed", "I14",
    {(watch_complaint, "hold_order"): lambda *args, **who: None})
bug("an answered complaint is not watched any more", "complaint: nobody answers", "I14",
    {(watch_complaint, "_remind"): lambda complaint, room: None})
