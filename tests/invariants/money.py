"""Money: what was paid is owed, booked once, granted once and delivered, or comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.held import HeldState
from shared.domain.license import Standing
from shared.domain.order import OrderState
from shared.domain.refund import RefundOrigin, RefundState
from shared.domain.refunding import reserved_minor
from tests.invariants.ground import must

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.domain.refund import Refund
    from tests.fakes.refunds import MoneyBack
    from tests.invariants.ground import Outside
    from tests.unit.use_cases.world import World


def one_payment_one_grant(world: World, outside: Outside) -> None:
    """I1: each paid order has its one grant, and each license has each of its grants once."""
    seen: set[str] = set()
    for order in world.orders.all():
        told = sum(event.kind == "paid" for event in order.history.events)
        must(told == int(order.payment is not None), "I1", "a payment is told of once")
        must((order.payment is None) == (order.grant is None), "I1", "a payment has a grant")
        if order.payment is not None and order.grant is not None:
            must(order.grant.grant_id == identifiers.grant_id("order", order.order_id), "I1",
                 "an order's grant has the order's name")
            must(order.payment.transaction_id not in seen, "I1", "one payment pays one order")
            seen.add(order.payment.transaction_id)
    for held in world.held.rows():
        must(held.transaction_id not in seen or held.state is HeldState.BOOKED, "I1",
             "a payment is booked or held, not both")
    for license_ in world.licenses.all():
        names = [grant.grant_id for grant in license_.grants]
        must(len(names) == len(set(names)), "I1", "a grant is applied once")
        granted = sum(event.kind == "granted" for event in license_.history.events)
        must(granted == len(names), "I1", "a grant is told of once")


def no_grant_without_payment(world: World, outside: Outside) -> None:
    """I3: behind each paid grant is an order, and a payment in the provider's journal."""
    journal = {(fact.out_trade_no, fact.transaction_id) for fact in outside.payments(world)}
    grants = set()
    for order in world.orders.all():
        if order.payment is not None:
            must((order.out_trade_no, order.payment.transaction_id) in journal, "I3",
                 "booked, and the provider took no such payment")
            grants.add(order.grant)
    for license_ in world.licenses.all():
        for grant in license_.grants:
            must(grant.proof.kind != "payment" or grant in grants, "I3",
                 "a license without a paid order behind it")


def paid_is_owed(world: World, outside: Outside) -> None:
    """I4: amount, currency and payee of a booked payment are the order's, everywhere."""
    journal = {fact.transaction_id: fact for fact in outside.payments(world)}
    for order in world.orders.all():
        if order.payment is not None:
            fact = journal[order.payment.transaction_id]
            must(order.payment.amount == order.price == fact.amount, "I4", "another amount")
            must(fact.payee == order.payee, "I4", "paid to somebody else")


def delivered(world: World, outside: Outside) -> None:
    """I2: each payment with our prefix is booked with its license, or visibly held."""
    orders = {order.out_trade_no: order for order in world.orders.all()}
    held = {one.transaction_id for one in world.held.rows()}
    licenses = {one.license_id: one for one in world.licenses.all()}
    for fact in outside.payments(world):
        if not fact.out_trade_no.startswith(world.shop.prefix):
            continue
        order = orders.get(fact.out_trade_no)
        if order is None or order.payment is None or (
                order.payment.transaction_id != fact.transaction_id):
            must(fact.transaction_id in held, "I2", "paid, and neither booked nor held")
            continue
        assert order.grant is not None
        license_ = licenses.get(order.license_id)
        must(license_ is not None and order.grant in license_.grants, "I2",
             "paid, and the license does not have the grant")


def refunds_within_payment(world: World, outside: Outside) -> None:
    """I8: at the provider and here, refunds never amount to more than the payment."""
    for order in world.orders.all():
        paid = 0 if order.payment is None else order.payment.amount.amount_minor
        # What the seller took in the provider's console was no choice of ours.
        ours = all(one.origin is not RefundOrigin.CONSOLE for one in order.refunds)
        must(reserved_minor(order) <= paid or not ours, "I8", "more is promised than was paid")
    for number, trade in world.gateway.trades.items():
        must(world.refunds.refunded_minor(number) <= trade.amount.amount_minor, "I8",
             "more went back than was paid")


