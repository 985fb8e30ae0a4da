"""The hash of a payer is kept for a while, goes when it is time, and takes nothing else along."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.due import next_look
from shared.domain.history import Event, verify_chain
from shared.domain.order import KIND, Order
from shared.domain.privacy import KEEP_PAYER_S, forget_payer, payer_goes_at_s
from tests.fakes import samples

UNPAID = samples.instructed(samples.order())
HASH = "5e" * 32
NAMELESS = samples.paid(UNPAID)
PAID_AT_S = samples.NOW_S + 60
DAY_S = 86_400


def known(order: Order = NAMELESS) -> Order:
    """The order with the hash of its payer."""
    assert order.payment is not None
    return replace(order, payment=replace(order.payment, payer_hash=HASH))


def forgotten(order: Order) -> Order:
    return forget_payer(order, now_s=PAID_AT_S + 9, actor="operator:li", source="admin")


def test_a_payer_is_kept_for_longer_than_refunds_are_possible() -> None:
    assert KEEP_PAYER_S == 400 * DAY_S > 365 * DAY_S


def test_a_payer_goes_so_long_after_the_payment_and_only_if_one_is_kept() -> None:
    assert payer_goes_at_s(known(), 7) == PAID_AT_S + 7
    assert payer_goes_at_s(NAMELESS, 7) is None
    assert payer_goes_at_s(UNPAID, 7) is None


def test_who_is_forgotten_leaves_a_payment_that_is_otherwise_the_same() -> None:
    order = forgotten(known())
    assert order.payment == NAMELESS.payment
    assert order.version == known().version + 1
    assert order.history.events[:-1] == known().history.events
    assert order.history.events[-1] == Event(
        "payer_forgotten", PAID_AT_S + 9, "operator:li", "admin")
    assert replace(order, history=known().history, version=known().version,
                   payment=known().payment) == known()
    verify_chain(KIND, order.order_id, order.history.events, order.history.head)
    assert HASH not in repr(order)


def test_where_no_payer_is_known_there_is_nothing_to_forget() -> None:
    for order in (UNPAID, NAMELESS, forgotten(known())):
        assert forgotten(order) is order


def test_a_paid_order_is_looked_at_when_its_payer_is_to_go_and_until_that_is_done() -> None:
    """The look may come late, or fail: then the next one is a second later, and never now."""
    goes_at_s = PAID_AT_S + KEEP_PAYER_S
    assert next_look(known(), PAID_AT_S) == goes_at_s
    assert next_look(known(), goes_at_s - 1) == goes_at_s
    for now_s in (goes_at_s, goes_at_s + 1, goes_at_s + DAY_S):
        assert next_look(known(), now_s) == now_s + 1
    assert next_look(known(), PAID_AT_S, 5) == PAID_AT_S + 5
    assert next_look(forgotten(known()), goes_at_s) is None