def refunded_is_revoked(world: World, outside: Outside) -> None:
    """I5: what went back as a whole at the provider has no active grant any more."""
    others = {one.provider_request for one in world.held.rows() if one.provider_request}
    for order in world.orders.all():
        back = sum(refund.amount.amount_minor for refund in world.refunds.refunds.values()
                   if refund.out_trade_no == order.out_trade_no
                   and refund.state is RefundState.SUCCEEDED and refund.request not in others)
        if order.payment is None or back < order.payment.amount.amount_minor:
            must(order.state is not OrderState.REFUNDED, "I5", "revoked, and not refunded")
            continue
        must(order.state is OrderState.REFUNDED, "I5", f"refunded, and {order.state.value}")
        for license_ in world.licenses.all():
            if order.grant in license_.grants:
                must(license_.standing_of(order.grant.grant_id) is Standing.REVOKED, "I5",
                     "refunded, and the license is not revoked")


def sent_is_reserved(world: World, outside: Outside) -> None:
    """I8: nothing is asked of the provider that is not reserved in a row before."""
    known = {refund.provider_request for order in world.orders.all() for refund in order.refunds
             if refund.state is not RefundState.AWAITING_APPROVAL}
    known |= {one.provider_request for one in world.held.rows()}
    for back in world.refunds.refunds.values():
        must(not back.request or back.request in known or _was_given_up(back, world), "I8",
             "refunded, and not reserved before")


def _was_given_up(back: MoneyBack, world: World) -> bool:
    """Whether it is an earlier try for a held payment: its row keeps the newest request only."""
    return back.state is RefundState.CLOSED and any(
        held.transaction_id in back.request
        and [event.kind for event in held.history.events].count("refund_requested") > 1
        for held in world.held.rows())


ASKED_FOR = (RefundOrigin.BUYER, RefundOrigin.OPERATOR)


def _was_approved(order: Order, refund: Refund) -> bool:
    return any(event.kind == "refund_approved" and event.data["refund_id"] == refund.refund_id
               for event in order.history.events)


def policy_is_kept(world: World, outside: Outside) -> None:
    """I18: what the buyer agreed to holds at the provider too: unused, and so many per payer."""
    licenses = {one.license_id: one for one in world.licenses.all()}
    given: dict[str, int] = {}
    for order in world.orders.all():
        policy = order.snapshot.refund_policy
        for refund in order.refunds:
            if (policy is None or order.payment is None
                    or refund.out_refund_no not in world.refunds.refunds):
                continue
            is_large = policy.needs_approval(refund.amount.amount_minor)
            must(refund.origin not in ASKED_FOR or not is_large or _was_approved(order, refund),
                 "I18", "above the limit, and nobody approved it")
            if refund.origin is not RefundOrigin.BUYER:
                continue
            license_ = licenses.get(order.license_id)
            # What was closed came to nothing: the license was given back, to be used.
            may_be_used = refund.state is RefundState.CLOSED
            must(not policy.only_if_never_activated or license_ is None or may_be_used
                 or license_.activated_at_s is None, "I18", "used, and refunded for being unused")
            payer = order.payment.payer_hash
            if payer is None:  # forgotten, as the buyer asked, and with it what was counted
                continue
            given[payer] = given.get(payer, 0) + 1
            must(policy.most_per_payer is None or given[payer] <= policy.most_per_payer, "I18",
                 "one payer had more refunds than agreed")


def refunds_are_known(world: World, outside: Outside) -> None:
    """I8: the provider made no refund but those that rows know, and just as they know them."""
    known = {refund.out_refund_no: refund for order in world.orders.all()
             for refund in order.refunds}
    held = [one.provider_request for one in world.held.rows()]
    for number, back in world.refunds.refunds.items():
        ours = known.get(number)
        must(ours is not None or back.request in held or not back.request, "I8",
             "the provider made a refund that no row knows")
        if ours is not None:
            must(ours.amount == back.amount, "I8", "a refund of another amount")
            must(ours.state is back.state, "I8",
                 f"{back.state.value} at the provider, {ours.state.value} here")


def one_refund_per_request(world: World, outside: Outside) -> None:
    """I8: however often a request is sent, it is one refund."""
    for order in world.orders.all():
        asked = [refund for refund in order.refunds if refund.origin is not RefundOrigin.CONSOLE]
        keys = outside.refund_keys.get(order.order_id)
        must(keys is None or len(asked) <= len(keys), "I8", "one request made two refunds")
